//! A body whose end is reported.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::{ResponseBody, ResponseBodyKind, content_in_one_piece};

/// The way in which a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentEnd {
    /// All content was read, and it has the announced length.
    Complete,
    /// The body announced its length, and was dropped before anything of it was read. Layers
    /// outside do that if the response becomes a 304.
    Unread,
    /// The body returned an error, had another length than it announced, or was dropped before
    /// its end.
    Broken,
}

/// Receives the end of a body, once.
pub(crate) type OnEnd = Box<dyn FnOnce(ContentEnd) + Send + Sync>;

/// A body whose end is reported, and which is otherwise unchanged.
pub(super) struct WatchedBody<B: Body> {
    body: Pin<Box<ResponseBody<B>>>,
    /// The length that was announced, if there was one.
    announced: Option<u64>,
    read: u64,
    is_unread: bool,
    on_end: Option<OnEnd>,
}

/// Reports the end of a body to `on_end`: at once if all content is there, and otherwise when
/// the last frame was read. `length` is that of the header, if there is one. A server stops reading
/// there.
pub(crate) fn watch<B: Body<Data = Bytes>>(
    cx: &mut Context<'_>,
    body: B,
    length: Option<u64>,
    on_end: OnEnd,
) -> ResponseBody<B> {
    if body.is_end_stream() {
        on_end(ContentEnd::Complete);
        return ResponseBody::inner(body);
    }
    let Some(announced) = body.size_hint().exact() else {
        return watched(ResponseBody::inner(body), length, on_end);
    };
    match content_in_one_piece(cx, body, announced) {
        Ok(content) => {
            on_end(ContentEnd::Complete);
            ResponseBody::bytes(content)
        }
        Err(body) => watched(body, Some(announced), on_end),
    }
}

fn watched<B: Body<Data = Bytes>>(
    body: ResponseBody<B>,
    announced: Option<u64>,
    on_end: OnEnd,
) -> ResponseBody<B> {
    let watched = Box::new(WatchedBody {
        body: Box::pin(body),
        announced,
        read: 0,
        is_unread: true,
        on_end: Some(on_end),
    });
    ResponseBody {
        kind: ResponseBodyKind::Watched { watched },
    }
}

impl<B: Body<Data = Bytes>> WatchedBody<B> {
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(self.body.as_mut().poll_frame(cx));
        self.is_unread = false;
        match &frame {
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                self.read = self.read.saturating_add(length as u64);
                // A server that has got all announced bytes polls no further.
                if self.body.is_end_stream() || self.announced == Some(self.read) {
                    self.end();
                }
            }
            Some(Err(_)) => self.report(ContentEnd::Broken),
            None => self.end(),
        }
        Poll::Ready(frame)
    }

    fn end(&mut self) {
        let is_whole = self.announced.is_none_or(|length| length == self.read);
        self.report(if is_whole {
            ContentEnd::Complete
        } else {
            ContentEnd::Broken
        });
    }

    pub(super) fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: Body> WatchedBody<B> {
    fn report(&mut self, end: ContentEnd) {
        if let Some(on_end) = self.on_end.take() {
            on_end(end);
        }
    }
}

impl<B: Body> Drop for WatchedBody<B> {
    fn drop(&mut self) {
        self.report(if self.is_unread && self.announced.is_some() {
            ContentEnd::Unread
        } else {
            ContentEnd::Broken
        });
    }
}
