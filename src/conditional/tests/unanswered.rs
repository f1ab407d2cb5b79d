//! Reads that are answered before the service runs.

use http::Request;

use super::{
    EARLIER, MODIFIED,
    sourced::{by, get, hello, verdict},
};
use crate::{
    ConditionalLayer,
    outcome::Verdict,
    semantics::{
        condition::{Condition, Current},
        field::{HttpDate, SafeMethods},
    },
    source::{OnSourceError, now},
    test_support::{Silent, Upload, knows, read, request, send, tagged},
};

/// R-9110-13.1.2-b, R-9110-15.4.5-d: a match is a 304, and the service does not run.
#[test]
fn a_match_is_answered_before_the_service() {
    for method in ["GET", "HEAD"] {
        for tags in [
            "\"1\"",
            "W/\"1\"",
            "*",
            "\"0\", \"1\"",
            "\"1\", W/\"1\"",
            "W/\"1\", \"1\"",
        ] {
            let (answer, ran) = get(&by(knows(tagged("1"))), method, &[("if-none-match", tags)]);
            assert_eq!((answer.status().as_u16(), ran), (304, false), "{tags}");
            // Issue 10, A.4: it has the tag of the client's 200.
            let weak = tags == "W/\"1\"";
            let tag = if weak { "W/\"1\"" } else { "\"1\"" };
            assert_eq!(answer.headers()["etag"], tag);
            assert!(!answer.headers().contains_key("content-length"));
            assert_eq!(verdict(&answer), Verdict::NotModified);
            assert!(read(answer.into_body()).is_empty());
        }
    }
}

/// R-9110-13.1.1-g: a false condition is a 412, and the service does not run.
#[test]
fn a_false_condition_is_answered_before_the_service() {
    for (method, length) in [("GET", true), ("HEAD", false)] {
        let (answer, ran) = get(&by(knows(tagged("1"))), method, &[("if-match", "\"0\"")]);
        assert_eq!((answer.status().as_u16(), ran), (412, false));
        assert_eq!(answer.headers()["etag"], "\"1\"");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(verdict(&answer), Verdict::Failed(Condition::IfMatch));
        assert_eq!(!read(answer.into_body()).is_empty(), length);
    }
}

/// R-9110-13.1.3-a: so it is for dates.
#[test]
fn dates_are_answered_before_the_service() {
    let date = HttpDate::from_unix_seconds(784_903_526);
    let dated = crate::semantics::validator::Validators::new().with_last_modified(date);
    let layer = by(knows(dated));
    let (answer, ran) = get(&layer, "GET", &[("if-modified-since", MODIFIED)]);
    assert_eq!((answer.status().as_u16(), ran), (304, false));
    assert_eq!(answer.headers()["last-modified"], MODIFIED);
    let (answer, ran) = get(&layer, "GET", &[("if-modified-since", EARLIER)]);
    assert_eq!((answer.status().as_u16(), ran), (200, true));
    assert_eq!(answer.headers()["last-modified"], MODIFIED);
    let (answer, ran) = get(&layer, "GET", &[("if-unmodified-since", EARLIER)]);
    assert_eq!((answer.status().as_u16(), ran), (412, false));
}

/// Issue 10, A.9: every refusal honours `Accept`.
#[test]
fn every_refusal_honours_accept() {
    let html = ("accept", "text/html");
    let down = now(|_| Err::<Current, _>("down"));
    let refuses = by(down).on_source_error(OnSourceError::Refuse);
    let (unavailable, _) = get(&refuses, "GET", &[html]);
    assert_eq!(unavailable.status(), 503);
    let named = ConditionalLayer::new().methods(SafeMethods::REPORT);
    let fields = [html, ("if-none-match", "*")];
    let failed = send(
        &named,
        request("REPORT", "/", fields),
        |_: Request<Upload>| hello(),
    );
    assert_eq!(failed.status(), 412);
    for answer in [&unavailable, &failed] {
        assert_eq!(
            answer.headers()["content-type"],
            "text/plain; charset=utf-8"
        );
    }
}

/// Issue 10, D.1, R-9110-15.4.5-b: a 304 with a tag has no date. A 412 keeps the headers
/// that describe its own content.
#[test]
fn only_a_304_loses_a_date_beside_the_tag() {
    let date = HttpDate::from_unix_seconds(784_903_526);
    let layer = by(knows(tagged("1").with_last_modified(date)));
    let (known, _) = get(&layer, "GET", &[("if-none-match", "\"1\"")]);
    assert_eq!(known.status(), 304);
    assert!(!known.headers().contains_key("last-modified"));
    let (failed, _) = get(&layer, "GET", &[("if-match", "\"0\"")]);
    assert_eq!(failed.status(), 412);
    assert_eq!(failed.headers()["last-modified"], MODIFIED);
    assert_eq!(failed.headers()["content-type"], "application/problem+json");
}

/// Issue 11, A.8: a `GET` may have content, which the service would have read.
#[test]
fn unread_content_closes_the_connection() {
    let get = |field: (&str, &str)| {
        let get = Request::get("/").header(field.0, field.1);
        get.body(Silent::Announced).unwrap()
    };
    let (same, other) = (("if-none-match", "\"1\""), ("if-none-match", "\"0\""));
    for (field, status) in [(same, 304), (("if-match", "\"0\""), 412), (other, 200)] {
        let answer = send(&by(knows(tagged("1"))), get(field), |_| hello());
        assert_eq!(answer.status(), status);
        let close = answer.headers().contains_key("connection");
        assert_eq!(close, status != 200, "{status}");
    }
    let down = now(|_| Err::<Current, _>("down"));
    let answer = send(
        &by(down).on_source_error(OnSourceError::Refuse),
        get(same),
        |_| hello(),
    );
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["connection"], "close");
}
