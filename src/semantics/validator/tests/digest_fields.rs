//! Headers with digests.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::semantics::validator::digest_fields::{
    CONTENT_DIGEST, DigestAlgorithm, DigestField, DigestPreference, Digests, NamedDigest,
    REPR_DIGEST, WANT_REPR_DIGEST, is_digest, remove_digests,
};

/// The digests of `{"hello": "world"}` and a line feed, as in RFC 9530, appendix B.
const SHA_256: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
const SHA_512: &str = "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:";

const SHA_256_BYTES: [u8; 32] = [
    0x44, 0xaf, 0xf4, 0xab, 0x2d, 0x7c, 0x32, 0x50, 0x52, 0x56, 0x75, 0xa0, 0x8f, 0x0c, 0xfa, 0x95,
    0x91, 0x16, 0x8c, 0xff, 0xe5, 0x17, 0x91, 0xc5, 0xf5, 0xbb, 0xc4, 0x17, 0xc1, 0x5a, 0x6c, 0x38,
];

fn headers(name: &HeaderName, lines: &[&str]) -> HeaderMap {
    let lines = lines.iter().map(|line| {
        let line = HeaderValue::from_str(line).unwrap();
        (name.clone(), line)
    });
    lines.collect()
}

fn parse(lines: &[&str]) -> DigestField {
    DigestField::parse(&headers(&REPR_DIGEST, lines), &REPR_DIGEST)
}

/// R-9530-3-a: the header is a Dictionary of Byte Sequences, and reads as it was written.
#[test]
fn a_digest_is_written_as_a_dictionary_and_read_again() {
    let digest = NamedDigest::Sha256(SHA_256_BYTES);
    assert_eq!(digest.to_value(), SHA_256);
    let sha512 = std::array::from_fn(|at| at as u8);
    for digest in [digest, NamedDigest::Sha512(sha512)] {
        let value = digest.to_value();
        let DigestField::Digests(read) = parse(&[value.to_str().unwrap()]) else {
            panic!("{value:?}");
        };
        assert_eq!(read.iter().collect::<Vec<_>>(), [digest]);
    }
}

#[test]
fn both_active_algorithms_are_read_from_all_lines() {
    let both = parse(&[&format!("{SHA_256}, {SHA_512}")]);
    assert_eq!(both, parse(&[SHA_512, SHA_256]));
    assert_eq!(both, parse(&[&format!("{SHA_512};x=1,\t{SHA_256}")]));
    let DigestField::Digests(Digests {
        sha256: Some(SHA_256_BYTES),
        sha512: Some(sha512),
    }) = both
    else {
        panic!("{both:?}");
    };
    assert_eq!(sha512[..2], [0x60, 0xc0]);
    assert_eq!(sha512[62..], [0xf7, 0xaa]);
    // The last value of a key counts (RFC 9651, section 3.2).
    assert_eq!(
        parse(&["sha-256=:AAAA:", SHA_256]),
        DigestField::Digests(Digests {
            sha256: Some(SHA_256_BYTES),
            sha512: None
        })
    );
}

/// R-9530-5-a.
#[test]
fn other_algorithms_are_ignored() {
    let none = DigestField::Digests(Digests {
        sha256: None,
        sha512: None,
    });
    for other in [
        "md5=:Sd/dVLAcvNLSq16eXua5uQ==:",
        "sha=:07CavjDP4u3/TungoUHJO/Wzr4c=:",
        "unixsum=3, crc32c, adler=(1 2), sha-257=:AA==:",
        "",
    ] {
        assert_eq!(parse(&[other]), none, "{other}");
    }
    let md5 = "md5=:Sd/dVLAcvNLSq16eXua5uQ==:";
    assert_eq!(parse(&[md5, SHA_256]), parse(&[SHA_256]));
}

#[test]
fn a_value_that_is_no_digest_is_malformed() {
    assert_eq!(parse(&[]), DigestField::Absent);
    let hex = "sha-256=\"44aff4ab2d7c325052567\"";
    for malformed in [
        hex,
        "sha-256",
        "sha-256=1",
        "sha-256=::",
        "sha-256=:RK/0qy18:",
        "sha-256=(:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:)",
        "sha-256=RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=",
        "sha-512=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
        "SHA-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP_lF5HF9bvEF8FabDg=:",
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=",
        ",",
    ] {
        assert_eq!(parse(&[malformed]), DigestField::Malformed, "{malformed}");
        let lines = [SHA_512, malformed];
        assert_eq!(parse(&lines), DigestField::Malformed, "{malformed}");
    }
}

/// The time to parse a header of 64 KiB is linear, so the test ends.
#[test]
fn a_long_header_is_parsed() {
    let commas = "a,".repeat(32 * 1024);
    assert_eq!(parse(&[&commas]), DigestField::Malformed);
    let many: Vec<_> = (0..8 * 1024).map(|key| format!("a{key}=1")).collect();
    let many = [many.join(","), SHA_256.to_owned()].join(",");
    assert_eq!(parse(&[&many]), parse(&[SHA_256]));
}

/// R-9530-5-a: a client chooses among the active algorithms, and 0 refuses one.
#[test]
fn a_client_chooses_the_algorithm() {
    use DigestAlgorithm::{Sha256, Sha512};
    let cases: [(&[&str], Option<DigestAlgorithm>); 20] = [
        (&[], Some(Sha256)),
        (&[""], Some(Sha256)),
        (&["sha-256=1"], Some(Sha256)),
        (&["sha-512=1"], Some(Sha512)),
        (&["sha-512=10, sha-256=9"], Some(Sha512)),
        (&["sha-512=9, sha-256=10"], Some(Sha256)),
        (&["sha-512=3, sha-256=3"], Some(Sha256)),
        (&["sha-512=3", "sha-256=0;x"], Some(Sha512)),
        (&["sha-256=0"], None),
        (&["sha-256=0, sha-512=0, md5=10"], None),
        (&["sha-512=0"], Some(Sha256)),
        // Deprecated and unknown algorithms are not used.
        (&["md5=10"], Some(Sha256)),
        (&["md5=10, sha-256=0"], None),
        // Values that the RFC does not define are ignored.
        (&["sha-512=11"], Some(Sha256)),
        (&["sha-512=-1"], Some(Sha256)),
        (&["sha-512=1.0, sha-256=999999999999999"], Some(Sha256)),
        (&["sha-512, sha-256=?0"], Some(Sha256)),
        (&["sha-512=(5)"], Some(Sha256)),
        // A header that is no Dictionary is ignored as a whole.
        (&["sha-512=5, sha-256=0,"], Some(Sha256)),
        (&["sha-256=0", "sha-512=:"], Some(Sha256)),
    ];
    for (lines, best) in cases {
        let headers = headers(&WANT_REPR_DIGEST, lines);
        let preference = DigestPreference::parse(&headers, &WANT_REPR_DIGEST);
        assert_eq!(preference.best(), best, "{lines:?}");
    }
}

#[test]
fn an_algorithm_without_a_preference_is_accepted() {
    let headers = headers(&WANT_REPR_DIGEST, &["sha-512=0"]);
    let preference = DigestPreference::parse(&headers, &WANT_REPR_DIGEST);
    assert!(preference.accepts(DigestAlgorithm::Sha256));
    assert!(!preference.accepts(DigestAlgorithm::Sha512));
}

#[test]
fn the_headers_with_digests_are_known_by_name() {
    let obsolete = ["digest", "content-md5"].map(HeaderName::from_static);
    for name in [REPR_DIGEST, CONTENT_DIGEST].into_iter().chain(obsolete) {
        assert!(is_digest(&name), "{name}");
    }
    for name in ["want-repr-digest", "want-digest", "etag", "content-type"] {
        assert!(!is_digest(&HeaderName::from_static(name)), "{name}");
    }
    let mut all = headers(&REPR_DIGEST, &[SHA_256, SHA_512]);
    all.extend(headers(&CONTENT_DIGEST, &[SHA_256]));
    all.extend(headers(&WANT_REPR_DIGEST, &["sha-256=1"]));
    remove_digests(&mut all);
    assert_eq!(all, headers(&WANT_REPR_DIGEST, &["sha-256=1"]));
}
