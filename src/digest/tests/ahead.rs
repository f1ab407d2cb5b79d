//! Content that is verified before the service runs.

use bytes::Bytes;
use http_body::SizeHint;
use http_body_util::{Empty, Full};

use super::{CONTENT, SHA_256, SHA_512, put, request, send, sha_256, sha_512};
use crate::{
    DigestLayer, Outcome,
    test_support::{Act, ScriptedBody, Silent, Upload, content},
};

const OTHER: &str = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";

/// R-9530-2-a, R-9530-3.1-b: the digests of the standard's own examples.
#[test]
fn content_with_its_digests_reaches_the_service() {
    let both = format!("{SHA_256}, {SHA_512}");
    for value in [SHA_256, SHA_512, &both] {
        for name in ["content-digest", "repr-digest"] {
            for method in ["PUT", "POST", "PATCH", "QUERY", "DELETE"] {
                let content = Full::<Bytes>::from(CONTENT);
                let sent = send(
                    &DigestLayer::verify(),
                    request(method, [(name, value)], content),
                );
                assert_eq!(sent.status(), 200, "{method} {name}: {value}");
                assert_eq!(sent.content(), CONTENT);
            }
        }
    }
}

/// R-9530-2-a
#[test]
fn content_that_differs_is_refused_before_the_service_runs() {
    // One of two known algorithms is enough.
    let half = format!("{SHA_512}, {OTHER}");
    let other_half = format!("{SHA_256}, {}", sha_512("other"));
    for value in [OTHER, &half, &other_half, &sha_512("")] {
        for name in ["content-digest", "repr-digest"] {
            let content = Full::<Bytes>::from(CONTENT);
            let sent = send(
                &DigestLayer::verify(),
                request("PUT", [(name, value)], content),
            );
            assert_eq!((sent.status(), sent.runs.len()), (400, 0), "{value}");
            let headers = sent.response.headers();
            assert_eq!(headers["want-content-digest"], "sha-256=10, sha-512=3");
            assert_eq!(headers["cache-control"], "no-store");
            assert!(!headers.contains_key("connection"));
            let outcome = Outcome::of(&sent.response).unwrap();
            assert!(outcome.is_digest_refused() && !outcome.handler_ran());
            assert_eq!(sent.problem().as_deref(), Some("differs"));
        }
    }
}

/// R-9530-3.1-b: both headers count, and in a request without `Content-Range` both cover the same bytes.
#[test]
fn two_headers_must_both_be_true() {
    let send_both = |content: &str, representation: &str, more: Option<(&str, &str)>| {
        let fields = [("content-digest", content), ("repr-digest", representation)];
        let request = request("PUT", fields.into_iter().chain(more), Full::from(CONTENT));
        send(&DigestLayer::verify(), request).status()
    };
    assert_eq!(send_both(SHA_256, SHA_512, None), 200);
    assert_eq!(send_both(SHA_256, OTHER, None), 400);
    assert_eq!(send_both(OTHER, SHA_256, None), 400);
    assert_eq!(send_both(OTHER, SHA_512, None), 400);
    // The representation is longer than the part, and was never sent.
    let part = Some(("content-range", "bytes 0-18/40"));
    assert_eq!(send_both(SHA_256, OTHER, part), 200);
    assert_eq!(send_both(OTHER, SHA_256, part), 400);
}

/// R-9530-5-a: deprecated algorithms prove nothing, and unknown ones cannot be computed.
#[test]
fn other_algorithms_are_ignored() {
    for value in [
        "md5=:AAAA:, sha=:AAAA:, unixsum=:AAAA:, unixcksum=:AAAA:, adler=:AAAA:, crc32c=:AAAA:",
        "sha3-256=:AAAA:",
        "id-sha-256=?0",
        "",
    ] {
        let sent = send(&DigestLayer::verify(), put(value));
        assert_eq!((sent.status(), sent.content()), (200, CONTENT.to_vec()));
        let with_known = format!("{value}, {OTHER}");
        let with_known = with_known.trim_start_matches(", ");
        assert_eq!(send(&DigestLayer::verify(), put(with_known)).status(), 400);
    }
}

/// A client that sends a digest wants it to be verified. So the layer does not guess.
#[test]
fn a_malformed_digest_is_refused_without_reading() {
    for value in [
        "sha-256",
        "sha-256=:AAAA:",
        "sha-256=\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"",
        "sha-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sha-512=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
        "SHA-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
        ":47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:,",
    ] {
        let fields = [("content-digest", value), ("expect", "100-continue")];
        let sent = send(
            &DigestLayer::verify(),
            request("PUT", fields, Upload::OfTheClient),
        );
        assert_eq!((sent.status(), sent.runs.len()), (400, 0), "{value}");
        assert_eq!(sent.problem().as_deref(), Some("malformed"), "{value}");
    }
}

/// R-9530-2-a: no content has the digest of no bytes.
#[test]
fn a_request_without_content_has_the_digest_of_nothing() {
    for (method, name, value, status) in [
        ("PUT", "content-digest", OTHER, 200),
        ("PUT", "content-digest", SHA_256, 400),
        ("PUT", "repr-digest", OTHER, 200),
        // An upload that lost its content on the way.
        ("PUT", "repr-digest", SHA_256, 400),
        ("GET", "content-digest", OTHER, 200),
        ("HEAD", "content-digest", SHA_256, 400),
        // A read encloses no representation.
        ("GET", "repr-digest", SHA_256, 200),
        ("HEAD", "repr-digest", SHA_256, 200),
        ("GET", "repr-digest", "sha-256", 400),
    ] {
        let request = request(method, [(name, value)], Empty::<Bytes>::new());
        let sent = send(&DigestLayer::verify(), request);
        assert_eq!(sent.status(), status, "{method} {name}: {value}");
        assert_eq!(sent.runs.len(), usize::from(status == 200));
    }
}

#[test]
fn content_that_lies_is_never_taken_for_whole() {
    let exact = |length| SizeHint::with_exact(length);
    let digest = sha_256("abc");
    let send_acts = |acts: Vec<Act>, hint: u64| {
        let body = ScriptedBody::unsized_(acts).with_hint(exact(hint));
        let request = request("PUT", [("content-digest", &*digest)], body);
        send(&DigestLayer::verify().max_body_bytes(8), request)
    };
    let abc = || vec![Act::data("a"), Act::Wait, Act::data(""), Act::data("bc")];
    for hint in [2, 3, 5, 8] {
        let with_trailers = [abc(), vec![Act::trailers()]].concat();
        let sent = send_acts(with_trailers, hint);
        assert_eq!((sent.status(), sent.content()), (200, b"abc".to_vec()));
        assert_eq!(sent.runs[0].last(), Some(&Act::trailers()), "{hint}");
        // An error at each place.
        for place in 0..=abc().len() {
            let mut acts = abc();
            acts.insert(place, Act::Error);
            let sent = send_acts(acts, hint);
            assert_eq!((sent.status(), sent.runs.len()), (400, 0), "{place}");
        }
        let short = send_acts(vec![Act::data("ab")], hint);
        assert_eq!((short.status(), short.runs.len()), (400, 0), "{hint}");
        let long = send_acts(vec![Act::data("abcd")], hint);
        assert_eq!((long.status(), long.runs.len()), (400, 0), "{hint}");
    }
    // Beyond the limit, the service reads on, and gets the error.
    let endless: Vec<_> = vec![Act::data(vec![b'x'; 1 << 20]); 4];
    let sent = send_acts(endless, 8);
    assert_eq!(
        (sent.status(), sent.runs[0].last()),
        (200, Some(&Act::Error))
    );
    assert_eq!(content(&sent.runs[0]).len(), 3 << 20);
}

/// The limit is the announced length. Nothing is read beyond it.
#[test]
fn content_up_to_the_limit_is_read_ahead() {
    let refused_ahead = |length: u64| {
        let body = ScriptedBody::sized([Act::data(vec![b'x'; length as usize])]);
        let request = request("PUT", [("content-digest", OTHER)], body);
        let sent = send(&DigestLayer::verify().max_body_bytes(100), request);
        sent.status() == 400 && sent.runs.is_empty()
    };
    assert!(refused_ahead(1) && refused_ahead(100) && !refused_ahead(101));
    let default = |length: u64| {
        let body = ScriptedBody::sized([Act::data(vec![b'x'; length as usize])]);
        let request = request("PUT", [("content-digest", OTHER)], body);
        send(&DigestLayer::verify(), request).status()
    };
    assert_eq!((default(1 << 20), default((1 << 20) + 1)), (400, 200));
}

/// A conversation, such as gRPC, has no announced length. It must not wait for its end.
#[test]
fn content_of_unknown_length_and_streaming_routes_are_not_read_ahead() {
    let fields = [("content-digest", SHA_256)];
    let layer = DigestLayer::verify();
    let handler = |request: http::Request<super::VerifiedBody<Silent>>| {
        drop(request);
        http::Response::new(Full::<Bytes>::default())
    };
    let service = tower::Layer::layer(&layer, crate::test_support::Handler(handler));
    let request_of = |body| request("POST", fields, body);
    let answer = crate::test_support::run(tower::ServiceExt::oneshot(
        service,
        request_of(Silent::Announced),
    ));
    assert_eq!(answer.unwrap().status(), 200);
    let sized = ScriptedBody::sized([Act::data("differs")]);
    let sent = send(&layer.streaming(), request("POST", fields, sized));
    assert_eq!((sent.status(), &sent.runs[0][..]), (200, &[Act::Error][..]));
}

/// Long content is hashed with pauses, and is still one frame for the service.
#[test]
fn long_content_is_hashed_with_pauses() {
    let long = vec![b'x'; 1_000_000];
    let body = Full::<Bytes>::from(long.clone());
    let digest = format!("{}, {}", sha_256(&long), sha_512(&long));
    let request = request("PUT", [("repr-digest", &*digest)], body);
    let handler = |_| http::Response::new(Full::<Bytes>::default());
    let service = tower::Layer::layer(
        &DigestLayer::verify(),
        crate::test_support::Handler(handler),
    );
    let (response, polls) =
        crate::test_support::run_counting(tower::ServiceExt::oneshot(service, request));
    assert_eq!((response.unwrap().status().as_u16(), polls), (200, 4));
}
