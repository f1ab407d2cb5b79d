//! The body of the handler is dropped when nobody needs it, and a body that waits holds nothing up.

use std::{
    convert::Infallible,
    future::ready,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::Semaphore;
use tower::{Layer, service_fn};
use tower_conditional::{RangeLayer, stack};

use super::{assert_part, read};
use crate::support::{Client, H1, H2, Server, in_time};

const CONTENT: &[u8] = b"0123456789";

/// A body that gives some bytes, one in each frame, and is never ready again.
struct Stalling {
    sent: usize,
    stalls_at: usize,
    dropped: Arc<Semaphore>,
}

impl Body for Stalling {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.sent == self.stalls_at {
            return Poll::Pending;
        }
        let byte = Bytes::from_static(&CONTENT[self.sent..=self.sent]);
        self.sent += 1;
        Poll::Ready(Some(Ok(Frame::data(byte))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact((CONTENT.len() - self.sent) as u64)
    }
}

impl Drop for Stalling {
    fn drop(&mut self) {
        self.dropped.add_permits(1);
    }
}

/// Returns a server whose paths are the number of bytes before the body stalls.
async fn start(dropped: &Arc<Semaphore>) -> Server {
    let dropped = Arc::clone(dropped);
    let handler = service_fn(move |request: Request<Incoming>| {
        ready(Ok::<_, Infallible>(Response::new(Stalling {
            sent: 0,
            stalls_at: request.uri().path()[1..].parse().expect("a number"),
            dropped: Arc::clone(&dropped),
        })))
    });
    let layer = stack().without_etag().ranges(RangeLayer::new());
    Server::start(layer.layer(handler)).await
}

async fn drop_of_body(dropped: &Semaphore) {
    in_time(dropped.acquire()).await.unwrap().forget();
}

/// R-9110-15.3.7.1-a: a part ends with its last byte. The body is not asked for what follows, and is
/// dropped.
#[tokio::test]
async fn a_part_does_not_wait_for_what_follows_it() {
    let dropped = Arc::new(Semaphore::new(0));
    let server = start(&dropped).await;
    for mut client in Client::both(&server).await {
        for bytes in 1..CONTENT.len() {
            for first in 0..bytes {
                let field = format!("range: bytes={first}-{}", bytes - 1);
                let reply = read(&mut client, &format!("/{bytes}"), &[&field]).await;
                assert_part(&reply, CONTENT, first, bytes - 1, client.version());
                drop_of_body(&dropped).await;
            }
        }
    }
}

/// P-TR-tower: a client that leaves in the middle of a part, or before it, drops the body.
#[tokio::test]
async fn a_client_that_leaves_drops_the_body() {
    let dropped = Arc::new(Semaphore::new(0));
    let server = start(&dropped).await;
    for stalls_at in [0, 3, 6] {
        let path = format!("/{stalls_at}");
        let fields = ["range: bytes=4-8"];
        let mut h1 = H1::connect(&server).await;
        h1.send("GET", &path, &fields).await;
        let (status, headers) = in_time(h1.head()).await.unwrap();
        assert_eq!(
            (status, &headers["content-length"]),
            (206, &"5".parse().unwrap())
        );
        if stalls_at == 6 {
            assert_eq!(in_time(h1.take(2)).await, b"45");
        }
        assert_eq!(dropped.available_permits(), 0);
        drop(h1);
        drop_of_body(&dropped).await;

        let mut h2 = H2::connect(&server).await;
        let response = in_time(h2.send("GET", &path, &fields)).await;
        assert_eq!(response.status(), 206);
        assert_eq!(dropped.available_permits(), 0);
        // The connection stays. The stream alone is reset.
        drop(response);
        drop_of_body(&dropped).await;
        drop(h2);
    }
}

/// R-9110-14.2-c: a refused range drops the body of the 200 unread.
#[tokio::test]
async fn a_refused_range_drops_the_body() {
    let dropped = Arc::new(Semaphore::new(0));
    let server = start(&dropped).await;
    for mut client in Client::both(&server).await {
        let reply = read(&mut client, "/0", &["range: bytes=10-"]).await;
        assert_eq!(reply.status, 416);
        assert_eq!(reply.field("content-range"), Some("bytes */10"));
        drop_of_body(&dropped).await;
    }
}
