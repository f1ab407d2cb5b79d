//! The digests of a request.

use http::{Request, request::Parts};

use crate::semantics::validator::{
    digest_fields::Digests,
    request_digests::{RequestDigests, may_have_content},
};

const ZEROS: &str = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:";
const ONES: &str = "sha-256=://////////////////////////////////////////8=:";

fn head(method: &str, fields: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn sha_256(byte: u8) -> RequestDigests {
    RequestDigests::Expected(Digests {
        sha256: Some([byte; 32]),
        sha512: None,
    })
}

/// R-9530-2-a, R-9530-3.1-b
#[test]
fn the_digests_of_a_request_are_those_of_its_content() {
    use RequestDigests::{Contradictory, Malformed, Nothing};

    const CONTENT: &str = "content-digest";
    const REPRESENTATION: &str = "repr-digest";
    let range = ("content-range", "bytes 0-1/4");
    for (method, fields, has_content, expected) in [
        ("PUT", &[][..], true, Nothing),
        ("PUT", &[(CONTENT, ZEROS)], true, sha_256(0)),
        ("PUT", &[(REPRESENTATION, ZEROS)], true, sha_256(0)),
        (
            "PUT",
            &[(CONTENT, ZEROS), (REPRESENTATION, ZEROS)],
            true,
            sha_256(0),
        ),
        (
            "PUT",
            &[(CONTENT, ZEROS), (REPRESENTATION, ONES)],
            true,
            Contradictory,
        ),
        (
            "PUT",
            &[(CONTENT, ZEROS), (REPRESENTATION, ONES), range],
            true,
            sha_256(0),
        ),
        ("PUT", &[(REPRESENTATION, ONES), range], true, Nothing),
        ("PUT", &[(REPRESENTATION, ZEROS)], false, sha_256(0)),
        // A read without content, and one with.
        (
            "GET",
            &[(REPRESENTATION, ONES), (CONTENT, ZEROS)],
            false,
            sha_256(0),
        ),
        ("QUERY", &[(REPRESENTATION, ZEROS)], true, sha_256(0)),
        ("CONNECT", &[(CONTENT, ZEROS)], true, Nothing),
        // An unknown algorithm leaves the other header.
        (
            "PUT",
            &[(CONTENT, "x"), (REPRESENTATION, ZEROS)],
            true,
            sha_256(0),
        ),
        (
            "PUT",
            &[(CONTENT, ","), (REPRESENTATION, ZEROS)],
            true,
            Malformed,
        ),
        (
            "PUT",
            &[(CONTENT, ZEROS), (REPRESENTATION, "sha-256")],
            true,
            Malformed,
        ),
        // The last of two values counts (RFC 9651, section 3.2).
        (
            "PUT",
            &[(CONTENT, ONES), (CONTENT, ZEROS)],
            true,
            sha_256(0),
        ),
    ] {
        let digests = RequestDigests::of(&head(method, fields), has_content);
        assert_eq!(digests, expected, "{method} {fields:?}");
    }
}

/// A body behind a timeout tells neither its length nor its end.
#[test]
fn a_read_of_unknown_length_has_content_only_if_its_headers_say_so() {
    let chunked = ("transfer-encoding", "chunked");
    for (method, fields, expected) in [
        ("GET", &[][..], false),
        ("HEAD", &[], false),
        ("GET", &[("content-length", "0")], false),
        ("GET", &[("content-length", "5")], true),
        ("GET", &[("content-length", "x")], true),
        ("GET", &[chunked], true),
        ("QUERY", &[], true),
        ("POST", &[], true),
        ("PUT", &[("content-length", "0")], true),
    ] {
        let head = head(method, fields);
        assert_eq!(may_have_content(&head), expected, "{method} {fields:?}");
    }
}
