use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::body_recorder::BodyRecorder;

pin_project! {
    /// A body that is hashed as it passes.
    ///
    /// Frames, errors, [`size_hint`](Body::size_hint) and
    /// [`is_end_stream`](Body::is_end_stream) are those of the inner body.
    #[derive(Debug)]
    pub struct AuditBody<B> {
        #[pin]
        body: B,
        // None if the body is not recorded, or has ended.
        recorder: Option<Box<BodyRecorder>>,
    }
}

impl<B: Body<Data = Bytes>> AuditBody<B> {
    pub(super) fn new(body: B, recorder: Option<BodyRecorder>) -> Self {
        let mut recorder = recorder.map(Box::new);
        if body.is_end_stream() {
            finish(&mut recorder);
        }
        Self { body, recorder }
    }
}

impl<B: Body<Data = Bytes>> Body for AuditBody<B> {
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
                if let (Some(recorder), Some(data)) = (&mut *this.recorder, frame.data_ref()) {
                    recorder.record(data);
                }
                // Servers may stop polling here, without waiting for the end.
                let over = this.body.is_end_stream() || this.body.size_hint().exact() == Some(0);
                if over {
                    finish(this.recorder);
                }
            }
            Some(Err(_)) => *this.recorder = None,
            None => finish(this.recorder),
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

fn finish(recorder: &mut Option<Box<BodyRecorder>>) {
    if let Some(recorder) = recorder.take() {
        recorder.finish();
    }
}
