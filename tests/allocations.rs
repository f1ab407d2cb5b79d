//! What the layers allocate over the bare service, exactly.
//!
//! The figures are those of design invariant 8 and of the README's table.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header, request::Parts};
use http_body::{Body, Frame, SizeHint};
use tower::{Layer, Service};
use tower_conditional::{
    CachePolicyLayer, CacheTagsLayer, CodingTagLayer, ConditionalLayer, EtagLayer,
    PreconditionLayer, VersionTags,
    cache_policy::CachePolicy,
    clock::Clock,
    semantics::{cache_control::CacheControl, cache_tags::CacheTags, precondition::Current},
    source::SelfGet,
    stack,
};

const ROUNDS: u64 = 100;

/// A body in frames of one buffer, with an exact size or none.
struct Frames {
    content: Bytes,
    frame: usize,
    sized: bool,
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.content.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.frame.min(self.content.len());
        Poll::Ready(Some(Ok(Frame::data(self.content.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if self.sized {
            SizeHint::with_exact(self.content.len() as u64)
        } else {
            SizeHint::new()
        }
    }
}

#[derive(Clone)]
struct Handler {
    content: Bytes,
    frame: usize,
    sized: bool,
    field: Option<(header::HeaderName, HeaderValue)>,
}

impl Handler {
    fn new(length: usize, frame: usize) -> Self {
        Self {
            content: Bytes::from_static(vec![7; length].leak()),
            frame,
            sized: true,
            field: None,
        }
    }

    fn with(self, name: header::HeaderName, value: &'static str) -> Self {
        Self {
            field: Some((name, HeaderValue::from_static(value))),
            ..self
        }
    }

    fn unsized_(self) -> Self {
        Self {
            sized: false,
            ..self
        }
    }
}

impl Service<Request<()>> for Handler {
    type Response = Response<Frames>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Frames>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        let mut response = Response::new(Frames {
            content: self.content.clone(),
            frame: self.frame,
            sized: self.sized,
        });
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        if let Some((name, value)) = self.field.clone() {
            headers.insert(name, value);
        }
        ready(Ok(response))
    }
}

fn poll_to_end<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

/// Calls the service and reads its body.
fn answer<S, B>(service: &mut S, request: Request<()>)
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let Ok(response) = poll_to_end(service.call(request));
    let mut body = pin!(black_box(response).into_body());
    while let Some(frame) = poll_to_end(std::future::poll_fn(|cx| body.as_mut().poll_frame(cx))) {
        black_box(frame.is_ok());
    }
}

fn request(method: &Method, condition: Option<&'static str>) -> Request<()> {
    let mut request = Request::builder().method(method).body(()).unwrap();
    if let Some(tag) = condition {
        request
            .headers_mut()
            .insert(header::IF_NONE_MATCH, HeaderValue::from_static(tag));
    }
    request
}

/// Allocations per request and the most bytes held at once.
fn cost<S, B>(mut service: S, method: &Method, condition: Option<&'static str>) -> AllocationInfo
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    answer(&mut service, request(method, condition));
    let mut info = measure(|| {
        for _ in 0..ROUNDS {
            answer(&mut service, request(method, condition));
        }
    });
    assert_eq!(info.count_total % ROUNDS, 0, "not the same every time");
    info.count_total /= ROUNDS;
    info
}

/// Allocations that `layer` adds to one exchange, and bytes that it adds to
/// the most held at once.
fn added<L, B>(
    layer: &L,
    handler: &Handler,
    method: &Method,
    condition: Option<&'static str>,
) -> (i64, i64)
where
    L: Layer<Handler>,
    L::Service: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let bare = cost(handler.clone(), method, condition);
    let layered = cost(layer.layer(handler.clone()), method, condition);
    difference(&layered, &bare)
}

fn difference(layered: &AllocationInfo, bare: &AllocationInfo) -> (i64, i64) {
    (
        layered.count_total as i64 - bare.count_total as i64,
        layered.bytes_max as i64 - bare.bytes_max as i64,
    )
}

/// Design invariant 8.
#[test]
fn nothing_to_do_allocates_nothing() {
    let hello = || Handler::new(1024, 1024);
    let cases = [
        ("POST", Method::POST, hello()),
        (
            "SSE",
            Method::GET,
            hello().with(header::CONTENT_TYPE, "text/event-stream"),
        ),
        ("too long", Method::GET, Handler::new((1 << 20) + 1, 16384)),
        ("unknown length", Method::GET, hello().unsized_()),
        ("tagged", Method::GET, hello().with(header::ETAG, "\"v1\"")),
        (
            "no-store",
            Method::GET,
            hello().with(header::CACHE_CONTROL, "no-store"),
        ),
    ];
    for (name, method, handler) in cases {
        assert_eq!(
            added(&EtagLayer::new(), &handler, &method, None),
            (0, 0),
            "{name}"
        );
        assert_eq!(
            added(&ConditionalLayer::new(), &handler, &method, None),
            (0, 0),
            "{name}"
        );
        assert_eq!(
            added(&CodingTagLayer::new(), &handler, &method, None),
            (0, 0),
            "{name}"
        );
    }
}

/// The tag, and the box that makes a polled body movable.
#[test]
fn hashing_one_frame_allocates_twice_and_copies_nothing() {
    for length in [0, 256, 1024, 64 * 1024, 1 << 20] {
        let handler = Handler::new(length, 1 << 20);
        let (count, bytes) = added(&EtagLayer::new(), &handler, &Method::GET, None);
        // One of SHA-256's pauses parks the state of a long hash in a box.
        let parked = i64::from(length > 128 * 1024);
        assert_eq!(count, 2 + parked, "{length}");
        assert!(bytes <= 4096, "{length}: {bytes} bytes held");
    }
}

#[cfg(feature = "xxh3")]
#[test]
fn hashing_64_frames_holds_no_copy() {
    let layer = EtagLayer::new().hasher(tower_conditional::etag::Xxh3::new());
    let handler = Handler::new(1 << 20, 16 * 1024);
    let bare = cost(handler.clone(), &Method::GET, None);
    let layered = cost(layer.layer(handler), &Method::GET, None);
    let (count, bytes) = difference(&layered, &bare);
    assert!(count + 5 <= 14, "{count} allocations over the bare service");
    assert!(bytes <= 16 * 1024, "{bytes} bytes held");
}

/// A 304 for a tag that the handler knows: the length that it repeats.
#[test]
fn a_304_allocates_once() {
    let handler = Handler::new(1024, 1024).with(header::ETAG, "\"v1\"");
    let layer = ConditionalLayer::new();
    assert_eq!(added(&layer, &handler, &Method::GET, Some("\"v1\"")).0, 1);
    assert_eq!(added(&layer, &handler, &Method::GET, Some("\"v2\"")).0, 0);
}

/// A write, with this condition.
fn write(method: &Method, fields: &[(header::HeaderName, &'static str)]) -> Request<()> {
    let mut request = request(method, None);
    for (name, value) in fields {
        request
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    request
}

/// Allocations of one exchange.
fn allocations<S, B>(mut service: S, make: impl Fn() -> Request<()>) -> i64
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    answer(&mut service, make());
    let made = measure(|| {
        for _ in 0..ROUNDS {
            black_box(make());
        }
    });
    let info = measure(|| {
        for _ in 0..ROUNDS {
            answer(&mut service, make());
        }
    });
    let count = info.count_total - made.count_total;
    assert_eq!(count % ROUNDS, 0, "not the same every time");
    (count / ROUNDS) as i64
}

fn version_7(_: &Parts) -> Ready<Result<Current, Infallible>> {
    ready(Ok(VersionTags::plain().number(7).into()))
}

/// What needs no check costs none.
#[test]
fn reads_and_unconditional_writes_pass_preconditions_for_nothing() {
    let handler = Handler::new(1024, 1024);
    for method in [
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::POST,
        Method::PUT,
    ] {
        let name = method.as_str();
        let make = || write(&method, &[(header::ACCEPT, "text/html, */*;q=0.1")]);
        let bare = allocations(handler.clone(), make);
        let by_source = PreconditionLayer::new(version_7).layer(handler.clone());
        assert_eq!(allocations(by_source, make) - bare, 0, "{name}");
        let by_get = PreconditionLayer::self_get(SelfGet::new()).layer(handler.clone());
        assert_eq!(allocations(by_get, make) - bare, 0, "{name}");
    }
    let conditional = || write(&Method::GET, &[(header::IF_MATCH, "\"7\"")]);
    let bare = allocations(handler.clone(), conditional);
    let layered = PreconditionLayer::new(version_7).require().layer(handler);
    assert_eq!(allocations(layered, conditional) - bare, 0);
}

/// All in all, as the service does not run: the tag of the source, the future
/// that waits for it, the head of the answer.
#[test]
fn a_304_by_a_source_that_is_ready() {
    let handler = Handler::new(1024, 1024);
    let layer = ConditionalLayer::new().source(version_7);
    let make = || write(&Method::GET, &[(header::IF_NONE_MATCH, "\"7\"")]);
    assert_eq!(allocations(layer.layer(handler), make), 5);
}

/// All in all: the same, the tags that were expected, and the problem.
#[test]
fn a_412_by_a_source_that_is_ready() {
    let handler = Handler::new(1024, 1024);
    let layer = PreconditionLayer::new(version_7);
    let make = || write(&Method::PUT, &[(header::IF_MATCH, "\"6\"")]);
    assert_eq!(allocations(layer.layer(handler), make), 10);
}

/// The tag of the source, the future that waits for it, and what the handler is
/// told to expect, in an extension.
#[test]
fn an_if_match_that_holds() {
    let handler = Handler::new(1024, 1024);
    let make = || write(&Method::PUT, &[(header::IF_MATCH, "\"7\"")]);
    let bare = allocations(handler.clone(), make);
    let layer = PreconditionLayer::new(version_7);
    assert_eq!(allocations(layer.layer(handler), make) - bare, 9);
}

/// The two layers together cost what they cost alone.
#[test]
fn a_stack_adds_nothing_of_its_own() {
    let handler = Handler::new(1024, 1024);
    let bare = cost(handler.clone(), &Method::GET, None);
    let layered = cost(stack().layer(handler), &Method::GET, None);
    assert_eq!(difference(&layered, &bare).0, 2);
}

/// A tag from a version is the field value and nothing else.
#[test]
fn a_tag_from_a_version_allocates_once() {
    let keyed = VersionTags::keyed([7; 32]).unwrap();
    for tags in [VersionTags::plain(), keyed] {
        let makes: [(&str, &dyn Fn()); 6] = [
            ("number", &|| drop(black_box(tags.number(42)))),
            ("uuid", &|| drop(black_box(tags.uuid([7; 16])))),
            ("fraction", &|| {
                let written = UNIX_EPOCH + Duration::new(1, 5);
                drop(black_box(tags.timestamp(written)));
            }),
            ("whole", &|| drop(black_box(tags.timestamp(UNIX_EPOCH)))),
            ("bytes", &|| drop(black_box(tags.bytes(&[7; 100])))),
            ("collection", &|| drop(black_box(tags.collection(3, 42)))),
        ];
        for (name, make) in makes {
            assert_eq!(measure(make).count_total, 1, "{name}");
        }
    }
}

/// The new value of `ETag`, and nothing else.
#[test]
fn a_suffix_allocates_one_tag() {
    let gzip = |handler: Handler| {
        tower::util::MapResponse::new(handler, |mut response: Response<Frames>| {
            let coding = HeaderValue::from_static("gzip");
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, coding);
            response
        })
    };
    let handler = Handler::new(1024, 1024).with(header::ETAG, "\"v1\"");
    let bare = cost(gzip(handler.clone()), &Method::GET, None);
    let layer = CodingTagLayer::new();
    let layered = cost(layer.layer(gzip(handler)), &Method::GET, None);
    assert_eq!(difference(&layered, &bare).0, 1);
}

/// What has no tags costs nothing. Otherwise: the source's copy of its tags, the
/// list that keeps the field from saying one twice, the field's text, and what
/// makes that a shared value.
#[test]
fn cache_tags_cost_their_field() {
    let handler = Handler::new(1024, 1024);
    let nothing = CacheTagsLayer::new(CacheTags::new());
    for method in [Method::GET, Method::PUT, Method::OPTIONS] {
        assert_eq!(added(&nothing, &handler, &method, None).0, 0, "{method}");
    }
    let layer = CacheTagsLayer::new(CacheTags::of(["notes", "note-17"]).unwrap());
    assert_eq!(added(&layer, &handler, &Method::OPTIONS, None).0, 0);
    let read = added(&layer, &handler, &Method::GET, None).0;
    assert_eq!(read, 4);
}

/// Fields of a response.
type Head = &'static [(header::HeaderName, &'static str)];

/// With room for what a policy adds.
fn with_head(
    head: Head,
) -> impl Service<Request<()>, Response = Response<Frames>, Error = Infallible> {
    let handler = Handler::new(1024, 1024);
    tower::util::MapResponse::new(handler, move |mut response: Response<Frames>| {
        let headers = response.headers_mut();
        headers.reserve(12);
        for (name, value) in head {
            headers.append(name, HeaderValue::from_static(value));
        }
        response
    })
}

/// So that no second begins between two requests.
#[derive(Debug, Clone)]
struct OneSecond;

impl Clock for OneSecond {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }
}

/// What a policy allocates for a response with these fields.
fn policy_adds(policy: CachePolicy, head: Head, credentials: Head) -> i64 {
    let make = || write(&Method::GET, credentials);
    let bare = allocations(with_head(head), make);
    let layer = CachePolicyLayer::new(policy).clock(OneSecond);
    allocations(layer.layer(with_head(head)), make) - bare
}

const AUTHORIZED: Head = &[(header::AUTHORIZATION, "Bearer x")];

fn a_minute() -> CachePolicy {
    let minute = CacheControl::new().with_max_age(Duration::from_secs(60));
    CachePolicy::new(minute).unwrap()
}

/// Values that are written beforehand, or that are there.
#[test]
fn a_constant_policy_allocates_nothing() {
    let vary = || a_minute().vary([header::ACCEPT, header::ACCEPT_ENCODING]);
    let cdn = || {
        let hour = CacheControl::new().with_max_age(Duration::from_secs(3600));
        a_minute().cdn(hour).unwrap()
    };
    let cases: [(&str, CachePolicy, Head, Head); 13] = [
        ("alone", a_minute(), &[], &[]),
        ("authorized", a_minute(), &[], AUTHORIZED),
        ("cookie", a_minute(), &[(header::SET_COOKIE, "a=1")], &[]),
        ("date", a_minute(), &[(header::DATE, "today")], &[]),
        ("vary", vary(), &[], &[]),
        (
            "vary is there",
            vary(),
            &[(header::VARY, "accept-encoding, Accept")],
            &[],
        ),
        (
            "vary is there, with another",
            vary(),
            &[(header::VARY, "x-tenant, accept-encoding, Accept")],
            &[],
        ),
        ("targeted", cdn(), &[], &[]),
        ("targeted, authorized", cdn(), &[], AUTHORIZED),
        (
            "stricter",
            a_minute(),
            &[(header::CACHE_CONTROL, "private, max-age=5")],
            &[],
        ),
        (
            "no-store",
            a_minute(),
            &[(header::CACHE_CONTROL, "no-store")],
            AUTHORIZED,
        ),
        (
            "yields",
            a_minute().yield_to_handler(),
            &[(header::CACHE_CONTROL, "public, max-age=600")],
            &[],
        ),
        (
            "overrides",
            a_minute().override_handler(),
            &[(header::CACHE_CONTROL, "public, max-age=600")],
            &[],
        ),
    ];
    for (name, policy, head, credentials) in cases {
        assert_eq!(policy_adds(policy, head, credentials), 0, "{name}");
    }
    // What no policy is for.
    let write = || write(&Method::POST, &[]);
    let layered = CachePolicyLayer::new(a_minute()).clock(OneSecond);
    let layered = allocations(layered.layer(with_head(&[])), write);
    assert_eq!(layered - allocations(with_head(&[]), write), 0);
}

/// The new value, and nothing else.
#[test]
fn a_joined_value_allocates_once() {
    let vary = || a_minute().vary([header::ACCEPT, header::ACCEPT_ENCODING]);
    let cases: [(&str, CachePolicy, Head, Head); 6] = [
        (
            "shorter",
            a_minute(),
            &[(header::CACHE_CONTROL, "max-age=600")],
            &[],
        ),
        (
            "private",
            a_minute(),
            &[(header::CACHE_CONTROL, "public, max-age=5")],
            AUTHORIZED,
        ),
        (
            "extended",
            a_minute(),
            &[(header::CACHE_CONTROL, "public, no-transform")],
            &[],
        ),
        ("vary", vary(), &[(header::VARY, "origin")], &[]),
        ("vary, own", vary(), &[(header::VARY, "x-tenant")], &[]),
        ("expires", a_minute().expires(), &[], &[]),
    ];
    for (name, policy, head, credentials) in cases {
        assert_eq!(policy_adds(policy, head, credentials), 1, "{name}");
    }
}

/// One for each field. Directives that are not known here cost two lists, and
/// two texts each: as they are read, and as they are joined.
#[test]
fn several_joined_values_allocate_one_each() {
    let all = || {
        let hour = CacheControl::new().with_max_age(Duration::from_secs(3600));
        let policy = a_minute().cdn(hour).unwrap().vary([header::ACCEPT]);
        policy.expires()
    };
    // Vary, Expires; then Cache-Control and CDN-Cache-Control too.
    assert_eq!(policy_adds(all(), &[(header::VARY, "origin")], &[]), 2);
    let head: Head = &[
        (header::VARY, "origin"),
        (header::CACHE_CONTROL, "public, max-age=600"),
    ];
    assert_eq!(policy_adds(all(), head, &[]), 4);
    let head: Head = &[(header::CACHE_CONTROL, "public, max-age=600, x=1")];
    assert_eq!(policy_adds(a_minute(), head, &[]), 1 + 2 + 2);
    let head: Head = &[(header::CACHE_CONTROL, "max-age=600, x=1, y=2")];
    assert_eq!(policy_adds(a_minute(), head, &[]), 1 + 2 + 4);
}
