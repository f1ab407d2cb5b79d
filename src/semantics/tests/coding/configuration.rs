//! Other codings, and suffixes of other servers.

use http::{
    Method, StatusCode,
    header::{IF_MATCH, IF_NONE_MATCH},
};

use super::{answer, codings, lines, sent, tag};
use crate::semantics::validator::coding::TagCodings;

#[test]
fn foreign_suffixes_are_only_understood() {
    let codings = codings()
        .tolerate(["--gzip", ";gzip", "-zstd", "-x-gzip"])
        .unwrap();
    for named in [
        "\"v1--gzip\"",
        "\"v1;gzip\"",
        "\"v1-x-gzip\"",
        "\"v1-gzip\"",
    ] {
        let mut headers = sent(&[("accept-encoding", "gzip"), ("if-none-match", named)]);
        let asked = codings.decode(&Method::GET, &mut headers);
        assert_eq!(lines(&headers, IF_NONE_MATCH), [format!("\"v1\", {named}")]);
        let mut response = sent(&[("etag", "\"v1\"")]);
        codings.encode(StatusCode::NOT_MODIFIED, &mut response, &asked);
        assert_eq!(tag(&response), named);

        let mut headers = sent(&[("accept-encoding", "br"), ("if-none-match", named)]);
        codings.decode(&Method::GET, &mut headers);
        assert_eq!(lines(&headers, IF_NONE_MATCH), [""]);
        let mut headers = sent(&[("if-match", named)]);
        codings.decode(&Method::PUT, &mut headers);
        assert_eq!(lines(&headers, IF_MATCH), ["\"v1\""]);
    }
    let fields = [("etag", "\"v1\""), ("content-encoding", "zstd")];
    let headers = answer(&codings, &Method::GET, &[], 200, &fields);
    assert_eq!(tag(&headers), "W/\"v1\"");
}

#[test]
fn what_is_no_coding_is_refused() {
    for name in [
        "", "a b", "gzip,", "g\"", "gzip;q=1", "*", "identity", "Identity", "é",
    ] {
        assert!(TagCodings::new([name]).is_err(), "{name}");
        let message = codings().codings([name]).unwrap_err().to_string();
        assert!(message.contains("token"));
    }
    for suffix in [
        "",
        "-",
        "gzip",
        "-\"gzip",
        "- gzip",
        "-gzip;",
        "-identity",
        "-é",
        "é-gzip",
    ] {
        let error = codings().tolerate([suffix]).unwrap_err();
        assert!(error.to_string().contains("suffix"), "{suffix}");
    }
    let upper = TagCodings::new(["GZIP", "x-gzip", "gzip"]).unwrap();
    let fields = [("etag", "\"v1\""), ("content-encoding", "gzip")];
    assert_eq!(
        tag(&answer(&upper, &Method::GET, &[], 200, &fields)),
        "\"v1-gzip\""
    );
    let none = TagCodings::new([""; 0]).unwrap();
    assert_eq!(
        tag(&answer(&none, &Method::GET, &[], 200, &fields)),
        "W/\"v1\""
    );
}
