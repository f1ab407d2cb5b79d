//! One request to a cache, and the meaning of its response.

use std::{future::poll_fn, pin::pin};

use bytes::{Buf, Bytes};
use http::{Request, Response, StatusCode};
use http_body::Body;
use tower_service::Service;

use super::purge_request::{PurgeRequest, PurgeSubject};
use crate::BoxError;
use crate::purge::NotPurged;

/// The maximum length of a response that is read, so that the connection can be reused.
const MAX_DRAINED_BYTES: usize = 64 * 1024;

pub(super) async fn send<C, B, ResB>(client: &C, message: PurgeRequest) -> Result<(), NotPurged>
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
    if head.status.is_success() || message.subject == PurgeSubject::Url && is_absent(head.status) {
        Ok(())
    } else {
        Err(NotPurged::answered(head.status, &head.headers))
    }
}

/// Returns `true` if the cache has no response for this URL. Later versions of nginx's module
/// respond with 412.
fn is_absent(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NOT_FOUND | StatusCode::PRECONDITION_FAILED
    )
}

/// Reads a short response body. Errors are ignored, since the status has been received.
async fn drain<B: Body>(body: B) {
    let mut body = pin!(body);
    let mut left = MAX_DRAINED_BYTES;
    while let Some(Ok(frame)) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        // A frame without data counts as one byte, or the loop might never end.
        let length = frame.data_ref().map_or(1, |data| data.remaining().max(1));
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}
