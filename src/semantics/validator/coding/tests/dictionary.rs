//! Tags of content that is compressed with a dictionary (RFC 9842).

use http::{
    HeaderMap, Method, StatusCode,
    header::{ETAG, IF_MATCH, IF_NONE_MATCH, VARY},
};

use super::{Lines, answer, lines, sent, tag};
use crate::semantics::validator::coding::TagCodings;

const ONE: &str = ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=:";
const OTHER: &str = ":47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
const BOTH_FIELDS: [&str; 1] = ["accept-encoding, available-dictionary"];

fn codings() -> TagCodings {
    TagCodings::new(["dcb", "dcz", "br"]).unwrap()
}

/// Returns the tag that `"v1"` becomes in this coding, for a request with this dictionary.
fn outside(coding: &'static str, dictionary: &'static str) -> String {
    let asked = [("available-dictionary", dictionary)];
    let fields = [("etag", "\"v1\""), ("content-encoding", coding)];
    tag(&answer(&codings(), &Method::GET, &asked, 200, &fields)).to_owned()
}

/// R-9842-6.2-a, R-9110-8.8.1-c: the bytes depend on the coding and the dictionary, and so does
/// the tag.
#[test]
fn a_tag_names_the_coding_and_the_dictionary() {
    let table = [
        ("dcb", ONE, "\"v1-dcb-pZGm1Av0IEBKARczz7exkN\""),
        ("dcz", ONE, "\"v1-dcz-pZGm1Av0IEBKARczz7exkN\""),
        ("DCB", OTHER, "\"v1-dcb-47DEQpj8HBSa+/TImW+5JC\""),
        ("br", ONE, "\"v1-br\""),
        ("br, dcb", ONE, "\"v1-br-dcb-pZGm1Av0IEBKARczz7exkN\""),
    ];
    for (coding, dictionary, outside_) in table {
        assert_eq!(outside(coding, dictionary), outside_, "{coding}");
    }
    let asked = [("available-dictionary", ONE)];
    let own = "\"v1-dcb-pZGm1Av0IEBKARczz7exkN\"";
    for (coding, is_own) in [("dcb", true), ("dcz", false), ("", false)] {
        let fields = [("etag", own), ("content-encoding", coding)];
        let headers = answer(&codings(), &Method::GET, &asked, 200, &fields);
        assert_eq!(tag(&headers) == own, is_own, "{coding}");
    }
}

/// R-9110-8.8.3-c: without a known dictionary, the tag is weak.
#[test]
fn a_tag_without_a_dictionary_is_weak() {
    for dictionary in [
        "",
        "pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=",
        ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=",
        ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG=:",
        ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG44=:",
        ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2f-_4=:",
        ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=:x",
        "::",
        ":",
    ] {
        assert_eq!(outside("dcb", dictionary), "W/\"v1\"", "{dictionary}");
    }
    let tolerable = " :pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4:;a=1";
    assert_eq!(outside("dcb", tolerable), outside("dcb", ONE));
    let two = [("available-dictionary", ONE), ("available-dictionary", ONE)];
    let fields = [("etag", "\"v1\""), ("content-encoding", "dcb")];
    let headers = answer(&codings(), &Method::GET, &two, 200, &fields);
    assert_eq!(tag(&headers), "W/\"v1\"");
}

/// R-9842-6.2-a, R-9110-13.1.2-e: the accepted codings and the dictionary both decide.
#[test]
fn a_read_maps_back_the_tag_of_its_dictionary() {
    let own = outside("dcb", ONE);
    let table: &[(&Lines, bool)] = &[
        (
            &[("accept-encoding", "dcb"), ("available-dictionary", ONE)],
            true,
        ),
        (
            &[("accept-encoding", "*"), ("available-dictionary", ONE)],
            true,
        ),
        (
            &[("accept-encoding", "dcb"), ("available-dictionary", OTHER)],
            false,
        ),
        (
            &[("accept-encoding", "dcz"), ("available-dictionary", ONE)],
            false,
        ),
        (&[("accept-encoding", "dcb, dcz, br")], false),
        (&[("available-dictionary", ONE)], false),
    ];
    for (asked, is_mapped) in table {
        let mut headers = sent(asked);
        headers.insert(IF_NONE_MATCH, own.parse().unwrap());
        let asked = codings().decode(&Method::GET, &mut headers);
        let inside = if *is_mapped {
            format!("\"v1\", {own}")
        } else {
            String::new()
        };
        assert_eq!(lines(&headers, IF_NONE_MATCH), [inside]);
        if *is_mapped {
            let mut headers = sent(&[("etag", "\"v1\""), ("content-length", "5")]);
            codings().encode(StatusCode::NOT_MODIFIED, &mut headers, &asked);
            assert_eq!(tag(&headers), own);
            assert_eq!(lines(&headers, VARY), BOTH_FIELDS);
            assert!(!headers.contains_key("content-length"));
        }
    }
}

/// R-9110-13.1.1-d: a write may have the tag of any dictionary.
#[test]
fn a_write_names_the_version_with_any_dictionary() {
    for named in [
        outside("dcb", ONE),
        outside("dcz", OTHER),
        outside("br, dcb", ONE),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, named.parse().unwrap());
        codings().decode(&Method::PUT, &mut headers);
        assert_eq!(lines(&headers, IF_MATCH), ["\"v1\""], "{named}");
    }
    // Tags that only resemble them.
    for named in [
        "\"v1-dcb\"",
        "\"v1-dcb-\"",
        "\"v1-dcb-pZGm1Av0IEBKARczz7exk\"",
        "\"v1-dcb-pZGm1Av0IEBKARczz7ex-N\"",
        "\"v1-dcy-pZGm1Av0IEBKARczz7exkN\"",
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, named.parse().unwrap());
        codings().decode(&Method::PUT, &mut headers);
        assert_eq!(lines(&headers, IF_MATCH), [named]);
    }
}

/// R-9842-6.2-a, R-9111-4.1-a.
#[test]
fn every_variant_varies_by_both_fields() {
    for coding in ["dcb", "br", ""] {
        let fields = [("etag", "\"v1\""), ("content-encoding", coding)];
        let headers = answer(&codings(), &Method::GET, &[], 200, &fields);
        assert_eq!(lines(&headers, VARY), BOTH_FIELDS, "{coding}");
    }
    let table: [(&str, &str); 5] = [
        ("accept-encoding", "accept-encoding, available-dictionary"),
        (
            "Available-Dictionary",
            "available-dictionary, accept-encoding",
        ),
        ("origin", "origin, accept-encoding, available-dictionary"),
        (
            "Available-Dictionary, Accept-Encoding",
            "Available-Dictionary, Accept-Encoding",
        ),
        ("*", "*"),
    ];
    for (before, after) in table {
        for status in [200, 206, 304] {
            let mut headers = sent(&[("vary", before)]);
            headers.insert(ETAG, "\"v1\"".parse().unwrap());
            let asked = codings().decode(&Method::GET, &mut HeaderMap::new());
            codings().encode(StatusCode::from_u16(status).unwrap(), &mut headers, &asked);
            assert_eq!(lines(&headers, VARY), [after], "{before} {status}");
        }
    }
}

/// Issue 10, D.1 (R-9110-13.1.2-e): the dictionary of a client does not affect other codings.
#[test]
fn a_dictionary_affects_no_other_coding() {
    let fields = [
        ("accept-encoding", "br, dcb"),
        ("available-dictionary", ONE),
        ("if-none-match", "\"v1-br\""),
    ];
    let mut headers = sent(&fields);
    codings().decode(&Method::GET, &mut headers);
    assert_eq!(lines(&headers, IF_NONE_MATCH), ["\"v1\", \"v1-br\""]);
    let response = answer(
        &codings(),
        &Method::GET,
        &fields,
        304,
        &[("etag", "\"v1\"")],
    );
    assert_eq!(tag(&response), "\"v1-br\"");
}
