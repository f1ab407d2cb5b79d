use http::{
    Method, StatusCode,
    header::{
        ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
        ETAG, IF_RANGE, RANGE,
    },
};
use http_body::Body;

use super::{ask, assets, content, get};
use crate::{Assets, test_support::multipart};

fn digits() -> (Assets, String) {
    let assets = assets().file("digits.txt", "0123456789".repeat(100));
    let assets = assets.expect("a name");
    let url = assets.url("digits.txt").expect("there").to_owned();
    (assets, url)
}

/// R-9110-14.2-a, R-9110-14.2-c, R-9110-15.3.7.1-a.
#[tokio::test]
async fn a_range_is_cut_from_the_file() {
    let (assets, url) = digits();
    let whole = get(&assets, &url).await;
    assert_eq!(whole.headers()[ACCEPT_RANGES], "bytes");
    for (range, content_range, text) in [
        ("bytes=3-6", "bytes 3-6/1000", "3456"),
        ("bytes=998-", "bytes 998-999/1000", "89"),
        ("bytes=-1", "bytes 999-999/1000", "9"),
        ("bytes=0-0,2-2", "bytes 0-2/1000", "012"),
    ] {
        let part = ask(&assets, Method::GET, &url, &[(RANGE, range)]).await;
        assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        let headers = part.headers();
        assert_eq!(headers[CONTENT_RANGE], content_range);
        assert_eq!(headers[CONTENT_LENGTH], text.len().to_string());
        for same in [ETAG, CACHE_CONTROL, CONTENT_TYPE, ACCEPT_RANGES] {
            assert_eq!(headers[&same], whole.headers()[&same]);
        }
        assert_eq!(content(part).await, text);
    }
    let head = ask(&assets, Method::HEAD, &url, &[(RANGE, "bytes=3-6")]).await;
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers(), whole.headers());
}

/// R-9110-14.2-c.
#[tokio::test]
async fn bytes_behind_the_end_are_416() {
    let (assets, url) = digits();
    let refused = ask(&assets, Method::GET, &url, &[(RANGE, "bytes=1000-")]).await;
    assert_eq!(refused.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(refused.headers()[CONTENT_RANGE], "bytes */1000");
    assert_eq!(refused.headers()[CACHE_CONTROL], "no-store");
    assert!(refused.headers().contains_key(ETAG));
    assert!(refused.body().is_end_stream());
}

/// R-9110-13.1.5-b, R-9110-15.3.7-a.
#[tokio::test]
async fn another_version_is_sent_whole() {
    let (assets, url) = digits();
    let whole = get(&assets, &url).await;
    let tag = whole.headers()[ETAG].to_str().expect("ASCII");
    let weak = format!("W/{tag}");
    for (if_range, status) in [(tag, 206), (&weak, 200), ("\"other\"", 200)] {
        let fields = [(RANGE, "bytes=3-6"), (IF_RANGE, if_range)];
        let response = ask(&assets, Method::GET, &url, &fields).await;
        assert_eq!(response.status(), status, "{if_range}");
        assert_eq!(response.headers().contains_key(CONTENT_TYPE), status == 200);
    }
}

/// R-9110-15.3.7.2-a, R-9110-14.2-d.
#[tokio::test]
async fn several_ranges_are_cut_in_their_order() {
    let (assets, url) = digits();
    let coded = [(RANGE, "bytes=996-999,3-6"), (ACCEPT_ENCODING, "gzip")];
    let response = ask(&assets, Method::GET, &url, &coded[..1]).await;
    assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
    assert!(!response.headers().contains_key(CONTENT_RANGE));
    let media_type = response.headers()[CONTENT_TYPE].to_str().expect("ASCII");
    let media_type = media_type.to_owned();
    let length = response.headers()[CONTENT_LENGTH].clone();
    assert_eq!(
        length,
        response
            .body()
            .size_hint()
            .exact()
            .expect("known")
            .to_string()
    );
    let body = content(response).await;
    assert_eq!(length, body.len().to_string());
    let found: Vec<_> = multipart(&media_type, &body)
        .into_iter()
        .map(|part| {
            assert_eq!(
                part.content_type.as_deref(),
                Some("text/plain; charset=utf-8")
            );
            (part.content_range, part.content)
        })
        .collect();
    let part = |range: &str, text: &str| (format!("bytes {range}/1000"), text.into());
    assert_eq!(found, [part("996-999", "6789"), part("3-6", "3456")]);

    let whole = ask(&assets, Method::GET, &url, &coded).await;
    assert_eq!(whole.status(), StatusCode::OK);
    let long = [(RANGE, "bytes=0-450,540-999")];
    let whole = ask(&assets, Method::GET, &url, &long).await;
    assert_eq!(whole.status(), StatusCode::OK);
    assert_eq!(whole.headers()[CONTENT_LENGTH], "1000");
}
