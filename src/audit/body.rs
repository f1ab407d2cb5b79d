use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::record::Reading;

pin_project! {
    /// The service's own body, of which data is hashed as it passes.
    ///
    /// Frames, errors, [`size_hint`](Body::size_hint) and
    /// [`is_end_stream`](Body::is_end_stream) are those of the body inside.
    #[derive(Debug)]
    pub struct AuditedBody<B> {
        #[pin]
        body: B,
        // None where nothing is to be told, or all has been.
        reading: Option<Box<Reading>>,
    }
}

impl<B: Body<Data = Bytes>> AuditedBody<B> {
    pub(super) fn new(body: B, reading: Option<Reading>) -> Self {
        let mut reading = reading.map(Box::new);
        if body.is_end_stream() {
            end(&mut reading);
        }
        Self { body, reading }
    }
}

impl<B: Body<Data = Bytes>> Body for AuditedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.body.as_mut().poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let (Some(reading), Some(data)) = (&mut *this.reading, frame.data_ref()) {
                    reading.read(data);
                }
                // A server may stop here, and never ask for the end.
                let over = this.body.is_end_stream() || this.body.size_hint().exact() == Some(0);
                if over {
                    end(this.reading);
                }
            }
            Some(Err(_)) => *this.reading = None,
            None => end(this.reading),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn end(reading: &mut Option<Box<Reading>>) {
    if let Some(reading) = reading.take() {
        reading.end();
    }
}
