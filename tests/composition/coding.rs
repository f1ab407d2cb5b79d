//! `CodingTagLayer` around the real `CompressionLayer`.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{body::Body, extract::Path, routing::get};
use http::{
    HeaderMap, Request, Response,
    header::{ETAG, IF_MATCH},
};
use tower::{Service, ServiceBuilder, service_fn};
use tower_conditional::{CodingTagLayer, ConditionalLayer, stack};
use tower_http::compression::{CompressionLayer, Predicate, predicate::SizeAbove};

use crate::support::{CONTENT, Fields, Reply, router, send};

/// The `Content-Encoding` of the 200, and the `Accept-Encoding` that selects it.
const VARIANTS: [(Option<&str>, Fields<'static>); 5] = [
    (None, &[]),
    (None, &[("accept-encoding", "identity")]),
    (None, &[("accept-encoding", "gzip;q=0, br;q=0")]),
    (Some("gzip"), &[("accept-encoding", "br;q=0.5, gzip")]),
    (Some("br"), &[("accept-encoding", "gzip, br")]),
];

/// A predicate of compression that counts its calls.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl Counting {
    fn compressed(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Predicate for Counting {
    fn should_compress<B: http_body::Body>(&self, response: &Response<B>) -> bool {
        let is_worth_it = SizeAbove::default().should_compress(response);
        self.0
            .fetch_add(usize::from(is_worth_it), Ordering::Relaxed);
        is_worth_it
    }
}

/// Returns a service in all layers, in the right order.
macro_rules! layered {
    ($service:expr) => {
        layered!($service, Counting::default(), stack())
    };
    ($service:expr, $counting:expr, $stack:expr) => {
        ServiceBuilder::new()
            .layer(CodingTagLayer::new())
            .layer(CompressionLayer::new().compress_when($counting))
            .layer($stack)
            .service($service)
    };
}

fn with<'a>(accept: Fields<'a>, condition: (&'a str, &'a str)) -> Vec<(&'a str, &'a str)> {
    [accept, &[condition]].concat()
}

fn assert_same_variant(not_modified: &Reply, full: &Reply) {
    not_modified.assert_not_modified(full);
    assert_eq!(not_modified.field("vary"), Some("accept-encoding"));
    assert_eq!(not_modified.field("content-encoding"), None);
    // R-9110-8.6-a: the length is that of the variant, or there is none.
    assert_eq!(
        not_modified.field("content-length"),
        full.field("content-length")
    );
}

/// R-9110-8.8.1-c, R-9110-8.8.3-c, R-9110-13.1.2-e, R-9110-15.4.5-e.
#[tokio::test]
async fn each_variant_revalidates_with_its_own_tag() {
    let counting = Counting::default();
    let stack = stack().conditional(ConditionalLayer::new().head_as_get());
    let app = layered!(router(), counting.clone(), stack);
    let mut full = Vec::new();
    for (coding, accept) in VARIANTS {
        let reply = send(&app, "GET", "/", accept).await;
        assert_eq!(reply.field("content-encoding"), coding);
        assert_eq!(reply.field("vary"), Some("accept-encoding"));
        assert!(reply.tag().starts_with('"'), "{reply:?}");
        assert_eq!(coding.is_none(), reply.body == CONTENT.as_bytes());
        full.push((coding, accept, reply));
    }
    let tags = |coding| {
        let of = move |(other, _, reply): &(_, _, Reply)| {
            (*other == coding).then(|| reply.tag().to_owned())
        };
        full.iter().filter_map(of).collect::<Vec<_>>()
    };
    let identity = tags(None);
    assert!(identity.iter().all(|tag| *tag == identity[0]));
    let plain = identity[0].trim_matches('"');
    assert_eq!(tags(Some("gzip")), [format!("\"{plain}-gzip\"")]);
    assert_eq!(tags(Some("br")), [format!("\"{plain}-br\"")]);

    let before = counting.compressed();
    for (_, accept, reply) in &full {
        let fields = with(accept, ("if-none-match", reply.tag()));
        assert_same_variant(&send(&app, "GET", "/", &fields).await, reply);
        assert_same_variant(&send(&app, "HEAD", "/", &fields).await, reply);
    }
    assert_eq!(counting.compressed(), before, "a 304 was compressed");
}

/// R-9110-13.1.2-e: the tag is of a variant that the request does not accept.
#[tokio::test]
async fn another_variants_tag_is_no_304() {
    let app = layered!(router());
    let gzip = send(&app, "GET", "/", VARIANTS[3].1).await;
    let br = send(&app, "GET", "/", VARIANTS[4].1).await;
    for (accept, tag, status) in [
        ("identity", gzip.tag(), 200),
        ("identity", br.tag(), 200),
        ("gzip", br.tag(), 200),
        ("br", gzip.tag(), 200),
        ("gzip;q=0, *", gzip.tag(), 200),
        ("gzip;q=0, *", br.tag(), 304),
        // The request accepts both, so the variant of the client is current.
        ("gzip, br", gzip.tag(), 304),
    ] {
        let fields = [("accept-encoding", accept), ("if-none-match", tag)];
        let reply = send(&app, "GET", "/", &fields).await;
        assert_eq!(reply.status, status, "{accept} {tag}");
        assert_eq!(reply.tag() == tag, status == 304);
    }
    let both = format!("{}, {}", gzip.tag(), br.tag());
    let fields = with(VARIANTS[4].1, ("if-none-match", &both));
    assert_same_variant(&send(&app, "GET", "/", &fields).await, &br);
}

/// R-9110-9.3.2-a, R-9110-9.3.2-c: if compression sees the content, `HEAD` has the tag of `GET`. If
/// the service left it out, `HEAD` has the tag without coding.
#[tokio::test]
async fn head_has_the_tag_of_the_compressed_content() {
    let whole = service_fn(|_: Request<Body>| async {
        Ok::<_, Infallible>(Response::new(Body::from(CONTENT)))
    });
    let app = layered!(whole);
    for (_, accept) in VARIANTS {
        let full = send(&app, "GET", "/", accept).await;
        let head = send(&app, "HEAD", "/", accept).await;
        assert_eq!(head.tag(), full.tag());
    }
    let stack = stack().conditional(ConditionalLayer::new().head_as_get());
    let app = layered!(router(), Counting::default(), stack);
    let plain = send(&app, "GET", "/", &[]).await;
    for (_, accept) in VARIANTS {
        let head = send(&app, "HEAD", "/", accept).await;
        assert_eq!(head.tag(), plain.tag());
        assert_eq!(head.field("content-length"), plain.field("content-length"));
    }
}

type RecordedTag = Arc<Mutex<Option<String>>>;

/// Returns a service that records the `If-Match` of a write in `seen`.
fn store(
    seen: &RecordedTag,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
+ Clone
+ use<> {
    let seen = Arc::clone(seen);
    service_fn(move |request: Request<Body>| {
        let named = request.headers().get(IF_MATCH);
        *seen.lock().unwrap() = named.map(|tag| tag.to_str().unwrap().to_owned());
        let fails = named.is_some_and(|tag| tag != "\"v2\"");
        let response = Response::builder()
            .status(if fails { 412 } else { 200 })
            .header(ETAG, "\"v2\"");
        let content = if fails { "" } else { CONTENT };
        std::future::ready(Ok(response.body(Body::from(content)).unwrap()))
    })
}

/// R-9110-13.1.1-d: content that was read in any coding can be written. An old tag stays false.
#[tokio::test]
async fn a_write_may_name_any_variant() {
    let seen = RecordedTag::default();
    let app = layered!(store(&seen));
    for (_, accept) in VARIANTS {
        let full = send(&app, "GET", "/", accept).await;
        let written = send(&app, "PUT", "/", &[("if-match", full.tag())]).await;
        assert_eq!(written.status, 200, "{}", full.tag());
        assert_eq!(seen.lock().unwrap().as_deref(), Some("\"v2\""));
        assert_eq!(written.tag(), "\"v2\"");

        let old = full.tag().replace("v2", "v1");
        let refused = send(&app, "PUT", "/", &with(accept, ("if-match", &old))).await;
        assert_eq!(refused.status, 412, "{old}");
        assert_eq!(seen.lock().unwrap().as_deref(), Some("\"v1\""));
        assert_eq!(refused.tag(), "\"v2\"");
    }
}

/// R-9110-8.8.1-c, R-9110-13.1.2-e: the handler codes its content itself, and sets tags with the
/// suffix or without.
#[tokio::test]
async fn a_handler_may_code_its_content_itself() {
    let handler = |Path(tag): Path<String>, headers: HeaderMap| async move {
        let codes = headers.contains_key("accept-encoding");
        let fields = [
            ("content-encoding", "gzip"),
            ("etag", &*format!("\"{tag}\"")),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let fields: Vec<_> = fields.into_iter().skip(usize::from(!codes)).collect();
        let mut response = Response::new(Body::from(CONTENT));
        for (name, value) in fields {
            let name: http::HeaderName = name.parse().unwrap();
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        response
    };
    let router = axum::Router::new().route("/{tag}", get(handler));
    let app = layered!(router);
    for (path, coded, identity) in [
        ("/v1", "\"v1-gzip\"", "\"v1\""),
        ("/v1-gzip", "\"v1-gzip\"", "W/\"v1-gzip\""),
    ] {
        for (accept, tag) in [(VARIANTS[3].1, coded), (VARIANTS[0].1, identity)] {
            let full = send(&app, "GET", path, accept).await;
            assert_eq!((full.status, full.tag()), (200, tag), "{path}");
            let fields = with(accept, ("if-none-match", tag));
            let reply = send(&app, "GET", path, &fields).await;
            reply.assert_not_modified(&full);
        }
    }
}

/// R-9110-8.8.1-c: a 206 is of the uncoded content, and is never sent to a client that would join
/// it to coded bytes.
#[tokio::test]
async fn a_206_needs_the_uncoded_variant() {
    let ranged = service_fn(|request: Request<Body>| {
        let field = |name| request.headers().get(name);
        let resumes =
            field("range").is_some() && field("if-range").is_none_or(|tag| tag == "\"v1\"");
        let response = Response::builder().header(ETAG, "\"v1\"");
        let response = if resumes {
            let range = format!("bytes 0-99/{}", CONTENT.len());
            let part = response.status(206).header("content-range", range);
            part.body(Body::from(&CONTENT[..100]))
        } else {
            response.body(Body::from(CONTENT))
        };
        std::future::ready(Ok::<_, Infallible>(response.unwrap()))
    });
    let app = layered!(ranged);
    for (coding, accept) in VARIANTS {
        let full = send(&app, "GET", "/", accept).await;
        let resume = [accept, &[("range", "bytes=0-99"), ("if-range", full.tag())]].concat();
        let reply = send(&app, "GET", "/", &resume).await;
        assert_eq!(reply.status, if coding.is_none() { 206 } else { 200 });
        assert_eq!(reply.tag(), full.tag());
        assert_eq!(reply.field("content-encoding"), coding);

        let matched = [accept, &[("range", "bytes=0-99"), ("if-match", full.tag())]].concat();
        let reply = send(&app, "GET", "/", &matched).await;
        assert_eq!(reply.status, if coding.is_none() { 206 } else { 412 });
    }
}
