//! The validators of a response for every combination of a source and a handler.

use std::{
    convert::Infallible,
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{Router, body::Body, routing::get};
use http::{Method, Request, Response, request::Parts};
use tower::{Layer, Service, service_fn};
use tower_conditional::{
    ConditionalLayer, Current, EntityTag, EtagLayer, PreconditionLayer, ValidatorSource,
    Validators, source, stack,
};

use crate::support::{Fields, Reply, send};

type Answer = Result<Current, &'static str>;

fn tagged(tag: usize) -> Answer {
    Ok(EntityTag::strong(tag.to_string()).unwrap().into())
}

/// Returns a source whose answer depends on the number of earlier calls.
fn source(answer: impl Fn(usize) -> Answer + Send + Sync + 'static) -> impl ValidatorSource {
    let asked = AtomicUsize::new(0);
    source::now(move |_| answer(asked.fetch_add(1, Ordering::SeqCst)))
}

/// Returns a service with the same response to every request.
fn constant_service(
    status: u16,
    fields: Fields<'static>,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    service_fn(move |_: Request<Body>| {
        let mut response = Response::builder().status(status);
        for (name, value) in fields {
            response = response.header(*name, *value);
        }
        ready(Ok(response.body(Body::from("hello")).unwrap()))
    })
}

fn status_and_tag(reply: &Reply) -> (u16, Option<&str>) {
    (reply.status, reply.field("etag"))
}

/// R-9110-8.8-a: only a response with the representation has the tag of the source.
#[tokio::test]
async fn only_a_whole_representation_is_labelled() {
    for (status, tag) in [
        (200, Some("\"1\"")),
        (203, Some("\"1\"")),
        (204, None),
        (206, None),
        (304, None),
        (404, None),
        (500, None),
    ] {
        let layer = ConditionalLayer::new().source(source(|_| tagged(1)));
        let service = layer.layer(constant_service(status, &[]));
        for method in ["GET", "HEAD"] {
            let reply = send(&service, method, "/", &[]).await;
            assert_eq!(status_and_tag(&reply), (status, tag), "{method}");
        }
    }
}

/// R-9110-13.1.1-g: the second answer decides `If-Match`. An error wins.
#[tokio::test]
async fn the_second_answer_decides() {
    type Case = (fn() -> Answer, u16, Option<&'static str>);
    let second: [Case; 5] = [
        (|| tagged(1), 200, Some("\"1\"")),
        (|| tagged(2), 412, Some("\"2\"")),
        (|| Ok(Current::Absent), 412, None),
        (|| Ok(Current::Unknown), 200, None),
        (|| Err("down"), 200, None),
    ];
    for (again, status, tag) in second {
        for method in ["GET", "HEAD"] {
            let asks = move |n| if n == 0 { tagged(1) } else { again() };
            let condition = [("if-match", "\"1\"")];
            let found = ConditionalLayer::new().source(source(asks));
            let reply = send(
                &found.layer(constant_service(200, &[])),
                method,
                "/",
                &condition,
            )
            .await;
            assert_eq!(status_and_tag(&reply), (status, tag), "{method}");
            let broken = ConditionalLayer::new().source(source(asks));
            let reply = send(
                &broken.layer(constant_service(500, &[])),
                method,
                "/",
                &condition,
            )
            .await;
            assert_eq!(status_and_tag(&reply), (500, None), "{method}");
        }
    }
}

/// R-9110-8.8.1-a: a 412 in place of a 200 with another state does not have its date.
#[tokio::test]
async fn a_412_mixes_no_validators() {
    let dated = constant_service(200, &[("last-modified", "Thu, 01 Jan 2015 00:00:00 GMT")]);
    let second: [fn() -> Answer; 2] = [|| tagged(1), || Ok(Current::Absent)];
    for again in second {
        let asks = move |n| if n == 0 { tagged(0) } else { again() };
        let layer = ConditionalLayer::new().source(source(asks));
        let reply = send(
            &layer.layer(dated.clone()),
            "GET",
            "/",
            &[("if-match", "\"0\"")],
        )
        .await;
        assert_eq!((reply.status, reply.field("last-modified")), (412, None));
    }
}

/// R-9110-8.8-a: if a source knows only a date, no layer hashes.
#[tokio::test]
async fn a_date_alone_is_no_reason_to_hash() {
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let dated = move |_| Ok(Validators::new().with_last_modified(date).into());
    let layer = || ConditionalLayer::new().source(source(dated));
    let inside = layer().layer(EtagLayer::new().layer(constant_service(200, &[])));
    let outside = EtagLayer::new().layer(layer().layer(constant_service(200, &[])));
    for reply in [
        send(&inside, "GET", "/", &[]).await,
        send(&outside, "GET", "/", &[]).await,
    ] {
        assert_eq!(status_and_tag(&reply), (200, None));
        assert!(reply.field("last-modified").is_some());
    }
}

/// R-9110-9.3.2-a: `HEAD` asks for no range (RFC 9110, section 14.2), so neither does the `GET` in
/// its place.
#[tokio::test]
async fn head_as_get_asks_for_no_part() {
    let parts = service_fn(|request: Request<Body>| {
        let get = request.method() == Method::GET;
        let part = get && request.headers().contains_key("range");
        let response = Response::builder().status(if part { 206 } else { 200 });
        let content = if part { "he" } else { "hello" };
        ready(Ok::<_, Infallible>(
            response.body(Body::from(content)).unwrap(),
        ))
    });
    let range = [("range", "bytes=0-1"), ("if-range", "\"1\"")];
    let by_response = ConditionalLayer::new().head_as_get();
    let by_source = by_response.clone().source(source(|_| tagged(1)));
    for reply in [
        send(&by_response.layer(parts), "HEAD", "/", &range).await,
        send(&by_source.layer(parts), "HEAD", "/", &range).await,
    ] {
        assert_eq!(
            (reply.status, reply.field("content-length")),
            (200, Some("5"))
        );
    }
    let get = send(&by_response.layer(parts), "GET", "/", &range).await;
    assert_eq!((get.status, get.body.as_slice()), (206, b"he".as_slice()));
}

/// R-9110-8.8.1-a: two layers have one source, and a write comes between each two of its answers.
#[tokio::test]
async fn two_layers_ask_one_source() {
    for write in 0..6 {
        let asks = move |n| tagged(if n < write { 1 } else { 2 });
        let source = Arc::new(source(asks));
        let inside = ConditionalLayer::new().source(Arc::clone(&source));
        let outside = ConditionalLayer::new().source(source);
        let service = outside.layer(inside.layer(constant_service(200, &[])));
        let tag = match write {
            0 | 1 => Some("\"2\""),
            // The service has run meanwhile.
            2 => None,
            _ => Some("\"1\""),
        };
        let reply = send(&service, "GET", "/", &[]).await;
        assert_eq!(status_and_tag(&reply), (200, tag), "{write}");
    }
}

/// R-9110-8.8.1-a: with permanent writers, no tag is on two contents.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_has_one_content_during_writes() {
    let version = Arc::new(AtomicUsize::new(1));
    let read = |version: &Arc<AtomicUsize>| {
        let version = Arc::clone(version);
        async move {
            tokio::task::yield_now().await;
            let version = version.load(Ordering::SeqCst);
            tokio::task::yield_now().await;
            version
        }
    };
    let (labels, contents) = (Arc::clone(&version), Arc::clone(&version));
    let layer = ConditionalLayer::new().source(source::from_fn(move |_: &Parts| {
        let version = read(&labels);
        async move { tagged(version.await) }
    }));
    let service = layer.layer(service_fn(move |_: Request<Body>| {
        let version = read(&contents);
        async move { Ok::<_, Infallible>(Response::new(Body::from(version.await.to_string()))) }
    }));
    let writer = tokio::spawn(async move {
        loop {
            version.fetch_add(1, Ordering::SeqCst);
            for _ in 0..5 {
                tokio::task::yield_now().await;
            }
        }
    });
    for _ in 0..500 {
        let reply = send(&service, "GET", "/", &[]).await;
        if let Some(tag) = reply.field("etag") {
            assert_eq!(tag.trim_matches('"').as_bytes(), reply.body);
        }
    }
    writer.abort();
}

/// R-9110-8.8-a: the setters of a stack give the same result in every order.
#[tokio::test]
async fn the_order_of_setters_does_not_matter() {
    async fn check<L, B>(layer: L, hello: Router)
    where
        L: Layer<Router>,
        L::Service: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone,
        B: http_body::Body<Error: Into<tower::BoxError>>,
    {
        let service = layer.layer(hello);
        for (method, fields, status) in [
            ("GET", None, 200),
            ("HEAD", None, 200),
            ("GET", Some(("if-none-match", "\"1\"")), 304),
            ("PUT", None, 428),
            ("PUT", Some(("if-match", "\"0\"")), 412),
        ] {
            let fields: Vec<_> = fields.into_iter().collect();
            let reply = send(&service, method, "/", &fields).await;
            assert_eq!(reply.status, status, "{method} {fields:?}");
            if status < 400 {
                assert_eq!(reply.tag(), "\"1\"", "{method} {fields:?}");
            }
        }
    }
    let hello = || Router::new().route("/", get(|| async { "hello" }).put(|| async {}));
    let writes = || PreconditionLayer::new(source(|_| tagged(1))).require();
    let reads = || ConditionalLayer::new().head_as_get();
    let tags = || EtagLayer::new().weak();
    let layer = stack()
        .precondition(writes())
        .conditional(reads())
        .etag(tags());
    check(layer, hello()).await;
    let layer = stack()
        .etag(tags())
        .conditional(reads())
        .precondition(writes());
    check(layer, hello()).await;
    let layer = stack()
        .conditional(reads())
        .without_etag()
        .precondition(writes());
    check(layer, hello()).await;
}
