//! Tests of tags per coding. This file tests the configuration. Each other file is named like
//! the code that it tests.

mod decode;
mod dictionary;
mod digests;
mod encode;
mod properties;

use http::{
    HeaderMap, HeaderName, Method, StatusCode,
    header::{ETAG, IF_MATCH, IF_NONE_MATCH},
};

use super::TagCodings;
use crate::semantics::tests::headers;

type Lines = [(&'static str, &'static str)];

/// Returns the codings of most tests.
fn codings() -> TagCodings {
    TagCodings::new(["br", "gzip"]).unwrap()
}

fn lines(headers: &HeaderMap, name: HeaderName) -> Vec<&str> {
    let lines = headers.get_all(name).iter();
    lines.map(|line| line.to_str().unwrap()).collect()
}

fn sent(lines: &Lines) -> HeaderMap {
    headers(lines.iter().copied())
}

/// Returns the headers of a response to a request with this method and these headers.
fn answer(
    codings: &TagCodings,
    method: &Method,
    request: &Lines,
    status: u16,
    fields: &Lines,
) -> HeaderMap {
    let request = codings.decode(method, &mut sent(request));
    let mut headers = sent(fields);
    codings.encode(
        StatusCode::from_u16(status).unwrap(),
        &mut headers,
        &request,
    );
    headers
}

fn tag(headers: &HeaderMap) -> &str {
    let [tag] = lines(headers, ETAG)[..] else {
        panic!("one tag");
    };
    tag
}

#[test]
fn foreign_suffixes_are_read_and_never_written() {
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
        let request = codings.decode(&Method::GET, &mut headers);
        assert_eq!(lines(&headers, IF_NONE_MATCH), [format!("\"v1\", {named}")]);
        let mut response = sent(&[("etag", "\"v1\"")]);
        codings.encode(StatusCode::NOT_MODIFIED, &mut response, &request);
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
fn invalid_codings_are_refused() {
    for name in [
        "", "a b", "gzip,", "g\"", "gzip;q=1", "*", "identity", "Identity", "é",
    ] {
        assert!(TagCodings::new([name]).is_err(), "{name}");
        assert_eq!(
            codings().codings([name]).unwrap_err().to_string(),
            format!(
                "invalid content coding {name:?}: it is a token other than \"*\" and \"identity\""
            )
        );
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
        let start = format!("invalid suffix {suffix:?}: it is punctuation");
        assert!(error.to_string().starts_with(&start), "{error}");
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

#[test]
fn codings_replace_the_earlier_ones() {
    let codings = codings().tolerate([";zstd"]).unwrap();
    let codings = codings.codings(["br"]).unwrap();
    let of = |coding| {
        let fields = [("etag", "\"v1\""), ("content-encoding", coding)];
        tag(&answer(&codings, &Method::GET, &[], 200, &fields)).to_owned()
    };
    assert_eq!(of("gzip"), "W/\"v1\"");
    assert_eq!(of("br"), "\"v1-br\"");
    // The suffixes of other servers stay.
    let mut headers = sent(&[("if-match", "\"v1;zstd\"")]);
    codings.decode(&Method::PUT, &mut headers);
    assert_eq!(lines(&headers, IF_MATCH), ["\"v1\""]);
}
