//! The body of a request inside the layer.

use std::{
    error::Error,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{
    hash::PendingDigest,
    hashed_body::{HashedBody, HashedFrame},
};
use crate::{BoxError, body::RequestBody};

pin_project! {
    /// The body of a request inside a [`DigestLayer`](crate::DigestLayer).
    ///
    /// Content that is verified as it is read ends with a [`DigestMismatch`] if it differs. The
    /// last frame of data is then missing, and so are trailers. Each frame arrives once the next
    /// one, or the end, has arrived. Frames without data are left out. An error of the client's body
    /// takes the place of the last frame as well, since the bytes before it are not verified.
    ///
    /// Other content passes as it came, apart from small frames that may be joined. The errors of
    /// the client's body are boxed.
    pub struct VerifiedBody<B: Body> {
        #[pin]
        kind: VerifiedBodyKind<B>,
    }
}

pin_project! {
    #[project = VerifiedBodyKindProj]
    enum VerifiedBodyKind<B: Body> {
        // Nothing is left to verify.
        Passed {
            #[pin]
            body: RequestBody<B>,
        },
        // Boxed, so that moving the other variant is cheap.
        Hashed {
            hashed: Pin<Box<HashedBody<RequestBody<B>>>>,
        },
    }
}

impl<B: Body> VerifiedBody<B> {
    /// Creates a body that has no digest.
    pub(super) fn unverified(body: B) -> Self {
        Self::verified(RequestBody::unread(body))
    }

    /// Creates a body of content that was compared with its digests, or has none.
    pub(super) fn verified(body: RequestBody<B>) -> Self {
        Self {
            kind: VerifiedBodyKind::Passed { body },
        }
    }
}

impl<B: Body<Data = Bytes>> VerifiedBody<B> {
    /// Creates a body that is compared with its digests as it is read.
    pub(super) fn hashed(body: RequestBody<B>, pending: PendingDigest) -> Self {
        Self {
            kind: VerifiedBodyKind::Hashed {
                hashed: Box::pin(HashedBody::new(body, pending)),
            },
        }
    }
}

impl<B> Body for VerifiedBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.project().kind.project() {
            VerifiedBodyKindProj::Passed { body } => {
                let frame = ready!(body.poll_frame(cx));
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            VerifiedBodyKindProj::Hashed { hashed } => {
                Poll::Ready(match ready!(hashed.as_mut().poll_hashed(cx)) {
                    HashedFrame::Frame(frame) => Some(Ok(frame)),
                    HashedFrame::Error(error) => Some(Err(error.into())),
                    HashedFrame::Differs => Some(Err(DigestMismatch(()).into())),
                    HashedFrame::End => None,
                })
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            VerifiedBodyKind::Passed { body } => body.is_end_stream(),
            VerifiedBodyKind::Hashed { hashed } => hashed.is_end(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            VerifiedBodyKind::Passed { body } => body.size_hint(),
            VerifiedBodyKind::Hashed { hashed } => hashed.size_hint(),
        }
    }
}

impl<B: Body + Default> Default for VerifiedBody<B> {
    /// Creates a body from the default of the client's body type.
    fn default() -> Self {
        Self::unverified(B::default())
    }
}

impl<B: Body> fmt::Debug for VerifiedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            VerifiedBodyKind::Passed { .. } => "Passed",
            VerifiedBodyKind::Hashed { .. } => "Hashed",
        };
        f.debug_tuple("VerifiedBody").field(&kind).finish()
    }
}

/// An error returned by the body of a request whose content differs from its digest.
///
/// Everything that was written from this content must be discarded.
///
/// In a handler of axum it is the source of the body's error:
///
/// ```
/// use std::error::Error;
///
/// use axum::http::StatusCode;
/// use tower_conditional::digest::DigestMismatch;
///
/// fn status_of(error: &axum::Error) -> StatusCode {
///     match error.source() {
///         Some(source) if source.is::<DigestMismatch>() => StatusCode::BAD_REQUEST,
///         _ => StatusCode::INTERNAL_SERVER_ERROR,
///     }
/// }
/// ```
#[derive(Debug)]
pub struct DigestMismatch(());

impl fmt::Display for DigestMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the content of the request differs from its \"Content-Digest\" or \"Repr-Digest\"; discard it")
    }
}

impl Error for DigestMismatch {}
