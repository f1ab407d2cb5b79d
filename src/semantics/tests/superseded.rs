use http::{Response, Uri};

use super::headers;
use crate::semantics::{
    date::HttpDate,
    etag::EntityTag,
    prefer::Return,
    superseded::{carry_representation, note_preference},
    validators::{Validators, label},
};

/// R-7240-4.2-a: the representation with its own fields, not to be stored, and
/// said to be that of the target.
#[test]
fn a_412_with_the_representation() {
    let own = [
        ("etag", "\"1\""),
        ("content-type", "text/plain"),
        ("content-language", "en"),
        ("vary", "accept-language"),
    ];
    let mut parts = Response::new(()).into_parts().0;
    parts.headers = headers(own);
    parts.headers.extend(headers([
        ("cache-control", "max-age=60, public"),
        ("accept-ranges", "bytes"),
    ]));
    let target: Uri = "https://example.com/notes/1?a=b".parse().unwrap();
    carry_representation(&mut parts, &target, Some(Return::Representation));
    assert_eq!(parts.status, 412);
    for (name, value) in &own[..3] {
        assert_eq!(parts.headers[*name], value);
    }
    let fields = |name: &str| -> Vec<_> {
        let lines = parts.headers.get_all(name).iter();
        lines.map(|line| line.to_str().unwrap()).collect()
    };
    assert!(fields("cache-control").join(",").contains("no-store"));
    assert!(!fields("cache-control").join(",").contains("max-age"));
    assert_eq!(fields("content-location"), ["/notes/1?a=b"]);
    assert_eq!(fields("vary").join(", "), "accept-language, prefer");
    assert_eq!(fields("preference-applied"), ["return=representation"]);
    assert!(fields("accept-ranges").is_empty());
}

#[test]
fn a_content_location_of_its_own_stays() {
    let mut parts = Response::new(()).into_parts().0;
    parts.headers = headers([("content-location", "/notes/1.en")]);
    carry_representation(&mut parts, &Uri::from_static("/notes/1"), None);
    assert_eq!(parts.headers["content-location"], "/notes/1.en");
    assert!(!parts.headers.contains_key("preference-applied"));
}

#[test]
fn a_preference_is_named_once() {
    let mut fields = headers([("vary", "Prefer")]);
    note_preference(&mut fields, Some(Return::Minimal));
    assert_eq!(fields.get_all("vary").iter().count(), 1);
    assert_eq!(fields["vary"], "Prefer");
    assert_eq!(fields["preference-applied"], "return=minimal");
}

/// R-9110-8.8-b, R-9110-8.8.1-c: what was read before labels what comes, if it
/// is a representation and has no label.
#[test]
fn labels() {
    let before = Validators::new()
        .with_etag(EntityTag::strong("1").unwrap())
        .with_last_modified(HttpDate::from_unix_seconds(784_111_777));
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    type Lines<'a> = &'a [(&'a str, &'a str)];
    let table: [(u16, Lines<'_>, Option<&str>, Option<&str>); 12] = [
        (200, &[], Some("\"1\""), Some(date)),
        (203, &[], Some("\"1\""), Some(date)),
        (206, &[], Some("\"1\""), Some(date)),
        (200, &[("etag", "\"own\"")], Some("\"own\""), Some(date)),
        (200, &[("etag", "junk")], Some("junk"), Some(date)),
        (200, &[("last-modified", "own")], Some("\"1\""), Some("own")),
        (
            200,
            &[("content-encoding", "gzip")],
            Some("W/\"1\""),
            Some(date),
        ),
        (201, &[], None, None),
        (204, &[], None, None),
        (304, &[], None, None),
        (404, &[], None, None),
        (500, &[], None, None),
    ];
    for (status, own, tag, modified) in table {
        let mut response = Response::builder().status(status).body(()).unwrap();
        *response.headers_mut() = headers(own.iter().copied());
        label(&mut response, &before);
        let field = |name: &str| response.headers().get(name).map(|v| v.to_str().unwrap());
        assert_eq!(field("etag"), tag, "{status} {own:?}");
        assert_eq!(field("last-modified"), modified, "{status} {own:?}");
    }
    let mut response = Response::new(());
    label(&mut response, &Validators::new());
    assert!(response.headers().is_empty());
}
