//! Bodies pass unchanged, and count only if they ended.

use bytes::Bytes;
use http::Response;
use http_body::{Body, SizeHint};

use super::{Audit, AuditBody, AuditLayer, Code, assert_codes, get, ok, request};
use crate::test_support::{Act, ScriptedBody, read, read_unchecked, send};

fn pass(audit: &Audit, body: ScriptedBody) -> AuditBody<ScriptedBody> {
    let layer = AuditLayer::new(audit.clone());
    let mut body = Some(body);
    let response: Response<_> = send(&layer, request("GET", "/", &[]), |_| {
        let mut response = Response::new(body.take().expect("one request"));
        response
            .headers_mut()
            .insert("etag", "\"a\"".parse().unwrap());
        response
    });
    assert_eq!(response.headers()["etag"], "\"a\"");
    response.into_body()
}

/// R-9110-6.5-a, P-TR-bodyerr: frames, trailers and errors, in their order.
#[test]
fn a_body_passes_unchanged() {
    let scripts = [
        vec![],
        vec![Act::data("a")],
        vec![Act::data("a"), Act::data(""), Act::data("b")],
        vec![Act::data("a"), Act::Wait, Act::trailers()],
        vec![Act::trailers()],
        vec![Act::data("a"), Act::Error],
        vec![Act::Error],
    ];
    for script in scripts {
        let bodies = [
            ScriptedBody::sized(script.clone()),
            ScriptedBody::unsized_(script.clone()),
            ScriptedBody::sized(script.clone()).without_telling_end(),
        ];
        for body in bodies {
            let (hint, ended) = (body.size_hint(), body.is_end_stream());
            let passed = pass(&Audit::new(), body);
            assert_eq!(passed.is_end_stream(), ended);
            assert_eq!(passed.size_hint().lower(), hint.lower());
            assert_eq!(passed.size_hint().upper(), hint.upper());
            let expected: Vec<_> = script
                .iter()
                .filter(|act| **act != Act::Wait)
                .cloned()
                .collect();
            assert_eq!(read(passed), expected);
        }
    }
}

/// Reads the next frame.
fn step<B: Body<Data = Bytes> + Unpin>(body: &mut B) {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(std::pin::Pin::new(body).poll_frame(&mut cx).is_ready());
}

/// Returns `true` if a body that is handled this way counts as content "ab".
fn counts_as_content(body: ScriptedBody, treat: impl FnOnce(AuditBody<ScriptedBody>)) -> bool {
    let audit = Audit::new();
    treat(pass(&audit, body));
    get(&audit, &[], &ok(&[("etag", "\"a\"")], "xy"));
    let counted = super::codes(&audit);
    assert!(counted.is_empty() || counted == [Code::SameTagOtherBytes].into());
    !counted.is_empty()
}

/// R-9111-3.3-a.
#[test]
fn a_body_counts_only_if_it_ended() {
    let two = || [Act::data("a"), Act::data("b")];
    assert!(counts_as_content(ScriptedBody::sized(two()), |body| drop(
        read(body)
    )));
    assert!(counts_as_content(ScriptedBody::unsized_(two()), |body| {
        drop(read(body))
    }));
    let steps = |number: usize| {
        move |body: AuditBody<ScriptedBody>| {
            let mut body = Box::pin(body);
            for _ in 0..number {
                step(&mut body);
            }
        }
    };
    // After the last frame the body reports its end.
    assert!(counts_as_content(ScriptedBody::sized(two()), steps(2)));
    assert!(counts_as_content(ScriptedBody::unsized_(two()), steps(2)));
    assert!(counts_as_content(
        ScriptedBody::sized(two()).without_telling_end(),
        steps(2)
    ));
    let untold = || ScriptedBody::unsized_(two()).without_telling_end();
    assert!(!counts_as_content(untold(), steps(2)));
    assert!(counts_as_content(untold(), steps(3)));

    assert!(!counts_as_content(ScriptedBody::sized(two()), steps(1)));
    assert!(!counts_as_content(ScriptedBody::sized(two()), drop));
    // Issue 10, A.5: shorter or longer than `Content-Length`.
    for (announced, acts) in [(3, two().to_vec()), (1, vec![Act::data("ab")])] {
        let body = ScriptedBody::sized(acts).with_hint(SizeHint::with_exact(announced));
        assert!(!counts_as_content(body, |body| drop(read_unchecked(body))));
    }
    let broken = ScriptedBody::unsized_([Act::data("a"), Act::Error]);
    assert!(!counts_as_content(broken, |body| drop(read(body))));
}

#[test]
fn an_empty_body_counts() {
    let audit = Audit::new();
    drop(pass(&audit, ScriptedBody::sized([])));
    get(&audit, &[], &ok(&[("etag", "\"a\"")], "xy"));
    assert_codes(&audit, &[Code::SameTagOtherBytes]);
}

/// The digest depends on the bytes, and not on the frames.
#[test]
fn frames_make_no_difference() {
    let audit = Audit::new();
    read(pass(&audit, ScriptedBody::sized([Act::data("hello")])));
    read(pass(
        &audit,
        ScriptedBody::unsized_([Act::data("hel"), Act::data("lo")]),
    ));
    assert_codes(&audit, &[]);
}
