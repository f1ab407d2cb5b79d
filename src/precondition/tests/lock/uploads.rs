//! Content that comes late, or is long.

use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    time::advance,
};
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::*;

/// Content that arrives through a channel.
type Upload = StreamBody<UnboundedReceiverStream<Result<Frame<Bytes>, Infallible>>>;

fn upload() -> (UnboundedSender<Result<Frame<Bytes>, Infallible>>, Upload) {
    let (sender, receiver) = unbounded_channel();
    (
        sender,
        StreamBody::new(UnboundedReceiverStream::new(receiver)),
    )
}

/// Answers 204 after it has read its content.
fn reader(log: &Log) -> Handler<Upload> {
    let log = log.clone();
    handler(move |request: Request<RequestBody<Upload>>| {
        let log = log.clone();
        async move {
            let content = request.into_body().collect().await.unwrap().to_bytes();
            log.note(String::from_utf8_lossy(&content));
            status(StatusCode::NO_CONTENT)
        }
    })
}

fn put(condition: Option<(&str, &str)>, content: Upload) -> Request<Upload> {
    request("PUT", "/", condition).map(|_| content)
}

/// Issue 11, A.5: a client with a slow upload holds up no other write. Its write is
/// performed when the content is complete.
#[tokio::test(start_paused = true)]
async fn the_lock_is_taken_after_the_content_has_come() {
    for condition in [None, Some(("if-match", "\"1\""))] {
        let log = Log::default();
        let lock = KeyedLock::new();
        let service = PreconditionLayer::new(knows(tagged("1")))
            .lock(lock.clone(), path)
            .layer(reader(&log));
        let (drip, content) = upload();
        let slow = tokio::spawn(service.clone().oneshot(put(condition, content)));
        drip.send(Ok(Frame::data(Bytes::from("sl")))).unwrap();
        advance(Duration::from_secs(3600)).await;
        assert!(lock.is_empty());

        let (_, content) = upload();
        let honest = service.oneshot(put(condition, content)).await.unwrap();
        assert_eq!(honest.status(), 204);
        drip.send(Ok(Frame::data(Bytes::from("ow")))).unwrap();
        drop(drip);
        assert_eq!(slow.await.unwrap().unwrap().status(), 204);
        assert_eq!(log.take(), ["", "slow"]);
        assert!(lock.is_empty());
    }
}

/// A stale upload is refused before its content has come. So is one with
/// `Expect: 100-continue`, whose content would be sent if it were read.
#[tokio::test(start_paused = true)]
async fn a_stale_upload_need_not_be_sent() {
    let log = Log::default();
    let stale = ("if-match", "\"0\"");
    let service = PreconditionLayer::new(knows(tagged("1")))
        .lock(KeyedLock::new(), path)
        .layer(reader(&log));
    let (_drip, content) = upload();
    let slow = service.clone().oneshot(put(Some(stale), content));
    assert_eq!(slow.await.unwrap().status(), 412);

    // It has `Expect: 100-continue`, and its body panics when it is read.
    let waits = test_support::request("PUT", "/", [stale]);
    let unread = PreconditionLayer::new(knows(tagged("1")))
        .lock(KeyedLock::new(), path)
        .layer(handler(
            async |_: Request<RequestBody<test_support::Upload>>| -> Response<ScriptedBody> {
                panic!("a stale write was performed")
            },
        ));
    assert_eq!(unread.oneshot(waits).await.unwrap().status(), 412);
    assert!(log.take().is_empty());
}

/// Content beyond the limit is read under the lock, until the lock's `hold_timeout`. The
/// write is then dropped, with 500.
#[tokio::test(start_paused = true)]
async fn a_write_is_dropped_after_the_hold_timeout() {
    let log = Log::default();
    let lock = KeyedLock::new().hold_timeout(Duration::from_secs(7));
    let service = PreconditionLayer::new(knows(tagged("1")))
        .lock(lock.clone(), path)
        .max_read_ahead_bytes(10)
        .layer(reader(&log));
    let (drip, content) = upload();
    drip.send(Ok(Frame::data(Bytes::from("eleven bytes"))))
        .unwrap();
    let started = Instant::now();
    let current = Some(("if-match", "\"1\""));
    let slow = tokio::spawn(service.clone().oneshot(put(current, content)));
    while lock.is_empty() {
        yield_now().await;
    }
    let (_, content) = upload();
    let next = service.oneshot(put(current, content)).await.unwrap();
    assert_eq!(next.status(), 204);
    assert_eq!(started.elapsed().as_secs(), 7);
    let slow = slow.await.unwrap().unwrap();
    assert_eq!(slow.status(), 500);
    assert_eq!(log.take(), [""]);
}
