//! The headers that 200, 304 and HEAD have in common, compressed or not.

use crate::support::{BOTH, Server};

const CODINGS: [Option<&str>; 3] = [None, Some("gzip"), Some("br")];

fn accepting(coding: Option<&str>) -> Vec<(&str, &str)> {
    coding
        .map(|coding| ("accept-encoding", coding))
        .into_iter()
        .collect()
}

/// R-9110-8.8.1-c, R-9110-8.8.3-c, R-9110-13.1.2-e: each coding has its own strong tag, `"x"`,
/// `"x-gzip"` and `"x-br"`. A client that accepts the coding gets a 304 for it.
#[tokio::test]
async fn each_coding_has_a_strong_tag() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        for path in ["/", "/notes", "/notes/1"] {
            let plain = notes.get(http, path, &[]).await;
            let version = plain.tag().strip_suffix('"').unwrap();
            for coding in CODINGS {
                let full = notes.get(http, path, &accepting(coding)).await;
                assert_eq!(full.field("content-encoding"), coding, "{path}");
                assert_eq!(full.field("vary"), Some("accept-encoding"), "{path}");
                let suffix = coding.map(|coding| format!("-{coding}"));
                let tag = format!("{version}{}\"", suffix.unwrap_or_default());
                assert_eq!(full.tag(), tag, "{path}");
                if coding == Some("gzip") {
                    assert!(full.body.starts_with(&[0x1f, 0x8b]));
                }

                for asked in CODINGS {
                    let fields = [accepting(asked), vec![("if-none-match", full.tag())]].concat();
                    let reply = notes.get(http, path, &fields).await;
                    // Content without coding may be selected for every client.
                    let good = coding.is_none() || asked == coding;
                    let status = if good { 304 } else { 200 };
                    assert_eq!(reply.status, status, "{path} {coding:?} {asked:?}");
                    assert_eq!(reply.tag() == full.tag(), good);
                }
            }
        }
    }
}

/// R-9110-15.4.5-a, R-9110-15.4.5-b: a 304 keeps the headers that a cache needs and has no metadata
/// of the content.
#[tokio::test]
async fn a_304_keeps_the_policy() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        for (path, policy) in [
            ("/", "no-cache"),
            ("/notes", "max-age=1, stale-while-revalidate=30"),
            ("/notes/1", "no-cache"),
            ("/pages/home", "max-age=60"),
            ("/files/1k.json", "max-age=600"),
            ("/files/4m.bin", "max-age=600"),
        ] {
            for coding in CODINGS {
                let mut fields = accepting(coding);
                let full = notes.get(http, path, &fields).await;
                assert_eq!(full.field("cache-control"), Some(policy), "{path}");

                fields.push(("if-none-match", full.tag()));
                let reply = notes.get(http, path, &fields).await;
                assert_eq!(reply.status, 304, "{path} {coding:?}");
                for kept in ["cache-control", "vary", "etag", "content-security-policy"] {
                    assert_eq!(reply.field(kept), full.field(kept), "{path} {kept}");
                }
                assert!(reply.field("date").is_some());
                for dropped in ["content-type", "content-encoding", "last-modified"] {
                    assert_eq!(reply.field(dropped), None, "{path} {dropped}");
                }
            }
        }
    }
}

/// R-9110-8.6-a: a 304 or a HEAD has the length of the GET or none, never 0.
#[tokio::test]
async fn lengths_are_those_of_the_content() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        for path in [
            "/",
            "/notes",
            "/notes/1",
            "/pages/home",
            "/comma",
            "/files/1m.bin",
            "/files/4m.bin",
        ] {
            for coding in CODINGS {
                let mut fields = accepting(coding);
                let full = notes.get(http, path, &fields).await;
                let length = full.body.len().to_string();
                let head = notes.send(http, "HEAD", path, &fields, "").await;
                assert_eq!(head.field("content-length"), full.field("content-length"));
                assert_eq!(
                    head.field("content-encoding"),
                    full.field("content-encoding")
                );

                fields.push(("if-none-match", full.tag()));
                for method in ["GET", "HEAD"] {
                    let reply = notes.send(http, method, path, &fields, "").await;
                    assert_eq!(reply.status, 304);
                    if let Some(stated) = reply.field("content-length") {
                        assert_eq!(stated, length, "{http:?} {method} {path} {coding:?}");
                    }
                }
            }
        }
    }
}

/// R-9110-8.8.3.1-a: a response with a tag keeps its date.
#[tokio::test]
async fn a_note_has_both_validators() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        let reply = notes.get(http, "/notes/1", &[]).await;
        assert!(reply.field("etag").is_some());
        assert!(reply.field("last-modified").is_some());
    }
}
