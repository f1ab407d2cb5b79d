//! Cache tags and invalidations in headers (RFC 9875).

use serde_json::json;

use crate::support::{BOTH, Http, Reply, Server};

const GROUPS: &str = "cache-groups";
const INVALIDATION: &str = "cache-group-invalidation";

/// Returns the members of a list of strings, whose characters need no escape here.
fn strings(reply: &Reply, name: &str) -> Vec<String> {
    let Some(line) = reply.field(name) else {
        return Vec::new();
    };
    let inner = |member: &str| {
        let string = member.strip_prefix('"')?.strip_suffix('"')?;
        (!string.contains(['"', '\\'])).then(|| string.to_owned())
    };
    let members = line.split(", ").map(inner);
    members.collect::<Option<_>>().expect("a list of strings")
}

/// R-9875-2-a: the response to a read has its tags, as a list of strings, and invalidates nothing.
#[tokio::test]
async fn responses_to_reads_have_tags() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        for (path, tags) in [
            ("/notes", &["notes"][..]),
            ("/notes?title=x", &["notes"]),
            ("/notes/7", &["note-7"]),
            ("/notes/007", &["note-7"]),
            ("/notes/4711", &["note-4711"]),
            ("/pages/home", &["page-home", "pages"]),
            ("/pages/h%6fme", &["page-home", "pages"]),
            ("/notes/none", &[]),
            ("/state", &[]),
            ("/files/1k.json", &[]),
            ("/", &[]),
            ("/assets/page.css", &[]),
            ("/metrics", &[]),
        ] {
            for method in ["GET", "HEAD"] {
                let reply = notes.send(http, method, path, &[], "").await;
                assert_eq!(strings(&reply, GROUPS), tags, "{method} {path}");
                let key = (!tags.is_empty()).then(|| tags.join(" "));
                assert_eq!(reply.field("xkey"), key.as_deref(), "{method} {path}");
                assert_eq!(reply.field(INVALIDATION), None, "{method} {path}");
            }
        }
    }
}

/// Issue 10, B.3: a name of more than 32 characters once had no tags. It is one group, for reads
/// and writes, and `xkey` has it unchanged.
#[tokio::test]
async fn a_long_name_has_a_tag_in_every_field() {
    let notes = Server::showcase(&[]).await;
    let page = "/pages/a-name-that-is-longer-than-a-group";
    let read = notes.get(Http::One, page, &[]).await;
    let key = "page-a-name-that-is-longer-than-a-group";
    assert_eq!(read.field("xkey"), Some(&*format!("{key} pages")));
    let groups = strings(&read, GROUPS);
    assert!(groups.len() == 2 && groups[0].len() == 32, "{groups:?}");
    let written = notes.send(Http::One, "PUT", page, &[], "hello").await;
    assert!(written.status.is_success());
    assert_eq!(strings(&written, INVALIDATION), groups[..1]);

    // A text that is not a valid tag in some header has its digest in all of them.
    let read = notes.get(Http::One, "/pages/a%20b", &[]).await;
    let groups = strings(&read, GROUPS);
    assert_eq!(read.field("xkey"), Some(&*groups.join(" ")));
}

/// A 304 has no tags, so the stored response keeps its own.
#[tokio::test]
async fn a_304_has_no_tags() {
    let notes = Server::showcase(&[]).await;
    for path in ["/notes", "/notes/1", "/pages/home"] {
        let full = notes.get(Http::One, path, &[]).await;
        let known = ("if-none-match", full.tag());
        let same = notes.get(Http::One, path, &[known]).await;
        assert_eq!(same.status, 304);
        for field in [GROUPS, "xkey", INVALIDATION] {
            assert_eq!(same.field(field), None, "{path} {field}");
        }
    }
}

/// R-9875-2-a: the response to a performed write names the stale groups.
#[tokio::test]
async fn a_write_invalidates() {
    let notes = Server::showcase(&[]).await;
    let draft = json!({ "title": "new" });
    for http in BOTH {
        let created = notes.write(http, "POST", "/notes", &[], &draft).await;
        assert_eq!(created.status, 201);
        assert_eq!(strings(&created, INVALIDATION), ["notes"]);

        let path = created.field("location").unwrap();
        let tags = ["notes".to_owned(), path.replace("/notes/", "note-")];
        let mut known = created.tag().to_owned();
        for method in ["PUT", "PATCH", "DELETE"] {
            let condition = [("if-match", &*known)];
            let written = notes.write(http, method, path, &condition, &draft).await;
            assert!(written.status.is_success(), "{method}");
            assert_eq!(strings(&written, INVALIDATION), tags, "{method}");
            assert_eq!(written.field(GROUPS), None);
            if let Some(tag) = written.field("etag") {
                known = tag.to_owned();
            }
        }

        let page = notes.send(http, "PUT", "/pages/home", &[], "hello").await;
        assert_eq!(strings(&page, INVALIDATION), ["page-home"]);
    }
}

/// A write that was not performed invalidates nothing: 404, 405, 412 and 428.
#[tokio::test]
async fn a_refused_write_invalidates_nothing() {
    let notes = Server::showcase(&[]).await;
    let draft = json!({ "title": "new" });
    let old = ("if-match", "\"old\"");
    for (method, path, fields, status) in [
        ("PUT", "/notes/1", &[][..], 428),
        ("PUT", "/notes/1", &[old], 412),
        ("DELETE", "/notes/1", &[old], 412),
        ("PATCH", "/notes/4711", &[old], 404),
        ("DELETE", "/notes", &[], 405),
        ("PUT", "/pages/home", &[old], 412),
        ("POST", "/notes", &[old], 412),
    ] {
        for http in BOTH {
            let reply = notes.write(http, method, path, fields, &draft).await;
            assert_eq!(reply.status, status, "{method} {path}");
            for field in [GROUPS, "xkey", INVALIDATION] {
                assert_eq!(reply.field(field), None, "{method} {path} {field}");
            }
        }
    }
}
