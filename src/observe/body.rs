use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::exchange::{ExchangeEnd, ExchangeScope, end_within, enter};
use crate::semantics::field::content_length;

pin_project! {
    /// The content of an observed response.
    ///
    /// Frames, errors, [`size_hint`](Body::size_hint) and
    /// [`is_end_stream`](Body::is_end_stream) are those of the inner body.
    pub struct ObservedBody<B> {
        // None only while it is dropped.
        #[pin]
        body: Option<B>,
        // The length of the head or of the body, if one is known.
        announced: Option<u64>,
        // None if the exchange is reported or not observed.
        scope: Option<ExchangeScope>,
    }

    impl<B> PinnedDrop for ObservedBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(exchange) = this.scope.as_mut().and_then(ExchangeScope::exchange) {
                exchange.set_end(ExchangeEnd::Incomplete);
            }
            end_within(this.scope, || this.body.set(None));
        }
    }
}

impl<B: Body<Data = Bytes>> ObservedBody<B> {
    /// Wraps the content of a response. An exchange without content is reported at once.
    pub(super) fn observe(
        response: Response<B>,
        mut scope: Option<ExchangeScope>,
    ) -> Response<Self> {
        let mut announced = None;
        if let Some(exchange) = scope.as_mut().and_then(ExchangeScope::exchange) {
            exchange.set_status(response.status());
            exchange.add_explained(response.extensions());
            let body = response.body();
            let declared = || content_length::declared_length(response.headers());
            announced = body.size_hint().exact().or_else(declared);
            // A server drops a body of which it needs nothing.
            let has_ended =
                body.is_end_stream() || announced == Some(0) || exchange.has_no_content();
            if let Some(scope) = &scope {
                scope.report_head();
            }
            if has_ended {
                if let Some(exchange) = scope.as_mut().and_then(ExchangeScope::exchange) {
                    exchange.set_end(ExchangeEnd::Complete);
                }
                // Reports the exchange.
                scope = None;
            }
        }
        response.map(|body| Self {
            body: Some(body),
            announced,
            scope,
        })
    }
}

impl<B: Body<Data = Bytes>> Body for ObservedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        let Some(mut body) = this.body.as_pin_mut() else {
            return Poll::Ready(None);
        };
        let frame = ready!(enter(this.scope, || body.as_mut().poll_frame(cx)));
        if let Some(exchange) = this.scope.as_mut().and_then(ExchangeScope::exchange) {
            let end = match &frame {
                Some(Ok(frame)) => {
                    let length = frame.data_ref().map_or(0, Bytes::len);
                    exchange.add_sent(length as u64);
                    // A server that has all announced bytes polls no further.
                    let has_announced =
                        |length: u64| this.announced.is_some_and(|announced| announced <= length);
                    let is_over = body.is_end_stream() || has_announced(exchange.bytes_sent());
                    is_over.then_some(ExchangeEnd::Complete)
                }
                Some(Err(_)) => Some(ExchangeEnd::BodyError),
                None if this
                    .announced
                    .is_none_or(|length| length <= exchange.bytes_sent()) =>
                {
                    Some(ExchangeEnd::Complete)
                }
                None => Some(ExchangeEnd::Incomplete),
            };
            if let Some(end) = end {
                exchange.set_end(end);
                // Reports the exchange.
                *this.scope = None;
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(B::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(B::size_hint).unwrap_or_default()
    }
}

impl<B: fmt::Debug> fmt::Debug for ObservedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedBody")
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
