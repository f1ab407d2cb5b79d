//! Writes in an unknown state.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

use crate::precondition::tests::status;
use crate::{
    PreconditionLayer,
    handler::PreconditionFailed,
    semantics::condition::Current,
    source::{NoContentTag, OnSourceError, SelfGet, SelfGetMode, ValidatorSource, now},
    test_support::{
        Act, Handler, Log, ScriptedBody, Upload, content, knows, read, request, send, tagged,
    },
};

const CONDITION: (&str, &str) = ("if-match", "\"1\"");

type Respond = fn(Request<Upload>) -> Response<ScriptedBody>;

/// Returns the status of a `PUT` with a condition, to a service without `GET`.
fn put<Q, G>(layer: &PreconditionLayer<Q, G>) -> u16
where
    Q: ValidatorSource,
    G: SelfGetMode<Handler<Respond>, Upload>,
{
    let respond: Respond = |request| match *request.method() {
        Method::GET => status(StatusCode::METHOD_NOT_ALLOWED),
        _ => status(StatusCode::NO_CONTENT),
    };
    let answer = send(layer, request("PUT", "/", [CONDITION]), respond);
    answer.status().as_u16()
}

/// Issue 11, A.4: only a required condition needs a known state. A handler that compares is
/// enough.
#[test]
fn a_required_condition_is_checked() {
    let unknown = || PreconditionLayer::new(knows(Current::Unknown));
    assert_eq!(put(&unknown()), 204);
    assert_eq!(put(&unknown().require()), 412);
    assert_eq!(put(&unknown().require().proceed_when_unknown()), 204);

    let by_get = || PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart());
    assert_eq!(put(&by_get()), 204);
    assert_eq!(put(&by_get().require()), 412);
    assert_eq!(put(&by_get().require().proceed_when_unknown()), 204);

    assert_eq!(put(&PreconditionLayer::handler_checks().require()), 204);
}

/// A write that proceeds without a failed source does so under a required condition, too.
#[test]
fn writes_can_proceed_without_a_failed_source() {
    let fails = now(|_| Err::<Current, _>("down"));
    let layer = PreconditionLayer::new(fails).require();
    assert_eq!(put(&layer.on_source_error(OnSourceError::Proceed)), 204);
    let waits = crate::source::from_fn(async |_| {
        crate::test_support::wait_once().await;
        Err::<Current, _>("down")
    });
    let layer = PreconditionLayer::new(waits).require();
    assert_eq!(put(&layer.on_source_error(OnSourceError::Proceed)), 204);
}

/// The 404 of the `GET` is the answer, with its content.
#[test]
fn an_absent_target_gets_the_services_404() {
    let layer = PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart());
    let answer = send(&layer, request("DELETE", "/", [CONDITION]), |_| {
        let mut answer = Response::new(ScriptedBody::sized([Act::data("no such note")]));
        *answer.status_mut() = StatusCode::NOT_FOUND;
        answer
    });
    assert_eq!(answer.status(), 404);
    assert_eq!(content(&read(answer.into_body())), b"no such note");
}

/// The `GET` for the content of a 412 has `NoContentTag` if a source knows the state. No tag
/// is then made of that content.
#[test]
fn the_get_after_a_failed_comparison_knows_of_the_source() {
    let gets = |source: Current| {
        let log = Log::default();
        let noting = log.clone();
        let layer = PreconditionLayer::new(knows(source))
            .with_self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
        let answer = send(&layer, request("PUT", "/", [CONDITION]), move |request| {
            if request.method() == Method::GET {
                let known = request.extensions().get::<NoContentTag>().is_some();
                noting.note(if known { "known" } else { "unknown" });
                return status(StatusCode::METHOD_NOT_ALLOWED);
            }
            let (parts, content) = Response::<Bytes>::from(PreconditionFailed::new()).into_parts();
            Response::from_parts(parts, ScriptedBody::sized([Act::Data(content)]))
        });
        assert_eq!(answer.status(), 412);
        log.take()
    };
    assert_eq!(gets(tagged("1").into()), ["known"]);
    assert_eq!(gets(Current::Unknown), ["unknown", "unknown"]);
}

#[cfg(feature = "tokio")]
mod with_a_lock {
    use std::{convert::Infallible, future::ready};

    use futures_util::{FutureExt, stream};
    use http_body::{Body, Frame};
    use http_body_util::{Full, StreamBody};
    use tokio::{sync::oneshot, task::yield_now};
    use tower::{Layer, ServiceExt, service_fn};

    use super::*;
    use crate::{body::RequestBody, lock::KeyedLock};

    /// Returns the status of a request to a service that performs everything.
    async fn answer<Q: ValidatorSource, B>(
        layer: PreconditionLayer<Q>,
        key: Option<&'static str>,
        lock: KeyedLock,
        request: Request<B>,
    ) -> u16
    where
        B: Body<Data: Send, Error: Send> + Send + 'static,
    {
        let service =
            layer
                .lock(lock, move |_| key)
                .layer(service_fn(|_: Request<RequestBody<B>>| async {
                    Ok::<_, Infallible>(status(StatusCode::NO_CONTENT))
                }));
        service.oneshot(request).await.unwrap().status().as_u16()
    }

    /// Issue 11, A.4: a handler that compares does not replace a missing key, unless
    /// `proceed_when_unknown` is set.
    #[tokio::test]
    async fn a_comparing_handler_needs_a_key_by_default() {
        let put = || {
            let put = Request::put("/").header(CONDITION.0, CONDITION.1);
            put.body(Full::<Bytes>::from("text")).unwrap()
        };
        let compares = PreconditionLayer::handler_checks;
        let by_name = compares().proceed_when_unknown();
        let lock = KeyedLock::new;
        assert_eq!(answer(compares(), None, lock(), put()).await, 412);
        assert_eq!(answer(by_name, None, lock(), put()).await, 204);
        assert_eq!(answer(compares(), Some("/"), lock(), put()).await, 204);
    }

    /// RFC 9110, section 13.2.1: `CONNECT` changes no representation.
    #[tokio::test]
    async fn a_connect_takes_no_lock() {
        let lock = KeyedLock::new().max_waiters(0);
        let _held = lock.acquire("/").await.unwrap();
        let connect = Request::connect("/").header(CONDITION.0, "\"0\"");
        let connect = connect.body(Full::<Bytes>::default()).unwrap();
        let layer = PreconditionLayer::new(knows(tagged("1")));
        assert_eq!(answer(layer, Some("/"), lock, connect).await, 204);
    }

    /// Without a condition no source is called while the layer waits for the content.
    #[tokio::test]
    async fn an_unconditional_upload_does_not_depend_on_the_source() {
        let fails = now(|_| Err::<Current, _>("down"));
        let late = stream::once(async {
            yield_now().await;
            Ok::<_, Infallible>(Frame::data(Bytes::from("late")))
        });
        let put = Request::put("/").body(StreamBody::new(late)).unwrap();
        let layer = PreconditionLayer::new(fails);
        assert_eq!(answer(layer, Some("/"), KeyedLock::new(), put).await, 204);
    }

    /// The default limit of the content that is read ahead.
    #[tokio::test]
    async fn two_mebibytes_are_read_before_the_lock() {
        for (bytes, waits) in [((2 << 20) - 1024, true), ((2 << 20) + 1, false)] {
            let (send_rest, rest_comes) = oneshot::channel();
            let first = Frame::data(Bytes::from(vec![0; bytes]));
            let rest = async {
                rest_comes.await.unwrap();
                Ok(Frame::data(Bytes::new()))
            };
            let content = stream::StreamExt::chain(
                stream::once(ready(Ok::<_, Infallible>(first))),
                stream::once(rest),
            );
            let put = Request::put("/").body(StreamBody::new(content)).unwrap();
            let layer = PreconditionLayer::new(knows(tagged("1")));
            let answer = answer(layer, Some("/"), KeyedLock::new(), put);
            let mut answer = Box::pin(answer);
            let at_once = answer.as_mut().now_or_never();
            assert_eq!(at_once, (!waits).then_some(204), "{bytes}");
            if waits {
                send_rest.send(()).unwrap();
                assert_eq!(answer.await, 204);
            }
        }
    }
}
