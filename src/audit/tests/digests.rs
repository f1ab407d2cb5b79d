//! Digests beside the bytes of their response, of parts, and of other responses.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256, Sha512};

use super::{
    Act, Answer, Audit, AuditLayer, Code, Lines, ScriptedBody, assert_codes, exchange, get, ok,
    request, response, send, write,
};

const DIFFERS: [Code; 1] = [Code::DigestDiffers];
const PART: [Code; 1] = [Code::PartDigest];
const TAG: (&str, &str) = ("etag", "\"a\"");

fn sha256(content: &str) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(content)))
}

fn sha512(content: &str) -> String {
    format!("sha-512=:{}:", STANDARD.encode(Sha512::digest(content)))
}

/// Returns the findings in one exchange.
#[track_caller]
fn expect(method: &str, answer: &Answer<'_>, codes: &[Code]) {
    let audit = Audit::new().allow([Code::NoPolicy]);
    let layer = AuditLayer::new(audit.clone());
    exchange(&layer, request(method, "/", &[]), answer);
    assert_codes(&audit, codes);
}

fn partial<'a>(fields: Lines<'a>, content: &'a str) -> Answer<'a> {
    Answer {
        status: 206,
        fields,
        content,
    }
}

/// R-9530-3-a: both headers are those of the bytes of a 200.
#[test]
fn a_digest_of_other_bytes_is_found() {
    let both = format!("{}, {}", sha256("hello"), sha512("hello"));
    let wrong = format!("{}, {}", sha256("hello"), sha512("hullo"));
    let rows: [(&str, &[Code]); 9] = [
        (&sha256("hello"), &[]),
        (&sha512("hello"), &[]),
        (&both, &[]),
        (&sha256("hullo"), &DIFFERS),
        (&sha512("hullo"), &DIFFERS),
        (&wrong, &DIFFERS),
        // No client can read these.
        ("sha-256=:AAAA:", &DIFFERS),
        ("sha-256=\"hex\"", &DIFFERS),
        // Other algorithms are not checked.
        ("md5=:AAAA:, unixsum=1", &[]),
    ];
    for (value, codes) in rows {
        for name in ["repr-digest", "content-digest"] {
            for method in ["GET", "QUERY", "POST"] {
                expect(method, &ok(&[(name, value)], "hello"), codes);
            }
        }
    }
    let empty = sha256("");
    expect("GET", &ok(&[("repr-digest", &empty)], ""), &[]);
    expect("GET", &ok(&[("repr-digest", &empty)], "a"), &DIFFERS);
}

/// R-9530-3.1-a: the response to a write may be about another representation, and an error has one
/// of its own.
#[test]
fn a_digest_in_the_response_to_a_write_is_that_of_its_content() {
    let other = sha256("hullo");
    let named = [("repr-digest", &*other), ("content-location", "/other")];
    expect("PUT", &ok(&named, "hello"), &[]);
    let named = [("content-digest", &*other), ("content-location", "/other")];
    expect("PUT", &ok(&named, "hello"), &DIFFERS);
    for status in [201, 404, 500] {
        let answer = Answer {
            status,
            fields: &[("repr-digest", &other)],
            content: "hello",
        };
        expect("POST", &answer, &DIFFERS);
    }
}

/// `HEAD`, 204 and 304 have no bytes, but the digests of a representation that has.
#[test]
fn a_response_without_content_is_not_compared() {
    let digest = sha256("hello");
    let fields = [("repr-digest", &*digest)];
    expect("HEAD", &ok(&fields, ""), &[]);
    for status in [204, 304] {
        let answer = Answer {
            status,
            fields: &fields,
            content: "",
        };
        expect("DELETE", &answer, &[]);
    }
}

/// A body that breaks, or is dropped, has no digest.
#[test]
fn only_content_that_was_read_to_its_end_is_compared() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    let digest = sha256("hello");
    let fields = [("repr-digest", &*digest)];
    let _ = send(&layer, request("GET", "/", &[]), |_| {
        response(&ok(&fields, "hel"))
    });
    let broken = send(&layer, request("GET", "/", &[]), |_| {
        let body = ScriptedBody::unsized_([Act::data("hel"), Act::Error]);
        response(&ok(&fields, "")).map(|_| body)
    });
    super::read(broken.into_body());
    assert_codes(&audit, &[]);
}

/// R-9530-3-a: a part has the digest of the whole, and a `Content-Digest` of its own bytes.
#[test]
fn a_part_has_the_digests_of_the_whole_and_of_itself() {
    let [whole, part, other] = ["hello", "hel", "hul"].map(sha256);
    let range = ("content-range", "bytes 0-2/5");
    let all = ("content-range", "bytes 0-4/5");
    let rows: [(Lines<'_>, &str, &[Code]); 10] = [
        (&[range, ("repr-digest", &whole)], "hel", &[]),
        (&[range, ("content-digest", &part)], "hel", &[]),
        (
            &[range, ("content-digest", &part), ("repr-digest", &whole)],
            "hel",
            &[],
        ),
        (&[range, ("repr-digest", &part)], "hel", &PART),
        (&[range, ("content-digest", &other)], "hel", &DIFFERS),
        (
            &[range, ("content-digest", &whole), ("repr-digest", &whole)],
            "hel",
            &PART,
        ),
        // A part with all bytes is the whole.
        (&[all, ("repr-digest", &whole)], "hello", &[]),
        (&[all, ("repr-digest", &part)], "hello", &DIFFERS),
        (
            &[("content-range", "bytes 0-4/*"), ("repr-digest", &whole)],
            "hello",
            &PART,
        ),
        // Several parts, whose content has boundaries between them.
        (&[("repr-digest", &part)], "hel", &PART),
    ];
    for (fields, content, codes) in rows {
        expect("GET", &partial(fields, content), codes);
    }
}

/// The whole is known from an earlier response.
#[test]
fn a_content_digest_of_a_known_whole_is_found() {
    let (whole, other) = (sha256("hello"), sha256("other"));
    for (digest, codes) in [(&whole, &PART), (&other, &DIFFERS)] {
        let audit = Audit::new().allow([Code::NoPolicy]);
        get(&audit, &[], &ok(&[TAG], "hello"));
        let fields = [
            TAG,
            ("content-range", "bytes 0-2/5"),
            ("content-digest", digest),
        ];
        get(&audit, &[], &partial(&fields, "hel"));
        assert_codes(&audit, codes);
    }
}

/// One digest is that of one content, even if somebody wrote in between.
#[test]
fn one_digest_on_two_contents_is_found() {
    const SAME: [Code; 1] = [Code::SameDigestOtherBytes];
    let digest = sha256("AAAAAAAAAA");
    let whole = || ok(&[], "AAAAAAAAAA");
    let part = |range: &'static str, content: &'static str| (range, content);
    let rows = [
        (
            part("bytes 0-4/10", "AAAAA"),
            part("bytes 0-4/10", "BBBBB"),
            &SAME[..],
        ),
        (
            part("bytes 0-4/10", "AAAAA"),
            part("bytes 5-9/10", "BBBBB"),
            &[],
        ),
        (
            part("bytes 0-4/10", "AAAAA"),
            part("bytes 5-9/11", "AAAAA"),
            &SAME,
        ),
        (
            part("bytes 0-4/10", "AAAAA"),
            part("bytes 4-6/10", "BBB"),
            &SAME,
        ),
        (
            part("bytes 0-4/10", "AAAAA"),
            part("bytes 4-6/10", "ABB"),
            &[],
        ),
    ];
    for (one, other, codes) in rows {
        for disturb in [false, true] {
            let audit = Audit::new().allow([Code::NoPolicy]);
            let see = |(range, content): (&str, &str)| {
                let fields = [("content-range", range), ("repr-digest", &*digest)];
                get(&audit, &[], &partial(&fields, content));
            };
            see(one);
            if disturb {
                write(&audit);
            }
            see(other);
            assert_codes(&audit, codes);
        }
    }
    // A whole and its part, in another coding too.
    let audit = Audit::new().allow([Code::NoPolicy, Code::CodingWithoutVary]);
    let fields = [("repr-digest", &*digest)];
    get(
        &audit,
        &[],
        &Answer {
            fields: &fields,
            ..whole()
        },
    );
    let fields = [
        ("repr-digest", &*digest),
        ("content-range", "bytes 2-3/10"),
        ("content-encoding", "gzip"),
    ];
    get(&audit, &[], &partial(&fields, "AA"));
    assert_codes(&audit, &[]);
    get(&audit, &[], &partial(&fields, "AB"));
    assert_codes(&audit, &SAME);
}

/// Two 200s: the second digest is wrong by itself, too.
#[test]
fn a_digest_that_was_kept_for_other_content_is_found() {
    let digest = sha256("old");
    let fields = [("repr-digest", &*digest)];
    let audit = Audit::new().allow([Code::NoPolicy]);
    get(&audit, &[], &ok(&fields, "old"));
    get(&audit, &[], &ok(&fields, "old"));
    assert_codes(&audit, &[]);
    get(&audit, &[], &ok(&fields, "new"));
    assert_codes(&audit, &[Code::DigestDiffers, Code::SameDigestOtherBytes]);
    let finding = audit.findings().into_iter();
    let detail = finding
        .filter(|finding| finding.code() == Code::SameDigestOtherBytes)
        .map(|finding| finding.detail().to_owned())
        .collect::<Vec<_>>();
    assert_eq!(detail, [format!("{digest} on other bytes")]);
}

/// Digests without an active algorithm, and malformed ones, are equal by accident.
#[test]
fn a_header_without_a_known_digest_names_no_content() {
    for value in ["", "md5=:AAAA:"] {
        let fields = [("repr-digest", value), TAG];
        let audit = Audit::new().allow([Code::NoPolicy, Code::SameTagOtherBytes]);
        get(&audit, &[], &ok(&fields, "one"));
        get(&audit, &[], &ok(&fields, "other"));
        assert_codes(&audit, &[]);
    }
}
