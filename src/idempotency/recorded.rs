//! The content of a response that is recorded.

use std::{future::poll_fn, task::Poll};

use bytes::Bytes;
use http::{StatusCode, response};
use http_body::Body;

use crate::{
    body::{Collector, ReadEnd, ReadStep, ResponseBody, read_at_once},
    semantics::retry::{SealReason, is_repeatable_response},
};

/// The content to record.
pub(super) enum RecordedContent {
    Whole(Bytes),
    Not(SealReason),
}

/// Reads the content of a response. The returned body is whole, whatever was read.
///
/// Nothing is read of content that cannot be repeated, so that a stream is not held up.
pub(super) async fn read<B: Body<Data = Bytes>>(
    head: &response::Parts,
    body: B,
    max_bytes: usize,
) -> (ResponseBody<B>, RecordedContent) {
    let is_switch = head.status == StatusCode::SWITCHING_PROTOCOLS;
    let announced = body.size_hint().exact();
    let announced = announced.filter(|_| !is_switch && is_repeatable_response(&head.headers));
    let reason = match announced {
        Some(announced) if announced <= max_bytes as u64 => {
            return collect(body, announced, max_bytes).await;
        }
        Some(_) => SealReason::TooLarge,
        None => SealReason::Unrepeatable,
    };
    (ResponseBody::inner(body), RecordedContent::Not(reason))
}

async fn collect<B: Body<Data = Bytes>>(
    body: B,
    announced: u64,
    max_bytes: usize,
) -> (ResponseBody<B>, RecordedContent) {
    let mut body = Some(body);
    let read = poll_fn(|cx| {
        let body = body.take().expect("polled once");
        Poll::Ready(read_at_once(cx, body, announced, max_bytes))
    });
    let begun = match read.await {
        Ok(content) => {
            return (
                ResponseBody::bytes(content.clone()),
                RecordedContent::Whole(content),
            );
        }
        Err(begun) => begun,
    };
    let mut collector = Collector::new(begun, announced, max_bytes as u64);
    let ending = loop {
        match poll_fn(|cx| collector.poll_step(cx)).await {
            ReadStep::Data => {}
            ReadStep::Ended(ending) => break ending,
        }
    };
    let recorded = match ending {
        ReadEnd::Complete if !collector.has_trailers() => {
            RecordedContent::Whole(collector.content())
        }
        ReadEnd::TooManyFrames => RecordedContent::Not(SealReason::TooLarge),
        // The first caller sees how the body broke. Nobody else can.
        ReadEnd::Complete | ReadEnd::LengthMismatch | ReadEnd::Broken => {
            RecordedContent::Not(SealReason::Unrepeatable)
        }
    };
    (collector.into_body(), recorded)
}
