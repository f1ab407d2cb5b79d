//! The methods that are conditional reads, and the answers to others.

use http::{
    Method, Request, Response, StatusCode,
    header::{
        CONTENT_LOCATION, ETAG, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
        IF_UNMODIFIED_SINCE, LAST_MODIFIED, LOCATION,
    },
};

use crate::conditional::tests::{EARLIER, MODIFIED, answer, exchange, layer};
use crate::{
    semantics::field::SafeMethods,
    stack,
    test_support::{Act, ScriptedBody, read, send},
};

type Fields<'a> = &'a [(HeaderName, &'static str)];

fn method(name: &str) -> Method {
    Method::from_bytes(name.as_bytes()).unwrap()
}

fn status(methods: SafeMethods, name: &str, fields: Fields<'_>) -> u16 {
    let dated = answer(&[(LAST_MODIFIED, MODIFIED)]);
    let layer = layer().methods(methods);
    exchange(&layer, method(name), fields, dated)
        .status()
        .as_u16()
}

/// Issue 10, A.8, R-QUERY-cond-a: a `QUERY` is evaluated like a `GET`, without being
/// configured.
#[test]
fn query_is_a_conditional_read() {
    let table: [(Fields<'_>, u16); 9] = [
        (&[(IF_NONE_MATCH, "\"v1\"")], 304),
        (&[(IF_NONE_MATCH, "*")], 304),
        (&[(IF_NONE_MATCH, "\"v0\"")], 200),
        (&[(IF_MODIFIED_SINCE, MODIFIED)], 304),
        (&[(IF_MODIFIED_SINCE, EARLIER)], 200),
        (&[(IF_MATCH, "\"v1\"")], 200),
        (&[(IF_MATCH, "\"v0\"")], 412),
        (&[(IF_UNMODIFIED_SINCE, EARLIER)], 412),
        (&[(IF_MATCH, "\"v1\""), (IF_NONE_MATCH, "\"v1\"")], 304),
    ];
    for (fields, expected) in table {
        for name in ["GET", "HEAD", "QUERY"] {
            let found = status(SafeMethods::default(), name, fields);
            assert_eq!(found, expected, "{name} {fields:?}");
        }
    }
    let matching = [(IF_NONE_MATCH, "\"v1\"")];
    for name in ["query", "PROPFIND", "REPORT", "SEARCH", "OPTIONS", "PUT"] {
        let found = status(SafeMethods::default(), name, &matching);
        assert_eq!(found, 200, "{name}");
    }
    let get = SafeMethods::GET;
    assert_eq!(status(get, "QUERY", &matching), 200);
    assert_eq!(status(get, "GET", &matching), 304);
}

/// Issue 10, A.8, R-QUERY-cond-a: the conditions are evaluated against the result of this
/// query, and not against the target or the result of another.
#[test]
fn a_query_is_evaluated_against_its_result() {
    let query = |content: &'static str, tag: Option<&str>| {
        let mut request = Request::builder().method("QUERY");
        if let Some(tag) = tag {
            request = request.header(IF_NONE_MATCH, tag);
        }
        let handler = |request: Request<&'static str>| {
            let mut response = Response::new(ScriptedBody::sized([Act::data(*request.body())]));
            let headers = response.headers_mut();
            headers.insert(CONTENT_LOCATION, "/results/1".parse().unwrap());
            headers.insert(LOCATION, "/queries/1".parse().unwrap());
            response
        };
        send(&stack(), request.body(content).unwrap(), handler)
    };
    let tag_of = |content| {
        let answer = query(content, None);
        answer.headers()[ETAG].to_str().unwrap().to_owned()
    };
    let (first, second) = (tag_of("first"), tag_of("second"));
    assert_ne!(first, second);
    assert_eq!(query("second", Some(&first)).status(), StatusCode::OK);
    let same = query("first", Some(&first));
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(same.headers()[ETAG], first.as_str());
    // RFC 10008, section 2.3: the URLs of the result and of the query.
    assert_eq!(same.headers()[CONTENT_LOCATION], "/results/1");
    assert_eq!(same.headers()[LOCATION], "/queries/1");
    assert!(read(same.into_body()).is_empty());
}

/// Issue 10, A.8, R-9110-13.1.2-f, R-9110-13.1.3-a: the standards know no 304 for other
/// safe methods. Their conditions are evaluated if they are configured.
#[test]
fn other_safe_methods_can_be_configured() {
    let table: [(Fields<'_>, u16); 7] = [
        (&[(IF_NONE_MATCH, "\"v1\"")], 412),
        (&[(IF_NONE_MATCH, "\"v0\"")], 200),
        (&[(IF_MODIFIED_SINCE, MODIFIED)], 200),
        (&[(IF_MATCH, "\"v1\"")], 200),
        (&[(IF_MATCH, "\"v0\"")], 412),
        (&[(IF_UNMODIFIED_SINCE, MODIFIED)], 200),
        (&[(IF_UNMODIFIED_SINCE, EARLIER)], 412),
    ];
    for (name, one) in [
        ("PROPFIND", SafeMethods::PROPFIND),
        ("REPORT", SafeMethods::REPORT),
        ("SEARCH", SafeMethods::SEARCH),
    ] {
        for (fields, expected) in table {
            let found = status(SafeMethods::default() | one, name, fields);
            assert_eq!(found, expected, "{name} {fields:?}");
        }
    }
}
