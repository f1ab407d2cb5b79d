//! Two exchanges in order through `AuditLayer`. Nothing panics, the same findings come each time,
//! and some findings come exactly where they must.

#![no_main]

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use libfuzzer_sys::fuzz_target;
use tower_conditional::{Audit, AuditLayer, audit::Code, clock::Clock};
use tower_conditional_fuzz::fields;
use tower_layer::Layer;
use tower_service::Service;

/// A clock that stands at 2025-01-31.
struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_738_324_800)
    }
}

#[derive(Clone)]
struct Exchange {
    method: Method,
    request: HeaderMap,
    status: StatusCode,
    response: HeaderMap,
    content: Bytes,
    /// `true` if the body is read to its end.
    read: bool,
}

impl Exchange {
    /// Splits the input: the first three bytes, the lines of the request, an empty line, and the
    /// lines of the response.
    fn of(data: &[u8]) -> Self {
        let [pick, status, content, rest @ ..] = data else {
            return Self::of(&[0; 3]);
        };
        let end = rest.windows(2).position(|two| two == b"\n\n");
        let (request, response) = rest.split_at(end.unwrap_or(rest.len()));
        let methods = [
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::from_bytes(b"QUERY").unwrap(),
        ];
        let statuses = [200, 206, 304, 404, 412, 204, 301, 500, 428];
        Self {
            method: methods[usize::from(pick & 0x7f) % methods.len()].clone(),
            request: fields(&REQUEST, request),
            status: StatusCode::from_u16(statuses[usize::from(*status) % statuses.len()]).unwrap(),
            response: fields(&RESPONSE, response.get(2..).unwrap_or_default()),
            content: Bytes::copy_from_slice(&[b'x'; 3][..usize::from(content % 4)]),
            read: pick & 0x80 == 0,
        }
    }
}

const REQUEST: [HeaderName; 14] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::AUTHORIZATION,
    header::CACHE_CONTROL,
    header::CONTENT_LENGTH,
    header::COOKIE,
    header::HOST,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::RANGE,
    HeaderName::from_static("x-tenant"),
];

const RESPONSE: [HeaderName; 23] = [
    header::ACCEPT_RANGES,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::AGE,
    header::CACHE_CONTROL,
    HeaderName::from_static("cache-status"),
    HeaderName::from_static("cdn-cache-control"),
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LENGTH,
    header::CONTENT_LOCATION,
    header::CONTENT_RANGE,
    header::CONTENT_SECURITY_POLICY,
    header::CONTENT_TYPE,
    header::DATE,
    header::ETAG,
    header::EXPIRES,
    header::LAST_MODIFIED,
    header::SET_COOKIE,
    HeaderName::from_static("surrogate-control"),
    header::VARY,
    header::WARNING,
];

/// A body with one frame, or none if that is empty.
struct Content(Bytes);

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let data = std::mem::take(&mut self.0);
        Poll::Ready((!data.is_empty()).then(|| Ok(Frame::data(data))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}

struct Handler<'a>(&'a Exchange);

impl Service<Request<()>> for Handler<'_> {
    type Response = Response<Content>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        let mut response = Response::new(Content(self.0.content.clone()));
        *response.status_mut() = self.0.status;
        *response.headers_mut() = self.0.response.clone();
        ready(Ok(response))
    }
}

/// Checks that the layer changes nothing.
fn send(layer: &AuditLayer, exchange: &Exchange) {
    let mut request = Request::new(());
    *request.method_mut() = exchange.method.clone();
    *request.headers_mut() = exchange.request.clone();
    let mut cx = Context::from_waker(Waker::noop());
    let mut future = pin!(layer.layer(Handler(exchange)).call(request));
    let Poll::Ready(Ok(response)) = future.as_mut().poll(&mut cx) else {
        panic!("the handler is ready");
    };
    assert_eq!(response.status(), exchange.status);
    assert_eq!(*response.headers(), exchange.response);
    let mut body = pin!(response.into_body());
    while exchange.read {
        let Poll::Ready(frame) = body.as_mut().poll_frame(&mut cx) else {
            panic!("the body is ready");
        };
        let Some(Ok(frame)) = frame else { break };
        assert_eq!(frame.into_data().ok(), Some(exchange.content.clone()));
    }
}

type ReportedFinding = (Code, String, String, u64);

fn reported(exchanges: &[&Exchange]) -> Vec<ReportedFinding> {
    let audit = Audit::new().clock(FixedClock);
    let layer = AuditLayer::new(audit.clone());
    for exchange in exchanges {
        send(&layer, exchange);
    }
    let findings = audit.findings();
    let reported = findings.iter().map(|finding| {
        (
            finding.code(),
            finding.target().to_owned(),
            finding.detail().to_owned(),
            finding.count(),
        )
    });
    reported.collect()
}

fn codes(reported: &[ReportedFinding]) -> Vec<Code> {
    reported.iter().map(|(code, ..)| *code).collect()
}

/// Checks the findings of one exchange by itself.
fn codes_of_exchange(exchange: &Exchange) -> Vec<Code> {
    let reported = reported(&[exchange]);
    let codes = codes(&reported);
    for (code, target, detail, count) in reported {
        assert_eq!((&*target, count), (&*format!("{} /", exchange.method), 1));
        assert!(detail.len() < 2000, "{code}: {detail}");
    }

    let says = |name: &HeaderName| exchange.response.contains_key(name);
    let found = |code| codes.contains(&code);
    let reads = [Method::GET, Method::HEAD].contains(&exchange.method);
    if found(Code::ConditionOverlooked) {
        assert_eq!(exchange.status, StatusCode::PRECONDITION_REQUIRED);
        assert!(exchange.request.contains_key(header::IF_MATCH));
    }
    if exchange.response.is_empty() {
        let silent = reads && [200, 206, 404, 301, 204].contains(&exchange.status.as_u16());
        let of_response = codes.iter().copied();
        let of_response = of_response.filter(|code| *code != Code::ConditionOverlooked);
        let expected = Vec::from_iter(silent.then_some(Code::NoPolicy));
        assert_eq!(Vec::from_iter(of_response), expected);
    }
    if !reads {
        for code in [
            Code::SharedCookie,
            Code::SharedAuthorization,
            Code::LaxerTargetedField,
            Code::NoPolicy,
            Code::Missed304,
            Code::CodingWithoutVary,
            Code::OtherTagOn304,
            Code::NonceOn304,
            Code::LengthOn304,
            Code::PartOfOther,
        ] {
            assert!(!found(code), "{code}");
        }
    }
    assert_eq!(found(Code::AgeFromOrigin), says(&header::AGE));
    for (code, name) in [
        (Code::InvalidTag, header::ETAG),
        (Code::PersonalTag, header::ETAG),
        (Code::SharedCookie, header::SET_COOKIE),
        (Code::MalformedPolicy, header::CACHE_CONTROL),
        (Code::ExpiresDisagrees, header::EXPIRES),
        (Code::VaryAny, header::VARY),
        (Code::HeaderNotExposed, header::ACCESS_CONTROL_ALLOW_ORIGIN),
        (Code::OtherTagOn304, header::ETAG),
        (Code::PartOfOther, header::ETAG),
        (Code::LengthOn304, header::CONTENT_LENGTH),
        (Code::NonceOn304, header::CONTENT_SECURITY_POLICY),
        (Code::DateOnlyValidator, header::LAST_MODIFIED),
        (
            Code::MalformedCacheStatus,
            HeaderName::from_static("cache-status"),
        ),
    ] {
        assert!(!found(code) || says(&name), "{code}");
    }
    // Findings of comparisons do not count here.
    for code in [
        Code::SameTagOtherBytes,
        Code::UnstableTag,
        Code::HeadDiffers,
        Code::MissingOn206,
        Code::LaxerOn304,
        Code::SharedContent,
        Code::MissingOn304,
        Code::DiffersOn304,
        Code::CurrentTagRefused,
        Code::WeakTagRefused,
        Code::IgnoredCondition,
        Code::TagOfOtherContent,
        Code::OriginNotAllowed,
    ] {
        assert!(!found(code), "{code}");
    }
    codes
}

fuzz_target!(|data: &[u8]| {
    let half = data.len() / 2;
    let (one, other) = (Exchange::of(&data[..half]), Exchange::of(&data[half..]));
    let (of_one, of_other) = (codes_of_exchange(&one), codes_of_exchange(&other));

    let both = reported(&[&one, &other, &one]);
    assert_eq!(both, reported(&[&one, &other, &one]));
    // Each exchange has the same findings beside another, unless that is its 200.
    let of_200 = [Code::LengthOn304, Code::NonceOn304];
    let shown = of_one.into_iter().chain(of_other);
    for code in shown.filter(|code| !of_200.contains(code)) {
        assert!(codes(&both).contains(&code), "{code}");
    }

    // A deterministic service never contradicts itself.
    for code in codes(&reported(&[&one, &one, &one])) {
        let contradicts = [
            Code::SameTagTwoCodings,
            Code::SameTagOtherBytes,
            Code::UnstableTag,
            Code::PerProcessTag,
            Code::SameDateOtherBytes,
            Code::VariantWithoutVary,
            Code::ContentWithoutVary,
            Code::VaryDiffers,
            Code::HeadDiffers,
            Code::PartDiffers,
            Code::MissingOn206,
            Code::LaxerOn304,
            Code::TagMissingOn304,
            Code::SharedContent,
            Code::MissingOn304,
            Code::DiffersOn304,
            Code::CurrentTagRefused,
            Code::WeakTagRefused,
            Code::IgnoredCondition,
            Code::TagOfOtherContent,
            Code::OriginNotAllowed,
        ];
        assert!(!contradicts.contains(&code), "{code}");
    }

    // Intended findings are not reported.
    let audit = Audit::new()
        .clock(FixedClock)
        .allow(Code::ALL.iter().copied());
    let layer = AuditLayer::new(audit.clone());
    send(&layer, &one);
    send(&layer, &other);
    assert!(audit.findings().is_empty());
    audit.assert_clean();
});
