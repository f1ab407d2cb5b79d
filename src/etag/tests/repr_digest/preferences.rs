//! `Want-Repr-Digest`: the preferences of the client.

use http::{HeaderValue, Method, Request, Response, header::VARY};
use tower::{Layer, Service};

use super::{
    Act, ScriptedBody, WANT_REPR_DIGEST, ask, digest, hello, layer, request, sha256, sha512, tag,
    vary,
};
use crate::test_support::{Handler, content, read, run_counting};

/// R-9530-5-a.
#[test]
fn the_client_chooses_the_algorithm() {
    let (short, long) = (sha256("hello"), sha512("hello"));
    let rows = [
        (None, Some(&short)),
        (Some("sha-256=1"), Some(&short)),
        (Some("sha-512=1"), Some(&long)),
        (Some("sha-512=5, sha-256=9"), Some(&short)),
        (Some("sha-256=0"), None),
        (Some("sha-256=0, sha-512=2"), Some(&long)),
        (Some("md5=10, sha=10, unixsum=9"), Some(&short)),
        (Some("sha-512"), Some(&short)),
        (Some("sha-512=11"), Some(&short)),
        (Some(",,"), Some(&short)),
    ];
    for (wanted, expected) in rows {
        let response = ask(&layer(), &Method::GET, wanted, Response::new(hello()));
        assert_eq!(
            digest(&response),
            expected.map(String::as_str),
            "{wanted:?}"
        );
        // Every response varies, for other clients get another one (RFC 9110, section 12.5.5).
        assert_eq!(vary(&response), Some("want-repr-digest"), "{wanted:?}");
        assert!(tag(&response).is_some());
    }
}

/// The tag is the same for all clients, and so is the content.
#[test]
fn a_sha_512_of_long_content_is_that_of_all_bytes() {
    let bytes: Vec<_> = (0..300 * 1024_u32).map(|at| at as u8).collect();
    let expected = sha512(&bytes);
    let of = |wanted, acts| {
        let response = Response::new(ScriptedBody::sized(acts));
        ask(&layer(), &Method::GET, wanted, response)
    };
    let usual = of(None, vec![Act::data(&bytes)]);
    for portion in [1000, 32 * 1024, 32 * 1024 + 1, 512 * 1024] {
        let data = bytes.chunks(portion).map(Act::data);
        let waiting = data.clone().flat_map(|data| [Act::Wait, data]);
        for acts in [data.collect::<Vec<_>>(), waiting.collect()] {
            let response = of(Some("sha-512=10"), acts);
            assert_eq!(digest(&response), Some(expected.as_str()), "{portion}");
            assert!(tag(&response).unwrap().strong_eq(&tag(&usual).unwrap()));
            assert_eq!(content(&read(response.into_body())), bytes);
        }
    }
}

/// A further hash takes longer, so other tasks run after fewer bytes.
#[test]
fn a_further_hash_pauses_more_often() {
    let polls = |wanted: Option<&'static str>| {
        let mut sent = request(&Method::GET);
        if let Some(wanted) = wanted {
            let wanted = HeaderValue::from_static(wanted);
            sent.headers_mut().insert(WANT_REPR_DIGEST, wanted);
        }
        let body = || ScriptedBody::sized([Act::data(vec![7; 128 * 1024])]);
        let mut service = layer().layer(Handler(|_: Request<()>| Response::new(body())));
        run_counting(service.call(sent)).1
    };
    assert_eq!(polls(None), 1);
    assert_eq!(polls(Some("sha-256=10")), 1);
    assert_eq!(polls(Some("sha-512=10")), 4);
}

#[test]
fn other_headers_that_select_the_response_stay_in_vary() {
    for (before, after) in [
        ("Accept", "accept, want-repr-digest"),
        ("accept, Want-Repr-Digest", "accept, Want-Repr-Digest"),
        ("*", "*"),
    ] {
        let mut response = Response::new(hello());
        let before = HeaderValue::from_static(before);
        response.headers_mut().insert(VARY, before);
        let response = ask(&layer(), &Method::GET, None, response);
        assert_eq!(vary(&response), Some(after));
    }
}
