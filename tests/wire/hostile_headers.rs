//! Header values that no correct client sends (R-9110-13.1.2-d, R-9110-5.6.1.2-a): the response is
//! documented, and the connection stays usable.

use axum::{Router, routing::get};

use crate::support::{H1, H2, in_time, placements};

/// The name of the case, the value, in which `%` is the current tag, and the status.
type Case = (&'static str, fn() -> String, u16);

const CASES: [Case; 9] = [
    ("64 KiB of commas", || ",".repeat(65_536), 200),
    ("commas, then the tag", || ",".repeat(65_536) + "%", 304),
    ("64 KiB of quotes", || "\"".repeat(65_536), 200),
    (
        "64 KiB without a closing quote",
        || "\"".to_owned() + &"x".repeat(65_536),
        200,
    ),
    ("10,000 other tags", || "W/\"x\",".repeat(10_000), 200),
    (
        "10,000 other tags, then the tag",
        || "W/\"x\",".repeat(10_000) + "%",
        304,
    ),
    ("a star in a list", || "*, \"x\"".to_owned(), 200),
    (
        "an unquoted tag, then the tag",
        || "x y z, %".to_owned(),
        304,
    ),
    ("lower-case w/", || "w/%".to_owned(), 200),
];

fn router() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

/// R-9110-13.1.2-d
#[tokio::test]
async fn if_none_match_gets_the_documented_answer() {
    for (placement, server) in placements(router()).await {
        let mut h1 = H1::connect(&server).await;
        let mut h2 = H2::connect(&server).await;
        let tag = h1.request("GET", "/", &[]).await.tag().to_owned();
        for (case, value, status) in CASES {
            let field = format!("if-none-match: {}", value().replace('%', &tag));
            let over_h1 = in_time(h1.request("GET", "/", &[&field])).await;
            let over_h2 = in_time(h2.request("GET", "/", &[&field])).await;
            assert_eq!(over_h1.status, status, "{placement} {case}");
            assert_eq!(over_h2.status, status, "{placement} {case} over HTTP/2");
        }
        assert_eq!(h1.request("GET", "/", &[]).await.body, b"hello");
        assert_eq!(h2.request("GET", "/", &[]).await.body, b"hello");
    }
}

/// R-9110-13.1.2-d: an `If-Match` that cannot match is false.
#[tokio::test]
async fn an_if_match_without_a_valid_tag_is_false() {
    for (placement, server) in placements(router()).await {
        let mut h1 = H1::connect(&server).await;
        for value in [",".repeat(65_536), "\"".repeat(65_536), "x".repeat(65_536)] {
            let reply = h1
                .request("GET", "/", &[&format!("if-match: {value}")])
                .await;
            assert_eq!(reply.status, 412, "{placement}");
        }
        assert_eq!(h1.request("GET", "/", &[]).await.body, b"hello");
    }
}

/// R-9110-13.1.2-d, R-9110-5.6.1.2-a: bytes above 0x7F, in tags and outside, and then the tag on
/// its own line.
#[tokio::test]
async fn obs_text_is_bytes() {
    for (placement, server) in placements(router()).await {
        let mut h1 = H1::connect(&server).await;
        let tag = h1.request("GET", "/", &[]).await.tag().to_owned();
        let request = |last: &str| {
            let mut bytes = b"GET / HTTP/1.1\r\nhost: test\r\nif-none-match: \xff\xfe".to_vec();
            bytes.extend(b"\r\nif-none-match: \"\xe9\", W/\"\x80\",\t\r\n");
            bytes.extend(last.as_bytes());
            bytes.extend(b"\r\n");
            bytes
        };
        h1.write(&request("")).await;
        assert_eq!(h1.reply("GET").await.unwrap().status, 200, "{placement}");
        h1.write(&request(&format!("if-none-match: {tag}\r\n")))
            .await;
        assert_eq!(h1.reply("GET").await.unwrap().status, 304, "{placement}");
        assert_eq!(h1.request("GET", "/", &[]).await.body, b"hello");
    }
}

/// R-9110-13.1.2-d: `hyper` does not accept thousands of lines. The layer reads as many as it
/// accepts.
#[tokio::test]
async fn every_accepted_line_is_read() {
    for (placement, server) in placements(router()).await {
        let mut h2 = H2::connect(&server).await;
        let tag = h2.request("GET", "/", &[]).await.tag().to_owned();
        let mut fields = vec!["if-none-match: \"x\"".to_owned(); 2000];
        fields.push(format!("if-none-match: {tag}"));
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let reply = in_time(h2.request("GET", "/", &fields)).await;
        assert_eq!(reply.status, 304, "{placement}");
        assert_eq!(h2.request("GET", "/", &[]).await.status, 200);
    }
}
