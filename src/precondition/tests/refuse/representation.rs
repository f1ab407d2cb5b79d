//! The representation that a 412 carries: its state and its tag.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use http::{Request, Response};

use crate::precondition::tests::problem;
use crate::{
    EtagLayer, PreconditionLayer,
    clock::ManualClock,
    source::{SelfGet, ValidatorSource, now},
    test_support::{Act, ScriptedBody, Upload, content, knows, read, request, send, tagged},
};

const STALE: (&str, &str) = ("if-match", "\"0\"");

fn bare() -> Response<ScriptedBody> {
    Response::new(ScriptedBody::sized([Act::data("hello")]))
}

/// Returns a source whose version changes with each call, if `moves` is set.
fn versions(moves: bool) -> impl ValidatorSource {
    let version = Arc::new(AtomicU64::new(1));
    now(move |_| {
        let step = u64::from(moves);
        let version = version.fetch_add(step, Ordering::SeqCst);
        tagged(&version.to_string())
    })
}

/// Issue 10, A.2, R-9110-8.8.1-a: content that a write may have changed since is not
/// carried under the old tag. The newest tag goes out alone.
#[test]
fn a_representation_is_carried_if_its_tag_is_confirmed() {
    let layer = PreconditionLayer::new(versions(false))
        .with_self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
    let answer = send(&layer, request("PUT", "/", [STALE]), |_| bare());
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["etag"]),
        (412, &"\"1\"".parse().unwrap())
    );
    assert_eq!(content(&read(answer.into_body())), b"hello");

    let layer = PreconditionLayer::new(versions(true))
        .with_self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
    let answer = send(&layer, request("PUT", "/", [STALE]), |_| bare());
    assert_eq!(answer.status(), 412);
    assert_eq!(answer.headers()["etag"], "\"2\"");
    assert_eq!(problem(answer)["current"], "\"2\"");
}

/// Issue 10, A.2: a client cannot try again with a weak tag, so a stream is left out.
#[test]
fn a_stream_is_not_carried() {
    let layer = PreconditionLayer::new(knows(tagged("1")))
        .with_self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
    let answer = send(&layer, request("PUT", "/", [STALE]), |_| {
        Response::new(ScriptedBody::unsized_([Act::data("hello")]))
    });
    assert_eq!(answer.status(), 412);
    assert_eq!(answer.headers()["etag"], "\"1\"");
    assert_eq!(problem(answer)["current"], "\"1\"");
}

/// Issue 10, A.3: the tag in a 412 is the tag that a retry needs, and not a hash.
#[test]
fn the_tag_of_the_source_wins_over_a_hash() {
    let writes = PreconditionLayer::new(knows(tagged("1")))
        .with_self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
    let layer = tower_layer::Stack::new(EtagLayer::new(), writes);
    let answer = send(
        &layer,
        request("PUT", "/", [STALE]),
        |_: Request<Upload>| bare(),
    );
    assert_eq!(answer.headers()["etag"], "\"1\"");
    assert_eq!(content(&read(answer.into_body())), b"hello");
}

/// Issue 10, A.7: the extensions of the 200 are not on the 412.
#[test]
fn extensions_of_the_200_do_not_survive() {
    #[derive(Clone)]
    struct OfThe200;
    let layer =
        PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
    let answer = send(&layer, request("PUT", "/", [STALE]), |_| {
        let mut response = super::representation("\"1\"");
        response.extensions_mut().insert(OfThe200);
        response
    });
    assert_eq!(answer.status(), 412);
    assert!(answer.extensions().get::<OfThe200>().is_none());
}

/// R-9110-8.8.2.1-a: content that a 412 carries is not newer than the response.
#[test]
fn a_carried_representation_has_no_date_in_the_future() {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(784_111_777));
    let layer =
        PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
    let answer = send(&layer.clock(clock), request("PUT", "/", [STALE]), |_| {
        let mut response = super::representation("\"1\"");
        let date = "Mon, 01 Jan 2035 00:00:00 GMT".parse().unwrap();
        response.headers_mut().insert("last-modified", date);
        response
    });
    assert_eq!(answer.status(), 412);
    assert_eq!(
        answer.headers()["last-modified"],
        "Sun, 06 Nov 1994 08:49:37 GMT"
    );
    assert_eq!(content(&read(answer.into_body())), b"hello");
}
