use http::{Response, Uri};

use crate::semantics::{
    condition::current_in_412::{carry_representation, write_preference},
    field::prefer::Return,
    tests::headers,
};

/// R-7240-4.2-a: the 412 has the headers of the representation, `no-store`, and the target in
/// `Content-Location`.
#[test]
fn a_412_carries_the_representation() {
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
    carry_representation(&mut parts, Some(&target), Some(Return::Representation));
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
fn an_existing_content_location_stays() {
    let mut parts = Response::new(()).into_parts().0;
    parts.headers = headers([("content-location", "/notes/1.en")]);
    let target = Uri::from_static("/notes/1");
    carry_representation(&mut parts, Some(&target), None);
    assert_eq!(parts.headers["content-location"], "/notes/1.en");
    assert!(!parts.headers.contains_key("preference-applied"));
}

/// Issue 11, A.10: two slashes would be read as the name of another host (RFC 3986, section 4.2).
#[test]
fn a_path_with_two_slashes_is_no_content_location() {
    let mut parts = Response::new(()).into_parts().0;
    let target = Uri::from_static("//example.org/notes/1");
    assert_eq!(target.path(), "//example.org/notes/1");
    carry_representation(&mut parts, Some(&target), None);
    assert!(!parts.headers.contains_key("content-location"));
}

#[test]
fn a_preference_is_named_once() {
    let mut fields = headers([("vary", "Prefer")]);
    write_preference(&mut fields, Some(Return::Minimal));
    assert_eq!(fields.get_all("vary").iter().count(), 1);
    assert_eq!(fields["vary"], "Prefer");
    assert_eq!(fields["preference-applied"], "return=minimal");
}

/// Issue 11, A.10: the resource of the content is unknown.
#[test]
fn without_a_target_there_is_no_content_location() {
    let mut parts = Response::new(()).into_parts().0;
    carry_representation(&mut parts, None, None);
    assert_eq!(parts.status, 412);
    assert!(!parts.headers.contains_key("content-location"));
}
