//! The content of a request that is not performed.
//!
//! A server that closes a connection on which its client still sends takes the
//! answer back: the client's bytes meet a reset, and what it has not yet read is
//! lost (RFC 9112, section 9.6). A server that closes without `Connection: close`
//! loses the client's next request (section 9.3). So short content is read before
//! the answer, and the connection lives on. Otherwise the answer says `close`, and
//! the content is read for a while after it.

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

#[cfg(feature = "tokio")]
use super::{ReadAhead, RequestBody};
use crate::semantics::field::{content_length, expect};

/// Before the answer. For longer content a new connection costs no more than
/// sending it.
const BEFORE: Limits = Limits {
    bytes: 64 * 1024,
    pause: Duration::from_millis(250),
    total: Duration::from_secs(1),
};

/// After the answer. A handler of `axum` takes as many bytes by default.
#[cfg(feature = "tokio")]
const AFTER: Limits = Limits {
    bytes: 2 * 1024 * 1024,
    pause: Duration::from_secs(1),
    total: Duration::from_secs(10),
};

/// With this many bytes in each frame content may be as long as the limit. Empty
/// frames would go on for ever.
const SMALL_FRAME: u64 = 64;

/// How much is read and thrown away.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(feature = "tokio"),
    expect(dead_code, reason = "without tokio there is no timer")
)]
struct Limits {
    bytes: u64,
    /// Between two frames. Without a timer there is none to wait for.
    pause: Duration,
    total: Duration,
}

/// The content of a request, until the service takes it or the request is
/// refused.
#[derive(Debug)]
pub(crate) struct UnreadContent<B> {
    content: Option<B>,
    plan: Plan,
    version: Version,
}

/// The time at which content is read that the service does not get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// There is none.
    Nothing,
    BeforeAnswer,
    AfterAnswer,
    /// Its client waits for a 100, which reading would send.
    Never,
}

impl<B: Body> UnreadContent<B> {
    pub(crate) fn new(request: &Parts, content: B) -> Self {
        Self {
            plan: Plan::of(request, &content),
            version: request.version,
            content: Some(content),
        }
    }

    /// Returns `true` if the service did not take content that there is.
    fn is_unread(&self) -> bool {
        self.plan != Plan::Nothing && self.content.is_some()
    }

    /// Takes the content for the service. Called once.
    pub(crate) fn take(&mut self) -> B {
        self.content.take().expect("the content was taken before")
    }
}

#[cfg(feature = "tokio")]
impl<B: Body> UnreadContent<RequestBody<B>> {
    /// As [`new`](Self::new), for content of which some may have been read: then no
    /// client waits for a 100, and what is here need not be read.
    pub(crate) fn read_ahead(request: &Parts, content: ReadAhead<B>) -> Self {
        let (complete, begun) = (content.is_complete(), content.has_begun());
        let content = content.into_body();
        let plan = match (complete, begun) {
            (true, _) => Plan::Nothing,
            (false, true) => Plan::by_length(request, &content),
            (false, false) => Plan::of(request, &content),
        };
        Self {
            plan,
            version: request.version,
            content: Some(content),
        }
    }
}

impl<B: Body + Send + 'static> UnreadContent<B> {
    /// Makes `answer`, which the service did not give, safe to send. It may have to wait for
    /// the content, so the caller drops what others wait for first.
    #[inline]
    pub(crate) fn refuse<R: Send + 'static>(&mut self, mut answer: Response<R>) -> Refusing<R> {
        if !self.is_unread() {
            return Refusing::Now(Some(answer));
        }
        let (plan, version, content) = (self.plan, self.version, self.take());
        // Boxed, since most answers have nothing to wait for.
        Refusing::Later(Box::pin(async move {
            // HTTP/2 ends the stream alone, and has no such field (RFC 9113,
            // section 8.2.2).
            if !plan.discard(content).await && version <= Version::HTTP_11 {
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(CONNECTION, close);
            }
            answer
        }))
    }
}

/// Future of [`UnreadContent::refuse`].
pub(crate) enum Refusing<R> {
    Now(Option<Response<R>>),
    Later(Pin<Box<dyn Future<Output = Response<R>> + Send>>),
}

// The response is moved out, and never pinned.
impl<R> Unpin for Refusing<R> {}

impl<R> Future for Refusing<R> {
    type Output = Response<R>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response<R>> {
        match self.get_mut() {
            Self::Now(answer) => Poll::Ready(answer.take().expect("polled after it was ready")),
            Self::Later(answer) => answer.as_mut().poll(cx),
        }
    }
}

impl Plan {
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

    /// Reads the content, before the caller's answer and after it. Returns `true`
    /// if all of it has been read.
    async fn discard<B: Body + Send + 'static>(self, content: B) -> bool {
        let mut content = Discarded::new(content);
        let end = match self {
            Self::BeforeAnswer => content.read(BEFORE).await,
            _ => End::Late,
        };
        #[cfg(feature = "tokio")]
        if self != Self::Never
            && matches!(end, End::Late | End::TooLong)
            && let Ok(runtime) = Handle::try_current()
        {
            // The server goes on reading as long as somebody holds the content.
            runtime.spawn(async move { content.read(AFTER).await });
        }
        end == End::Complete
    }
}

/// Content that nobody needs.
struct Discarded<B> {
    content: Pin<Box<B>>,
    bytes_left: u64,
    frames_left: u64,
}

/// Why reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// All content has been read.
    Complete,
    TooLong,
    /// There may be more.
    Late,
    Broken,
}

impl<B: Body> Discarded<B> {
    fn new(content: B) -> Self {
        Self {
            content: Box::pin(content),
            bytes_left: 0,
            frames_left: 0,
        }
    }

    async fn read(&mut self, limits: Limits) -> End {
        self.bytes_left = limits.bytes;
        self.frames_left = limits.bytes / SMALL_FRAME;
        let end = self.read_what_has_come().await;
        #[cfg(feature = "tokio")]
        if end == End::Late && Handle::try_current().is_ok() {
            return self.read_what_comes(limits).await;
        }
        end
    }

    /// Reads until the content is pending twice in a row. A server that calls the
    /// service in the connection's task gets to reading between the two.
    async fn read_what_has_come(&mut self) -> End {
        let mut yielded = false;
        poll_fn(|cx| {
            loop {
                match self.poll_frame(cx) {
                    Poll::Ready(None) => yielded = false,
                    Poll::Ready(Some(end)) => return Poll::Ready(end),
                    Poll::Pending if yielded => return Poll::Ready(End::Late),
                    Poll::Pending => break,
                }
            }
            yielded = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }

    #[cfg(feature = "tokio")]
    async fn read_what_comes(&mut self, limits: Limits) -> End {
        let to_the_end = async {
            loop {
                match timeout(limits.pause, poll_fn(|cx| self.poll_frame(cx))).await {
                    Ok(None) => {}
                    Ok(Some(end)) => return end,
                    Err(_) => return End::Late,
                }
            }
        };
        let end = timeout(limits.total, to_the_end).await;
        end.unwrap_or(End::Late)
    }

    /// Throws one frame away. `None` is that another may follow.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<End>> {
        if self.content.is_end_stream() {
            return Poll::Ready(Some(End::Complete));
        }
        self.content
            .as_mut()
            .poll_frame(cx)
            .map(|frame| match frame {
                None => Some(End::Complete),
                Some(Err(_)) => Some(End::Broken),
                Some(Ok(frame)) => {
                    let bytes = frame.data_ref().map_or(0, Buf::remaining) as u64;
                    match (self.bytes_left.checked_sub(bytes), self.frames_left) {
                        (None, _) | (_, 0) => Some(End::TooLong),
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
