//! One request to a cache, and what its answer means.

use std::{future::poll_fn, pin::pin};

use bytes::{Buf, Bytes};
use http::{Request, Response, StatusCode};
use http_body::Body;
use tower_service::Service;

use super::message::{Message, Subject};
use crate::purge::{BoxError, NotPurged};

/// So much of an answer is read, so that the connection can be used again.
const DRAINED: usize = 64 * 1024;

pub(super) async fn send<C, B, ResB>(client: &C, message: Message) -> Result<(), NotPurged>
where
    C: Service<Request<B>, Response = Response<ResB>> + Clone,
    C::Error: Into<BoxError>,
    B: From<Bytes>,
    ResB: Body,
{
    let mut client = client.clone();
    poll_fn(|cx| client.poll_ready(cx))
        .await
        .map_err(NotPurged::unreachable)?;
    let called = client.call(message.request.map(B::from));
    let (head, body) = called.await.map_err(NotPurged::unreachable)?.into_parts();
    drain(body).await;
    if head.status.is_success() || message.subject == Subject::Url && is_absent(head.status) {
        Ok(())
    } else {
        Err(NotPurged::answered(head.status, &head.headers))
    }
}

/// The cache has nothing for this URL. Later versions of nginx's module say 412.
fn is_absent(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NOT_FOUND | StatusCode::PRECONDITION_FAILED
    )
}

/// Reads what little there is. The status has said what matters, so that an
/// error is none.
async fn drain<B: Body>(body: B) {
    let mut body = pin!(body);
    let mut left = DRAINED;
    while let Some(Ok(frame)) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        // A frame without data counts too, or they could go on for ever.
        let length = frame.data_ref().map_or(1, |data| data.remaining().max(1));
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}
