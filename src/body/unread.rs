//! The content of a request that this crate answers without reading it.
//!
//! If a server closes a connection on which the client still sends, the client gets a reset.
//! Then it loses the part of the response that it has not yet read (RFC 9112, section 9.6). If
//! the server closes without `Connection: close`, the client's next request is lost (section
//! 9.3).
//!
//! So short content is read before the response, and the connection stays open. For other
//! content the response has `Connection: close`, and the content is read for a while after it.

#[cfg(test)]
mod tests;

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Buf;
use http::{HeaderValue, Response, Version, header::CONNECTION, request::Parts};
use http_body::Body;
#[cfg(feature = "tokio")]
use tokio::{runtime::Handle, time::timeout};

use super::{ReadAhead, RequestBody};
use crate::semantics::field::{content_length, expect};

/// The limits before the response. For longer content, a new connection is cheaper for the
/// client than sending the rest.
const BEFORE: DiscardLimits = DiscardLimits {
    bytes: 64 * 1024,
    pause: Duration::from_millis(250),
    total: Duration::from_secs(1),
};

/// The limits after the response. A handler of `axum` accepts as many bytes by default.
#[cfg(feature = "tokio")]
const AFTER: DiscardLimits = DiscardLimits {
    bytes: 2 * 1024 * 1024,
    pause: Duration::from_secs(1),
    total: Duration::from_secs(10),
};

/// The average frame size below which the number of frames is the limit. Otherwise empty frames
/// could go on forever.
const SMALL_FRAME: u64 = 64;

/// The limits of content that is read and discarded.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(feature = "tokio"),
    expect(dead_code, reason = "without tokio there is no timer")
)]
struct DiscardLimits {
    bytes: u64,
    /// The longest wait for a frame. Without a timer there is no wait.
    pause: Duration,
    total: Duration,
}

/// The content of a request, until the service takes it or the request is answered without it.
#[derive(Debug)]
pub(crate) struct UnreadContent<B> {
    content: Option<B>,
    plan: DiscardPlan,
    version: Version,
}

/// The time at which content is read that the service does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DiscardPlan {
    /// There is no content.
    Nothing,
    BeforeAnswer,
    AfterAnswer,
    /// The content is never read, since reading would send the 100 that the client waits for.
    Never,
}

impl<B: Body> UnreadContent<B> {
    pub(crate) fn new(request: &Parts, content: B) -> Self {
        Self {
            plan: DiscardPlan::of(request, &content),
            version: request.version,
            content: Some(content),
        }
    }

    /// Returns `true` if there is content, and the service did not take it.
    fn is_unread(&self) -> bool {
        self.plan != DiscardPlan::Nothing && self.content.is_some()
    }

    /// Takes the content for the service. Called once.
    pub(crate) fn take(&mut self) -> B {
        self.content.take().expect("the content was taken before")
    }
}

impl<B: Body> UnreadContent<RequestBody<B>> {
    /// Creates a value from content of which some may have been read. If so, the client no
    /// longer waits for a 100.
    pub(crate) fn read_ahead(request: &Parts, content: ReadAhead<B>) -> Self {
        let (complete, begun) = (content.is_complete(), content.has_begun());
        let content = content.into_body();
        let plan = match (complete, begun) {
            (true, _) => DiscardPlan::Nothing,
            (false, true) => DiscardPlan::by_length(request, &content),
            (false, false) => DiscardPlan::of(request, &content),
        };
        Self {
            plan,
            version: request.version,
            content: Some(content),
        }
    }
}

impl<B: Body + Send + 'static> UnreadContent<B> {
    /// Prepares a response of this crate, so that the client loses neither it nor the next one.
    /// It need not be an error: the content is refused, whatever the status says.
    ///
    /// This may wait for content. So the caller must first drop locks, permits and everything
    /// else that others wait for.
    #[inline]
    pub(crate) fn refuse<R: Send + 'static>(&mut self, mut answer: Response<R>) -> RefuseFuture<R> {
        if !self.is_unread() {
            return RefuseFuture::Now(Some(answer));
        }
        let (plan, version, content) = (self.plan, self.version, self.take());
        // Boxed, since most responses need not wait.
        RefuseFuture::Later(Box::pin(async move {
            // HTTP/2 ends only the stream, and has no such header (RFC 9113, section 8.2.2).
            if !plan.discard(content).await && version <= Version::HTTP_11 {
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(CONNECTION, close);
            }
            answer
        }))
    }
}

/// Future of [`UnreadContent::refuse`].
pub(crate) enum RefuseFuture<R> {
    Now(Option<Response<R>>),
    Later(Pin<Box<dyn Future<Output = Response<R>> + Send>>),
}

// The response is moved out, and never pinned.
impl<R> Unpin for RefuseFuture<R> {}

impl<R> Future for RefuseFuture<R> {
    type Output = Response<R>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response<R>> {
        match self.get_mut() {
            Self::Now(answer) => Poll::Ready(answer.take().expect("polled after it was ready")),
            Self::Later(answer) => answer.as_mut().poll(cx),
        }
    }
}

impl DiscardPlan {
    fn of<B: Body>(request: &Parts, content: &B) -> Self {
        if content.is_end_stream() {
            return Self::Nothing;
        }
        if expect::expects_continue(&request.headers) {
            return Self::Never;
        }
        Self::by_length(request, content)
    }

    fn by_length<B: Body>(request: &Parts, content: &B) -> Self {
        let announced = content_length::declared_length(&request.headers).unwrap_or(0);
        if announced.max(content.size_hint().lower()) > BEFORE.bytes {
            Self::AfterAnswer
        } else {
            Self::BeforeAnswer
        }
    }

    /// Reads and discards the content: before this function returns, and in a task after that.
    /// Returns `true` if all of it has been read.
    async fn discard<B: Body + Send + 'static>(self, content: B) -> bool {
        let mut content = ContentDiscarder::new(content);
        let end = match self {
            Self::BeforeAnswer => content.read(BEFORE).await,
            _ => DiscardEnd::Late,
        };
        #[cfg(feature = "tokio")]
        if self != Self::Never
            && matches!(end, DiscardEnd::Late | DiscardEnd::TooLong)
            && let Ok(runtime) = Handle::try_current()
        {
            // The server reads the connection as long as somebody holds the content.
            runtime.spawn(async move { content.read(AFTER).await });
        }
        end == DiscardEnd::Complete
    }
}

/// A reader that discards content.
struct ContentDiscarder<B> {
    content: Pin<Box<B>>,
    bytes_left: u64,
    frames_left: u64,
}

/// The reason why reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DiscardEnd {
    /// All content has been read.
    Complete,
    /// The content exceeds a limit.
    TooLong,
    /// The content did not arrive in time, and more may follow.
    Late,
    /// The body returned an error.
    Broken,
}

impl<B: Body> ContentDiscarder<B> {
    fn new(content: B) -> Self {
        Self {
            content: Box::pin(content),
            bytes_left: 0,
            frames_left: 0,
        }
    }

    async fn read(&mut self, limits: DiscardLimits) -> DiscardEnd {
        self.bytes_left = limits.bytes;
        self.frames_left = limits.bytes / SMALL_FRAME;
        let end = self.read_available().await;
        #[cfg(feature = "tokio")]
        if end == DiscardEnd::Late && Handle::try_current().is_ok() {
            return self.read_within(limits).await;
        }
        end
    }

    /// Reads until the content is pending twice in a row. In between, a server that calls the
    /// service in the task of the connection can read from the connection.
    async fn read_available(&mut self) -> DiscardEnd {
        let mut yielded = false;
        poll_fn(|cx| {
            loop {
                match self.poll_frame(cx) {
                    Poll::Ready(None) => yielded = false,
                    Poll::Ready(Some(end)) => return Poll::Ready(end),
                    Poll::Pending if yielded => return Poll::Ready(DiscardEnd::Late),
                    Poll::Pending => break,
                }
            }
            yielded = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }

    /// Continues to read, with a wait for each frame within the limits.
    #[cfg(feature = "tokio")]
    async fn read_within(&mut self, limits: DiscardLimits) -> DiscardEnd {
        let to_the_end = async {
            loop {
                match timeout(limits.pause, poll_fn(|cx| self.poll_frame(cx))).await {
                    Ok(None) => {}
                    Ok(Some(end)) => return end,
                    Err(_) => return DiscardEnd::Late,
                }
            }
        };
        let end = timeout(limits.total, to_the_end).await;
        end.unwrap_or(DiscardEnd::Late)
    }

    /// Discards one frame. Returns `None` if another may follow.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<DiscardEnd>> {
        if self.content.is_end_stream() {
            return Poll::Ready(Some(DiscardEnd::Complete));
        }
        self.content
            .as_mut()
            .poll_frame(cx)
            .map(|frame| match frame {
                None => Some(DiscardEnd::Complete),
                Some(Err(_)) => Some(DiscardEnd::Broken),
                Some(Ok(frame)) => {
                    let bytes = frame.data_ref().map_or(0, Buf::remaining) as u64;
                    match (self.bytes_left.checked_sub(bytes), self.frames_left) {
                        (None, _) | (_, 0) => Some(DiscardEnd::TooLong),
                        (Some(left), frames) => {
                            self.bytes_left = left;
                            self.frames_left = frames - 1;
                            None
                        }
                    }
                }
            })
    }
}
