//! Issue 11, A.8: refusals say if the unread content of their request closes the
//! connection.

use std::future::ready;

use http::{Method, Request, Response, StatusCode};
use http_body::Body;

use crate::precondition::tests::{representation, status};
use crate::{
    PreconditionLayer,
    semantics::condition::Current,
    source::{SelfGet, SelfGetMode, ValidatorSource, now},
    test_support::{Handler, ScriptedBody, Silent, knows, send, tagged},
};

const STALE: Option<(&str, &str)> = Some(("if-match", "\"0\""));

fn request(method: &str, field: Option<(&str, &str)>) -> Request<Silent> {
    let mut request = Request::builder().method(method).uri("/");
    if let Some((name, value)) = field {
        request = request.header(name, value);
    }
    request.body(Silent::Announced).unwrap()
}

/// Sends a request to a service that answers `GET` with `found`. Checks that the answer
/// says `close` if there is content and it is not performed.
fn check<Q, G>(
    layer: &PreconditionLayer<Q, G>,
    (method, field): (&str, Option<(&str, &str)>),
    found: StatusCode,
    expected: u16,
) where
    Q: ValidatorSource,
    G: SelfGetMode<Handler<Respond>, Silent>,
{
    let respond: Respond = match found {
        StatusCode::OK => |request| match *request.method() {
            Method::GET => representation("\"1\""),
            _ => status(StatusCode::CREATED),
        },
        StatusCode::FORBIDDEN => |_| status(StatusCode::FORBIDDEN),
        _ => |_| status(StatusCode::NOT_FOUND),
    };
    for content in [Silent::Announced, Silent::Empty] {
        let case = format!("{method} {field:?} {content:?}");
        let closes = expected != 201 && !content.is_end_stream();
        let request = request(method, field).map(|_| content);
        let answer = send(layer, request, respond);
        assert_eq!(answer.status(), expected, "{case}");
        assert_eq!(
            answer.headers().contains_key("connection"),
            closes,
            "{case}"
        );
    }
}

type Respond = fn(Request<Silent>) -> Response<ScriptedBody>;

#[test]
fn every_refusal_with_unread_content_closes_the_connection() {
    let ok = StatusCode::OK;
    let knows = PreconditionLayer::new(knows(tagged("1"))).require();
    check(&knows, ("PUT", STALE), ok, 412);
    check(&knows, ("PUT", None), ok, 428);
    check(&knows, ("PUT", Some(("if-match", "\"1\""))), ok, 201);
    let applied = knows.already_applied(|_, _| ready(true));
    check(&applied, ("PUT", STALE), ok, 204);

    let absent = now(|_| Current::Absent);
    check(&PreconditionLayer::new(absent), ("DELETE", STALE), ok, 404);
    let broken = now(|_| Err::<Current, _>("down"));
    let broken = PreconditionLayer::<_, ()>::new(broken);
    check(&broken, ("PUT", STALE), ok, 503);

    let asks = PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart());
    check(&asks, ("PUT", STALE), ok, 412);
    check(&asks, ("PUT", STALE), StatusCode::FORBIDDEN, 403);
    check(&asks, ("DELETE", STALE), StatusCode::NOT_FOUND, 404);
}

#[cfg(feature = "tokio")]
mod with_a_lock {
    use std::{convert::Infallible, time::Duration};

    use bytes::Bytes;
    use http_body::Body;
    use http_body_util::{Empty, Full};
    use tokio::{
        task::yield_now,
        time::{Instant, advance},
    };
    use tower::{Layer, ServiceExt, service_fn};

    use super::*;
    use crate::{body::RequestBody, lock::KeyedLock, test_support::Act};

    /// Returns the status of the answer, and `true` if it closes the connection.
    async fn put<B>(lock: KeyedLock, tag: &str, content: B) -> (u16, bool)
    where
        B: Body<Data: Send, Error: Send> + Send + 'static,
    {
        let service = PreconditionLayer::new(knows(tagged("1")))
            .lock(lock, |_| Some("/"))
            .layer(service_fn(|_: Request<RequestBody<B>>| async {
                Ok::<_, Infallible>(status(StatusCode::CREATED))
            }));
        let put = request("PUT", Some(("if-match", tag))).map(|_| content);
        let answer = service.oneshot(put).await.unwrap();
        let closes = answer.headers().contains_key("connection");
        (answer.status().as_u16(), closes)
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_that_is_not_acquired() {
        let lock = KeyedLock::new().timeout(Duration::from_secs(1));
        let _held = lock.acquire("/").await.unwrap();
        let text = Full::<Bytes>::from("text");
        assert_eq!(put(lock.clone(), "\"1\"", text).await, (503, false));
        let none = Empty::<Bytes>::new();
        assert_eq!(put(lock.clone(), "\"1\"", none).await, (503, false));
    }

    /// Content that has arrived does not close the connection, however long it is.
    #[tokio::test]
    async fn content_that_has_been_read() {
        let long = Full::<Bytes>::from(vec![b'x'; 100_000]);
        assert_eq!(put(KeyedLock::new(), "\"0\"", long).await, (412, false));
    }

    /// A client that got a 100 is sending its content, which is read to its end.
    #[tokio::test(start_paused = true)]
    async fn content_that_was_asked_for() {
        let lock = KeyedLock::new().timeout(Duration::from_secs(1));
        let _held = lock.acquire("/").await.unwrap();
        let service = PreconditionLayer::new(knows(tagged("1")))
            .lock(lock, |_| Some("/"))
            .max_read_ahead_bytes(1)
            .layer(service_fn(|_: Request<RequestBody<ScriptedBody>>| async {
                Ok::<_, Infallible>(status(StatusCode::CREATED))
            }));
        let content = ScriptedBody::sized([Act::data("one"), Act::data("two")]);
        let mut put = request("PUT", Some(("if-match", "\"1\""))).map(|_| content);
        let expect = "100-continue".parse().unwrap();
        put.headers_mut().insert("expect", expect);
        let answer = service.oneshot(put).await.unwrap();
        assert_eq!(answer.status(), 503);
        assert!(!answer.headers().contains_key("connection"));
    }

    /// So it is for a stale write without its content, and for one that may be performed.
    #[tokio::test(start_paused = true)]
    async fn missing_content_holds_up_no_other_write() {
        let lock = KeyedLock::new();
        let start = Instant::now();
        let refused = tokio::spawn(put(lock.clone(), "\"0\"", Silent::Announced));
        let waiting = tokio::spawn(put(lock.clone(), "\"1\"", Silent::Announced));
        // Both writes begin before the clock moves.
        yield_now().await;
        advance(Duration::from_millis(1)).await;
        let text = Full::<Bytes>::from("text");
        assert_eq!(put(lock.clone(), "\"1\"", text).await, (201, false));
        assert_eq!(start.elapsed().as_millis(), 1);
        assert_eq!(refused.await.unwrap(), (412, true));
        assert_eq!(start.elapsed().as_millis(), 250);
        assert!(!waiting.is_finished());
        assert!(lock.is_empty());
    }
}
