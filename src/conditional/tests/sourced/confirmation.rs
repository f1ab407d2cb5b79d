//! Tags that are read before the service runs, and confirmed after it.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use http::{Request, Response, StatusCode, request::Parts};

use crate::conditional::tests::Answer;
use crate::{
    ConditionalLayer, EtagLayer,
    semantics::condition::Current,
    source::{ValidatorSource, now},
    test_support::{Act, ScriptedBody, Upload, content, read, request, send, tagged, wait_once},
};

/// A resource that another writer changes while the service reads it.
#[derive(Clone, Default)]
struct Moving {
    version: Arc<AtomicU64>,
    calls: Arc<AtomicU64>,
    moves: bool,
}

impl Moving {
    fn new(moves: bool) -> Self {
        Self {
            moves,
            ..Self::default()
        }
    }

    fn source(&self) -> impl ValidatorSource + Clone + use<> {
        let this = self.clone();
        now(move |_| this.current())
    }

    fn current(&self) -> Current {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let version = self.version.load(Ordering::SeqCst);
        tagged(&version.to_string()).into()
    }

    /// Returns the content after the other writer.
    fn serve(&self) -> ScriptedBody {
        if self.moves {
            self.version.fetch_add(1, Ordering::SeqCst);
        }
        let version = self.version.load(Ordering::SeqCst);
        ScriptedBody::sized([Act::data(format!("content {version}"))])
    }

    fn get(&self, fields: &[(&str, &str)]) -> Answer {
        let layer = ConditionalLayer::new().source(self.source());
        self.get_through(&layer, fields)
    }

    fn get_through<Q: ValidatorSource>(
        &self,
        layer: &ConditionalLayer<crate::conditional::SourceConfig<Q>>,
        fields: &[(&str, &str)],
    ) -> Answer {
        let this = self.clone();
        let request = request("GET", "/", fields.iter().copied());
        send(layer, request, move |_: Request<Upload>| {
            Response::new(this.serve())
        })
    }

    fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }
}

/// Issue 10, A.2, R-9110-8.8.1-a: one strong tag never identifies two contents. The old tag
/// does not go out on content that a write may have changed.
#[test]
fn a_strong_tag_goes_out_only_if_nothing_changed() {
    let still = Moving::new(false);
    let answer = still.get(&[]);
    assert_eq!(answer.headers()["etag"], "\"0\"");
    assert_eq!(still.calls(), 2);

    let moving = Moving::new(true);
    let answer = moving.get(&[]);
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(!answer.headers().contains_key("etag"));
    assert_eq!(content(&read(answer.into_body())), b"content 1");
}

/// The second read can be switched off.
#[test]
fn without_confirmation_the_label_goes_out_as_it_was_read() {
    let moving = Moving::new(true);
    let layer = ConditionalLayer::new().source(moving.source());
    let answer = moving.get_through(&layer.without_confirmation(), &[]);
    assert_eq!(answer.headers()["etag"], "\"0\"");
    assert_eq!(moving.calls(), 1);
}

/// Issue 10, A.2: a handler that reads version and content in one statement
/// sets the tag itself, and no second read happens.
#[test]
fn a_handlers_own_tag_needs_no_confirmation() {
    let moving = Moving::new(true);
    let layer = ConditionalLayer::new().source(moving.source());
    let this = moving.clone();
    let answer = send(
        &layer,
        request("GET", "/", []),
        move |_: Request<Upload>| {
            let mut response = Response::new(this.serve());
            let own = "\"1\"".parse().unwrap();
            response.headers_mut().insert("etag", own);
            response
        },
    );
    assert_eq!(answer.headers()["etag"], "\"1\"");
    assert_eq!(moving.calls(), 1);
}

/// Issue 10, A.2: content that is read after its head gets a weak tag, and a part gets
/// none. Neither causes a second read.
#[test]
fn streams_and_parts_get_no_strong_tag() {
    for (status, field, tag) in [
        (200, "x-plain", Some("W/\"0\"")),
        (200, "content-encoding", Some("W/\"0\"")),
        (206, "content-range", None),
    ] {
        let still = Moving::new(false);
        let layer = ConditionalLayer::new().source(still.source());
        let answer = send(
            &layer,
            request("GET", "/", []),
            move |_: Request<Upload>| {
                let body = match field {
                    "x-plain" => ScriptedBody::unsized_([Act::data("hello")]),
                    _ => ScriptedBody::sized([Act::data("hello")]),
                };
                let response = Response::builder().status(status).header(field, "x");
                response.body(body).unwrap()
            },
        );
        let found = answer
            .headers()
            .get("etag")
            .map(|tag| tag.to_str().unwrap());
        assert_eq!(found, tag, "{status} {field}");
        assert_eq!(still.calls(), 1, "{status} {field}");
    }
}

/// A condition that was true for the state of the source stays true if the tag becomes weak or
/// is left out.
#[test]
fn a_condition_that_held_still_holds_for_a_weakened_tag() {
    for moves in [false, true] {
        let moving = Moving::new(moves);
        let layer = ConditionalLayer::new().source(moving.source());
        let conditional = request(
            "GET",
            "/",
            [("if-match", "\"0\""), ("if-none-match", "\"9\"")],
        );
        let this = moving.clone();
        let answer = send(&layer, conditional, move |_: Request<Upload>| {
            this.serve();
            Response::new(ScriptedBody::unsized_([Act::data("hello")]))
        });
        // The changed content must not be joined to the part that the client has.
        assert_eq!(answer.status(), if moves { 412 } else { 200 });
        let tag = if moves { "\"1\"" } else { "W/\"0\"" };
        assert_eq!(answer.headers()["etag"], tag);
    }
}

/// R-9110-13.1.1-g: a part may be of another state than the client named, so `If-Match` is
/// checked again.
#[test]
fn if_match_with_a_range_is_checked_again() {
    for (moves, status) in [(false, 206), (true, 412)] {
        let moving = Moving::new(moves);
        let layer = ConditionalLayer::new().source(moving.source());
        let conditional = request("GET", "/", [("if-match", "\"0\""), ("range", "bytes=0-1")]);
        let this = moving.clone();
        let answer = send(&layer, conditional, move |_: Request<Upload>| {
            let mut part = Response::new(this.serve());
            *part.status_mut() = StatusCode::PARTIAL_CONTENT;
            part
        });
        assert_eq!(answer.status(), status);
    }
}

/// Issue 12: a condition that can fail is checked again for every label, also for a weak
/// tag or a date.
#[test]
fn a_condition_that_can_fail_is_checked_again() {
    use crate::semantics::field::HttpDate;

    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    let dated = |seconds| {
        let date = HttpDate::from_unix_seconds(seconds);
        crate::semantics::validator::Validators::new().with_last_modified(date)
    };
    let weak = |tag: &str| {
        crate::semantics::validator::Validators::from(
            crate::semantics::validator::EntityTag::weak(tag).unwrap(),
        )
    };
    let before = ("if-unmodified-since", BEFORE);
    for (condition, states, status) in [
        (before, [dated(784_111_777), dated(784_111_777)], 200),
        (before, [dated(784_111_777), dated(784_111_778)], 412),
        (("if-match", "*"), [weak("0"), weak("0")], 200),
    ] {
        let calls = AtomicU64::new(0);
        let source = now(move |_| {
            let state = &states[calls.fetch_add(1, Ordering::SeqCst) as usize];
            Current::from(state)
        });
        let layer = ConditionalLayer::new().source(source);
        let answer = Moving::new(false).get_through(&layer, &[condition]);
        assert_eq!(answer.status(), status, "{condition:?}");
    }
}

/// A source that fails confirms nothing.
#[test]
fn a_failed_second_read_leaves_the_tag_out() {
    let calls = Arc::new(AtomicU64::new(0));
    let source = now(move |_| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => Ok(tagged("0")),
        _ => Err("down"),
    });
    let layer = ConditionalLayer::new().source(source);
    let answer = Moving::new(false).get_through(&layer, &[("if-none-match", "\"9\"")]);
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(!answer.headers().contains_key("etag"));
}

/// A second read that fails is a failed source, with the same two reactions.
#[test]
fn a_failed_second_read_can_be_refused() {
    let calls = AtomicU64::new(0);
    let source = now(move |_| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => Ok(tagged("0")),
        _ => Err("down"),
    });
    let layer = ConditionalLayer::new().source(source);
    let layer = layer.on_source_error(crate::source::OnSourceError::Refuse);
    let answer = Moving::new(false).get_through(&layer, &[("if-match", "\"0\"")]);
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
}

/// Issue 10, A.3: if the source knows the state, no layer on either side hashes the content,
/// with any label. Otherwise the content is hashed.
#[test]
fn nothing_is_hashed_if_the_source_knows_the_state() {
    let sourced = |current: Current| ConditionalLayer::new().source(now(move |_| current.clone()));
    for (current, tag) in [
        (tagged("7").into(), Some("\"7\"")),
        (Current::Absent, None),
        (Current::Unknown, Some("hash")),
    ] {
        for outside in [false, true] {
            let answer = if outside {
                let layer = tower_layer::Stack::new(sourced(current.clone()), EtagLayer::new());
                answer_of(&layer)
            } else {
                let layer = tower_layer::Stack::new(EtagLayer::new(), sourced(current.clone()));
                answer_of(&layer)
            };
            match tag {
                Some("hash") => assert_eq!(answer.unwrap().len(), 24, "{current:?}"),
                tag => assert_eq!(answer.as_deref(), tag, "{current:?} {outside}"),
            }
        }
    }
    let moving = Moving::new(true);
    let inside = ConditionalLayer::new().source(moving.source());
    let this = moving.clone();
    let layer = tower_layer::Stack::new(inside, EtagLayer::new());
    let answer = send(
        &layer,
        request("GET", "/", []),
        move |_: Request<Upload>| Response::new(this.serve()),
    );
    assert!(!answer.headers().contains_key("etag"));
}

/// Returns the tag of a 200 that goes through `layer`.
fn answer_of<L, B>(layer: &L) -> Option<String>
where
    L: tower_layer::Layer<
            crate::test_support::Handler<fn(Request<Upload>) -> Response<ScriptedBody>>,
        >,
    L::Service: tower_service::Service<Request<Upload>, Response = Response<B>, Error = Infallible>,
{
    let hello: fn(Request<Upload>) -> Response<ScriptedBody> =
        |_| Response::new(ScriptedBody::sized([Act::data("hello")]));
    let answer = send(layer, request("GET", "/", []), hello);
    let tag = answer.headers().get("etag")?;
    Some(tag.to_str().unwrap().to_owned())
}

/// A source that returns its first answer at once. Every other answer has to be awaited.
struct ReadyOnceSource {
    moving: Moving,
}

impl ValidatorSource for ReadyOnceSource {
    type Error = Infallible;

    async fn current(&self, _: &Parts) -> Result<Current, Infallible> {
        wait_once().await;
        Ok(self.moving.current())
    }

    fn try_current(&self, _: &Parts) -> Option<Result<Current, Infallible>> {
        let is_first = self.moving.calls.load(Ordering::SeqCst) == 0;
        is_first.then(|| Ok(self.moving.current()))
    }
}

/// Issue 12: the second answer of a source may have to be awaited, even if the first was
/// returned at once.
#[test]
fn a_confirmation_is_awaited() {
    for (moves, etag) in [(false, Some("\"0\"")), (true, None)] {
        let moving = Moving::new(moves);
        let source = ReadyOnceSource {
            moving: moving.clone(),
        };
        let answer = moving.get_through(&ConditionalLayer::new().source(source), &[]);
        assert_eq!(answer.status(), StatusCode::OK);
        let labelled = answer.headers().get("etag");
        assert_eq!(labelled.map(|tag| tag.to_str().unwrap()), etag);
        assert_eq!(moving.calls.load(Ordering::SeqCst), 2);
    }
}
