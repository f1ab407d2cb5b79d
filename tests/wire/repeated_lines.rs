//! Lines of one header stay separate and in order, on the 304 too.

use axum::{Router, response::AppendHeaders, routing::get};

use crate::support::{H1, H2, Reply, placements};

const LINES: [(&str, &str); 11] = [
    ("set-cookie", "a=1; Path=/"),
    ("set-cookie", "b=2, with a comma"),
    ("vary", "accept"),
    ("vary", "accept-language, origin"),
    ("cache-control", "max-age=5"),
    ("cache-control", "private"),
    ("content-location", "/notes.en"),
    ("expires", "Thu, 01 Jan 2026 00:00:00 GMT"),
    ("access-control-allow-origin", "https://example.com"),
    ("x-request-id", "7"),
    ("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT"),
];

/// The headers that a 304 does not repeat: the metadata of the content, and a date beside a tag.
const NOT_ON_304: [&str; 4] = [
    "content-type",
    "content-language",
    "repr-digest",
    "last-modified",
];

/// R-9110-5.3-a, R-9110-15.4.5-a, R-9110-15.4.5-b, R-9110-15.4.5-c,
/// R-9110-15.4.5-e, R-9110-8.8.3.1-a
#[tokio::test]
async fn lines_stay_separate_on_200_and_304() {
    for (placement, server) in placements(router()).await {
        let mut h1 = H1::connect(&server).await;
        let mut h2 = H2::connect(&server).await;
        let full = h1.request("GET", "/", &[]).await;
        let condition = format!("if-none-match: {}", full.tag());
        for reply in [&full, &h2.request("GET", "/", &[]).await] {
            assert_lines(reply, &[]);
            assert!(
                NOT_ON_304
                    .iter()
                    .all(|name| reply.headers.contains_key(*name))
            );
        }
        for reply in [
            h1.request("GET", "/", &[&condition]).await,
            h2.request("GET", "/", &[&condition]).await,
        ] {
            assert_eq!(
                (reply.status, reply.tag()),
                (304, full.tag()),
                "{placement}"
            );
            assert!(reply.field("date").is_some());
            assert_lines(&reply, &NOT_ON_304);
        }
    }
}

#[track_caller]
fn assert_lines(reply: &Reply, without: &[&str]) {
    for (name, _) in LINES {
        let expected: Vec<_> = LINES
            .iter()
            .filter(|line| line.0 == name && !without.contains(&name))
            .map(|line| line.1)
            .collect();
        assert_eq!(reply.lines(name), expected, "{name} on {}", reply.status);
    }
    for name in without {
        assert_eq!(reply.headers.get(*name), None, "{name} on {}", reply.status);
    }
}

fn router() -> Router {
    let described = [
        ("content-language", "en"),
        ("repr-digest", "sha-256=:AAAA:"),
    ];
    let handler = move || async move { (AppendHeaders(LINES), described, "hello") };
    Router::new().route("/", get(handler))
}
