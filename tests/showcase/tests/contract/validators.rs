//! Remembered tags: a 304 for a page or a file runs no handler.

use http_body_util::{BodyExt, Full};
use hyper::{Request, StatusCode, header};

use crate::support::{BOTH, Http, Server};

const REMEMBERED: [&str; 2] = ["/pages/home", "/files/1k.json"];

/// The headers that a 304 has if the 200 has them (RFC 9110, section 15.4.5), and those of layers
/// outside.
const OF_THE_200: [&str; 6] = [
    "cache-control",
    "content-location",
    "content-security-policy",
    "etag",
    "expires",
    "vary",
];

impl Server {
    /// Returns the number of runs of the handler that reads this path.
    async fn reads(&self, path: &str) -> u64 {
        let (folder, _) = path[1..].split_once('/').unwrap();
        let runs = &self.runs().await[format!("GET /{folder}/{{name}}")];
        runs.as_u64().unwrap_or_default()
    }

    /// Reads with a tag. Returns the status, and `true` if the handler ran.
    async fn ask(&self, http: Http, path: &str, fields: &[(&str, &str)]) -> (u16, bool) {
        let before = self.reads(path).await;
        let reply = self.get(http, path, fields).await;
        (reply.status.as_u16(), self.reads(path).await > before)
    }

    /// Reads the path until its tag is remembered. Returns the tag.
    async fn remember(&self, http: Http, path: &str) -> String {
        let tag = self.get(http, path, &[]).await.tag().to_owned();
        let known = [("if-none-match", &*tag)];
        assert_eq!(self.ask(http, path, &known).await, (304, false), "{path}");
        tag
    }

    async fn forget(&self, path: &str, fields: &[(&str, &str)]) -> StatusCode {
        self.send(Http::One, "DELETE", path, fields, "")
            .await
            .status
    }
}

/// P-VC-intent, R-9110-15.4.5-a: no handler runs for a remembered tag. The 304 has the headers of
/// the 200.
#[tokio::test]
async fn a_remembered_tag_is_a_304_without_a_handler() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        for path in REMEMBERED {
            let full = notes.get(http, path, &[]).await;
            let before = notes.runs().await;
            let known = [("if-none-match", full.tag())];
            for method in ["GET", "HEAD"] {
                let same = notes.send(http, method, path, &known, "").await;
                assert_eq!(same.status, 304, "{method} {path}");
                for name in OF_THE_200 {
                    assert_eq!(same.field(name), full.field(name), "{method} {path} {name}");
                }
            }
            assert_eq!(notes.runs().await, before, "{path}");
            let other = [("if-none-match", "\"other\"")];
            assert_eq!(notes.ask(http, path, &other).await, (200, true), "{path}");
        }
    }
}

/// P-VC-intent: the next read on another connection has the new tag.
#[tokio::test]
async fn a_write_is_seen_at_once() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        let mut old = notes.remember(http, "/pages/home").await;
        for round in 0..500 {
            let text = format!("{http:?} {round}");
            let written = notes.send(http, "PUT", "/pages/home", &[], &text).await;
            assert_eq!(written.status, 204);
            // This read fills the entry that the next write forgets.
            let known = [("if-none-match", &*old)];
            let new = notes.get(http, "/pages/home", &known).await;
            assert_eq!((new.status.as_u16(), &*new.body), (200, text.as_bytes()));
            assert_eq!(new.tag(), written.tag());
            old = new.tag().to_owned();
        }
        let known = [("if-none-match", &*old)];
        let asked = notes.ask(http, "/pages/home", &known).await;
        assert_eq!(asked, (304, false));
    }
}

/// P-VC-scope: a write forgets its page under each query, spelling and version of HTTP, and no
/// other page.
#[tokio::test]
async fn a_write_forgets_one_page() {
    let notes = Server::showcase(&[]).await;
    for written in ["/pages/home", "/pages/h%6fme", "/pages/home?x"] {
        let mut tags = Vec::new();
        for http in BOTH {
            for read in ["/pages/home", "/pages/home?x=1", "/pages/%68ome"] {
                tags.push((http, read, notes.remember(http, read).await));
            }
        }
        // Right before and after the write, since a tag is remembered for a minute.
        let about = notes.remember(Http::One, "/pages/about").await;
        let file = notes.remember(Http::One, "/files/1k.json").await;
        notes.send(Http::One, "PUT", written, &[], written).await;
        for (path, tag) in [("/pages/about", about), ("/files/1k.json", file)] {
            let known = [("if-none-match", &*tag)];
            assert_eq!(notes.ask(Http::One, path, &known).await, (304, false));
        }
        for (http, read, old) in tags {
            let known = [("if-none-match", &*old)];
            assert_eq!(notes.ask(http, read, &known).await, (200, true), "{read}");
        }
    }
}

/// R-9111-4.3.2-a: another process writes the page, which the cache in memory does not know. A
/// condition that protects a write is still decided by the page itself.
#[tokio::test]
async fn if_match_is_never_decided_from_the_cache() {
    let file = std::env::temp_dir().join(format!("showcase-{}.db", std::process::id()));
    let database = ["--database", file.to_str().unwrap()];
    let (notes, other) = (
        Server::showcase(&database).await,
        Server::showcase(&database).await,
    );
    let old = notes.remember(Http::One, "/pages/home").await;
    let current = [("if-match", &*old)];
    assert_eq!(
        notes.ask(Http::One, "/pages/home", &current).await,
        (200, true)
    );
    let written = other
        .send(Http::One, "PUT", "/pages/home", &[], "other")
        .await;
    let known = [("if-none-match", &*old)];
    // This is what the guarantee of one process leaves open.
    assert_eq!(
        notes.ask(Http::One, "/pages/home", &known).await,
        (304, false)
    );
    let refused = notes.get(Http::One, "/pages/home", &current).await;
    assert_eq!(refused.status, 412);
    let refused = notes
        .send(Http::One, "PUT", "/pages/home", &current, "lost")
        .await;
    assert_eq!(refused.status, 412);
    assert_eq!(refused.tag(), written.tag());
    assert_eq!(refused.body, "other");
    let _ = std::fs::remove_file(file);
}

/// R-9111-4-a: two hosts and two queries have two entries.
#[tokio::test]
async fn hosts_and_queries_do_not_mix() {
    let notes = Server::showcase(&[]).await;
    let tag = notes.remember(Http::One, "/pages/home").await;
    let asked = async |host: &str, path: &str| {
        let before = notes.reads("/pages/home").await;
        let request = Request::get(path).header(header::HOST, host);
        let request = request.header(header::IF_NONE_MATCH, &tag);
        let request = request.body(Full::default()).unwrap();
        let response = notes.exchange(Http::One, request).await.unwrap();
        let status = response.status().as_u16();
        response.into_body().collect().await.unwrap();
        (status, notes.reads("/pages/home").await > before)
    };
    for (host, path) in [
        ("one.example", "/pages/home"),
        ("two.example", "/pages/home"),
        (&*notes.address, "/pages/home?one"),
        (&*notes.address, "/pages/home?two"),
    ] {
        assert_eq!(asked(host, path).await, (304, true), "{host} {path}");
        assert_eq!(asked(host, path).await, (304, false), "{host} {path}");
    }
}

/// R-9111-5.2.1-a, R-9111-5.2.1.5-a: requests that ask the handler, and those whose responses are for one caller.
#[tokio::test]
async fn some_requests_pass_by_the_cache() {
    let notes = Server::showcase(&[]).await;
    for path in REMEMBERED {
        let tag = notes.remember(Http::One, path).await;
        let known = ("if-none-match", &*tag);
        for field in [
            ("cache-control", "no-cache"),
            ("cache-control", "max-age=0"),
            ("cache-control", "no-store"),
            ("authorization", "Bearer ada"),
            ("cookie", "user=ada"),
        ] {
            for _ in 0..2 {
                let asked = notes.ask(Http::One, path, &[known, field]).await;
                assert_eq!(asked, (304, true), "{path} {field:?}");
            }
        }
        assert_eq!(notes.ask(Http::One, path, &[known]).await, (304, false));
    }
}

#[tokio::test]
async fn only_the_operator_forgets() {
    let notes = Server::showcase(&[]).await;
    let tag = notes.remember(Http::One, "/pages/home").await;
    for path in ["/$etags-cache", "/notes/$etags-cache", "/any/$etags-cache"] {
        for (credentials, status) in [
            (None, 401),
            (Some("Basic YWRtaW4="), 401),
            (Some("Bearer ada"), 403),
            (Some("Bearer Admin"), 403),
        ] {
            let fields = credentials.map(|value| ("authorization", value));
            let refused = notes
                .send(Http::One, "DELETE", path, fields.as_slice(), "")
                .await;
            assert_eq!(refused.status, status, "{path} {credentials:?}");
            assert_eq!(refused.json()["status"], status);
            assert_eq!(refused.field("www-authenticate").is_some(), status == 401);
        }
        let admin = [("authorization", "Bearer admin")];
        let read = notes.get(Http::One, path, &admin).await;
        assert_eq!(
            (read.status.as_u16(), read.field("allow")),
            (405, Some("DELETE"))
        );
    }
    let known = [("if-none-match", &*tag)];
    let asked = notes.ask(Http::One, "/pages/home", &known).await;
    assert_eq!(asked, (304, false));
}

#[tokio::test]
async fn the_operator_forgets_all_or_a_group() {
    let notes = Server::showcase(&[]).await;
    let admin = [("authorization", "Bearer admin")];
    let paths = ["/pages/home", "/pages/about", "/files/1k.json"];
    for (operator, forgotten) in [
        ("/$etags-cache", &paths[..]),
        ("/pages/$etags-cache", &paths[..2]),
        ("/page-home/$etags-cache", &paths[..1]),
        ("/files/$etags-cache", &paths[2..]),
        // The tags of notes are versions of the database, so there is nothing to forget.
        ("/notes/$etags-cache", &[]),
        ("/nothing/$etags-cache", &[]),
    ] {
        let mut tags = Vec::new();
        for path in paths {
            tags.push((path, notes.remember(Http::One, path).await));
        }
        assert_eq!(notes.forget(operator, &admin).await, 204, "{operator}");
        for (path, tag) in tags {
            let known = [("if-none-match", &*tag)];
            let asked = notes.ask(Http::One, path, &known).await;
            assert_eq!(asked, (304, forgotten.contains(&path)), "{operator} {path}");
        }
    }
}

#[tokio::test]
async fn validators_can_be_switched_off() {
    let notes = Server::showcase(&["--validators", "none"]).await;
    for path in REMEMBERED {
        let tag = notes.get(Http::One, path, &[]).await.tag().to_owned();
        for _ in 0..2 {
            let known = [("if-none-match", &*tag)];
            assert_eq!(notes.ask(Http::One, path, &known).await, (304, true));
        }
    }
    let admin = [("authorization", "Bearer admin")];
    assert_eq!(notes.forget("/$etags-cache", &admin).await, 204);
}
