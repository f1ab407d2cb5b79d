//! An audit of the showcase, from outside.
use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Bytes, header::HOST};
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{Audit, AuditLayer};

use crate::support::{BOTH, Http, Reply, Server, in_time};

const READS: [&str; 18] = [
    "/",
    "/notes",
    "/notes/1",
    "/notes/2",
    "/notes/4711",
    "/pages/home",
    "/pages/about",
    "/pages/none",
    "/files/1k.json",
    "/files/64k.json",
    "/files/4m.bin",
    "/comma",
    "/stream?n=3&ms=0",
    "/state",
    "/stats",
    "/metrics",
    "/assets/page.css",
    "/none",
];

/// A client with an audit between itself and the service.
struct Audited<'a> {
    notes: &'a Server,
    audit: &'a Audit,
    http: Http,
}

impl Audited<'_> {
    async fn send(&self, method: &str, path: &str, fields: &[(&str, &str)], body: &str) -> Reply {
        let uri = match self.http {
            Http::One => path.to_owned(),
            Http::Two => format!("http://{}{path}", self.notes.address),
        };
        let mut request = Request::builder().method(method).uri(uri);
        if matches!(self.http, Http::One) {
            request = request.header(HOST, &self.notes.address);
        }
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::<Bytes>::from(body.to_owned())).unwrap();
        let wire = service_fn(|request| async { self.notes.exchange(self.http, request).await });
        let service = AuditLayer::new(self.audit.clone()).layer(wire);
        let response = in_time(service.oneshot(request)).await.unwrap();
        let (parts, body) = response.into_parts();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: in_time(body.collect()).await.unwrap().to_bytes(),
        }
    }

    /// Reads with each coding, with credentials, again with the tag, and a range.
    async fn read(&self, path: &str) {
        let codings: [&[(&str, &str)]; 4] = [
            &[],
            &[("accept-encoding", "gzip")],
            &[("accept-encoding", "br")],
            &[
                ("authorization", "Bearer ada"),
                ("accept-encoding", "gzip, br"),
            ],
        ];
        for fields in codings {
            let full = self.send("GET", path, fields, "").await;
            self.send("HEAD", path, fields, "").await;
            let tags = [full.field("etag"), Some("\"another\""), Some("*")];
            for tag in tags.into_iter().flatten() {
                let conditional = [fields, &[("if-none-match", tag)]].concat();
                self.send("GET", path, &conditional, "").await;
                let strict = [fields, &[("if-match", tag)]].concat();
                self.send("GET", path, &strict, "").await;
            }
            let part = [fields, &[("range", "bytes=0-9")]].concat();
            self.send("GET", path, &part, "").await;
        }
    }

    async fn write(&self, method: &str, path: &str, body: &str) {
        let json = ("content-type", "application/json");
        let tag = self.send("GET", path, &[], "").await;
        let tag = tag.field("etag").unwrap_or("*").to_owned();
        for condition in [
            &[json][..],
            &[json, ("if-match", "\"stale\"")],
            &[json, ("if-match", &tag)],
        ] {
            self.send(method, path, condition, body).await;
        }
    }
}

/// The audit finds nothing in any request, between writes and after them.
#[tokio::test]
async fn the_showcase_is_clean() {
    let notes = Server::showcase(&[]).await;
    let audit = Audit::new();
    for http in BOTH {
        let client = Audited {
            notes: &notes,
            audit: &audit,
            http,
        };
        let me = [("authorization", "Bearer ada-lovelace")];
        for _ in 0..2 {
            for path in READS {
                client.read(path).await;
            }
            client.send("GET", "/private/me", &me, "").await;
            client.send("GET", "/private/me", &[], "").await;
            client
                .write("PUT", "/notes/1", r#"{"title":"a","text":"b"}"#)
                .await;
            client.write("PATCH", "/notes/2", r#"{"title":"c"}"#).await;
            client.write("PUT", "/pages/home", "hello").await;
            client.write("POST", "/notes", r#"{"title":"new"}"#).await;
            client.write("DELETE", "/notes/3", "").await;
            client.send("OPTIONS", "/notes/1", &[], "").await;
        }
    }
    let findings = audit.findings();
    assert!(findings.is_empty(), "{findings:#?}");
}

/// The audit works: two instances that share nothing have different tags.
#[tokio::test]
async fn two_databases_have_different_tags() {
    let audit = Audit::new();
    for name in ["one", "other"] {
        let notes = Server::showcase(&[]).await;
        let wire = service_fn(|request| async { notes.exchange(Http::One, request).await });
        let service = AuditLayer::new(audit.clone()).instance(name).layer(wire);
        let request = Request::get("/notes/1").header(HOST, "notes.example");
        let request = request.body(Full::<Bytes>::default()).unwrap();
        let response = in_time(service.oneshot(request)).await.unwrap();
        in_time(response.into_body().collect()).await.unwrap();
    }
    let codes: Vec<_> = audit
        .findings()
        .iter()
        .map(|found| found.code().as_str())
        .collect();
    assert_eq!(codes, ["per-process-tag"]);
}
