//! What the unit tests of the layers share.

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::{Future, ready},
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header::EXPECT, request::Parts};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    semantics::{etag::EntityTag, precondition::Current, validators::Validators},
    source::ValidatorSource,
};

/// What a [`ScriptedBody`] does when it is polled, in order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Act {
    Data(Bytes),
    Trailers(HeaderMap),
    Error,
    /// Pending once, with the waker called at once.
    Wait,
}

impl Act {
    pub(crate) fn data(bytes: impl AsRef<[u8]>) -> Self {
        Self::Data(Bytes::copy_from_slice(bytes.as_ref()))
    }

    pub(crate) fn trailers() -> Self {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-checksum", HeaderValue::from_static("1"));
        Self::Trailers(trailers)
    }
}

pin_project! {
    /// A body that does as it is told, and is not `Unpin`.
    #[derive(Debug)]
    pub(crate) struct ScriptedBody {
        acts: VecDeque<Act>,
        hint: SizeHint,
        // Whether `is_end_stream` tells the end, as a body may but need not.
        tells_end: bool,
        ended: bool,
        #[pin]
        _pinned: std::marker::PhantomPinned,
    }
}

/// The error of a [`ScriptedBody`].
#[derive(Debug, PartialEq)]
pub(crate) struct Broken;

impl ScriptedBody {
    /// With an exact size hint, as bodies in memory have.
    pub(crate) fn sized(acts: impl IntoIterator<Item = Act>) -> Self {
        let body = Self::unsized_(acts);
        let length = body
            .acts
            .iter()
            .map(|act| match act {
                Act::Data(data) => data.len() as u64,
                _ => 0,
            })
            .sum();
        body.with_hint(SizeHint::with_exact(length))
    }

    /// Without a size hint, as streams have.
    pub(crate) fn unsized_(acts: impl IntoIterator<Item = Act>) -> Self {
        Self {
            acts: acts.into_iter().collect(),
            hint: SizeHint::new(),
            tells_end: true,
            ended: false,
            _pinned: std::marker::PhantomPinned,
        }
    }

    pub(crate) fn with_hint(self, hint: SizeHint) -> Self {
        Self { hint, ..self }
    }

    pub(crate) fn without_telling_end(self) -> Self {
        Self {
            tells_end: false,
            ..self
        }
    }
}

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = self.project();
        match this.acts.pop_front() {
            None => {
                assert!(!*this.ended, "polled again after the end");
                *this.ended = true;
                Poll::Ready(None)
            }
            Some(Act::Data(data)) => {
                let left = |bound: u64| bound.saturating_sub(data.len() as u64);
                let mut hint = SizeHint::new();
                hint.set_lower(left(this.hint.lower()));
                if let Some(upper) = this.hint.upper() {
                    hint.set_upper(left(upper));
                }
                *this.hint = hint;
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Some(Act::Trailers(trailers)) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Some(Act::Error) => Poll::Ready(Some(Err(Broken))),
            Some(Act::Wait) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.tells_end && self.acts.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

/// Reads a body to its end or error, through `Pending`, and checks on the way
/// that its size hint and its end-of-stream answer hold.
pub(crate) fn read<B>(body: B) -> Vec<Act>
where
    B: Body<Data = Bytes>,
{
    let hint = body.size_hint();
    let ended = body.is_end_stream();
    let read = read_unchecked(body);
    if read.last() == Some(&Act::Error) {
        return read;
    }
    let length: u64 = content(&read).len() as u64;
    assert!(
        !ended || read.is_empty(),
        "said to be over, then gave frames"
    );
    assert!(hint.lower() <= length, "{hint:?} but {length} bytes came");
    assert!(
        hint.upper().is_none_or(|upper| length <= upper),
        "{hint:?} but {length} bytes came"
    );
    read
}

/// Reads a body to its end or error, through `Pending`, whatever it announces.
pub(crate) fn read_unchecked<B>(body: B) -> Vec<Act>
where
    B: Body<Data = Bytes>,
{
    let mut body = pin!(body);
    let mut read = Vec::new();
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Pending => {}
            Poll::Ready(None) => return read,
            Poll::Ready(Some(Err(_))) => {
                read.push(Act::Error);
                return read;
            }
            Poll::Ready(Some(Ok(frame))) => read.push(match frame.into_data() {
                Ok(data) => Act::Data(data),
                Err(frame) => Act::Trailers(frame.into_trailers().expect("trailers")),
            }),
        }
    }
}

/// The data of what was read, in one piece.
pub(crate) fn content(acts: &[Act]) -> Vec<u8> {
    acts.iter()
        .filter_map(|act| match act {
            Act::Data(data) => Some(data.as_ref()),
            _ => None,
        })
        .collect::<Vec<_>>()
        .concat()
}

/// Runs a future that nothing outside it keeps waiting.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    run_counting(future).0
}

/// The same, with the number of polls that it took. Panics where an executor
/// would never poll again.
pub(crate) fn run_counting<F: Future>(future: F) -> (F::Output, usize) {
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let mut future = pin!(future);
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    let mut polls = 0;
    while woken.0.swap(false, Ordering::Relaxed) {
        polls += 1;
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return (output, polls);
        }
    }
    panic!("pending, and nobody will wake it");
}

/// Sends one request through `layer` to a handler that answers with what
/// `respond` makes of the request.
pub(crate) fn send<L, F, ReqB, B, Out>(
    layer: &L,
    request: Request<ReqB>,
    respond: F,
) -> Response<Out>
where
    L: Layer<Handler<F>>,
    L::Service: Service<Request<ReqB>, Response = Response<Out>, Error = Infallible>,
    F: FnMut(Request<ReqB>) -> Response<B>,
{
    let mut service = layer.layer(Handler(respond));
    run(service.call(request)).unwrap_or_else(|never| match never {})
}

/// A handler from a closure.
#[derive(Debug, Clone)]
pub(crate) struct Handler<F>(F);

impl<F, ReqB, B> Service<Request<ReqB>> for Handler<F>
where
    F: FnMut(Request<ReqB>) -> Response<B>,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<B>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        std::future::ready(Ok(self.0(request)))
    }
}

/// The content of a request that nobody may read; its client waits for a 100
/// before it sends it. The default is another one, so that a request that a layer
/// makes up is told from the client's.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Upload {
    #[default]
    MadeUp,
    OfTheClient,
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("the content of the request was read");
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(1 << 30)
    }
}

/// Content that never comes. The default is none.
#[derive(Debug, Default)]
pub(crate) enum Silent {
    #[default]
    Empty,
    Announced,
}

impl Body for Silent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

/// Field lines, where a name may repeat.
pub(crate) fn request<'a>(
    method: &str,
    path: &str,
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Request<Upload> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(EXPECT, "100-continue");
    for (name, value) in fields {
        request = request.header(name, value);
    }
    request.body(Upload::OfTheClient).expect("a request")
}

/// What happened, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn note(&self, event: impl Into<String>) {
        self.0.lock().unwrap().push(event.into());
    }

    /// What happened since the last look.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A source that says the same to everybody.
pub(crate) fn knows(current: impl Into<Current>) -> impl ValidatorSource + Clone {
    let current = current.into();
    move |_: &Parts| ready(Ok::<_, Infallible>(current.clone()))
}

/// The representation with this strong tag.
pub(crate) fn tagged(tag: &str) -> Validators {
    Validators::new().with_etag(EntityTag::strong(tag).expect("a tag"))
}

/// SplitMix64, for generated tests: the same numbers for the same seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}
