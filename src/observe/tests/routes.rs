//! The names of routes, and what is remembered of them.

use http::Request;

use super::{Recorder, sized};
use crate::{
    ConditionalLayer, ObserveLayer,
    observe::{Exchange, SavedBytes},
    stack,
    test_support::{knows, read, send, tagged},
};

fn get(path: &str, tag: Option<&str>) -> Request<String> {
    let mut request = Request::get(path);
    if let Some(tag) = tag {
        request = request.header("if-none-match", tag);
    }
    request.body(String::new()).unwrap()
}

/// The first words of paths, with which a bad function makes as many names as it likes.
fn first_word(request: &http::request::Parts) -> Option<&str> {
    let word = request.uri.path().split('/').nth(1)?;
    (!word.is_empty()).then_some(word)
}

#[test]
fn a_function_names_the_routes_up_to_their_number() {
    let recorder = Recorder::default();
    let layer = ObserveLayer::new(recorder.clone())
        .route(first_word)
        .max_routes(2);
    for (path, route) in [
        ("/", "other"),
        ("/notes/1", "notes"),
        ("/tags", "tags"),
        ("/users", "other"),
        ("/notes/2", "notes"),
        ("/users", "other"),
    ] {
        read(send(&layer, get(path, None), |_| sized(["hello"])).into_body());
        let expected = format!("GET {route} 200 unevaluated sent=5 runs=1");
        assert_eq!(recorder.exchange(), expected, "{path}");
    }
}

#[test]
fn the_first_pattern_of_a_path_names_the_route() {
    let recorder = Recorder::default();
    let patterns = [
        "/notes/new",
        "/{kind}/{id}",
        "/notes/{id}",
        "/files/{*path}",
    ];
    let layer = ObserveLayer::new(recorder.clone())
        .routes(patterns)
        .unwrap();
    for (path, route) in [
        ("/notes/new", "/notes/new"),
        ("/notes/7?secret", "/{kind}/{id}"),
        ("/notes/", "other"),
        ("/files/a/b", "/files/{*path}"),
        ("/", "other"),
        ("/secret", "other"),
    ] {
        read(send(&layer, get(path, None), |_| sized(["hello"])).into_body());
        let expected = format!("GET {route} 200 unevaluated sent=5 runs=1");
        assert_eq!(recorder.exchange(), expected, "{path}");
    }
}

#[test]
fn an_invalid_pattern_is_refused() {
    let layer = ObserveLayer::new(|_: &Exchange<'_>| {});
    let error = layer.routes(["/notes", "notes/{id}"]).unwrap_err();
    let expected = "invalid route \"notes/{id}\": a route starts with \"/\"";
    assert_eq!(error.to_string(), expected);
}

#[test]
#[should_panic(expected = "at least one route needs a name")]
fn no_routes_are_refused() {
    let _ = ObserveLayer::new(|_: &Exchange<'_>| {}).max_routes(0);
}

/// The estimate is the length of the last whole 200 to a `GET` of this route.
#[test]
fn a_304_without_the_handler_has_the_last_length_of_its_route() {
    let recorder = Recorder::default();
    let estimates = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let told = estimates.clone();
    let tell = move |exchange: &Exchange<'_>| told.lock().unwrap().push(exchange.bytes_saved());
    let observe = ObserveLayer::new((recorder, tell)).route(first_word);
    let conditional = ConditionalLayer::new().source(knows(tagged("7")));
    let layer = stack().conditional(conditional).observe_with(observe);
    let saved = |request, content: &'static str| {
        read(send(&layer, request, move |_| sized([content])).into_body());
        estimates.lock().unwrap().pop().unwrap()
    };
    let same = Some("\"7\"");
    assert_eq!(saved(get("/notes/1", same), "hello"), None);
    assert_eq!(saved(get("/notes/1", None), "hello"), None);
    assert_eq!(saved(get("/tags/1", same), "hello"), None);
    assert_eq!(saved(get("/notes/2", same), ""), Some(SavedBytes::Last(5)));
    assert_eq!(saved(get("/notes/2", None), "hello, world"), None);
    assert_eq!(saved(get("/notes/1", same), ""), Some(SavedBytes::Last(12)));
    // A `HEAD` would have had no content.
    let mut head = get("/notes/1", same);
    *head.method_mut() = http::Method::HEAD;
    assert_eq!(saved(head, ""), None);
    // Content that is not sent as a whole says nothing about the length.
    let partly = send(&layer, get("/notes/1", None), |_| sized(["a", "b"]));
    super::read_frames(partly.into_body(), 1);
    assert_eq!(saved(get("/notes/1", same), ""), Some(SavedBytes::Last(12)));
}

/// Inside of the router, its pattern is the name. Outside, it is not known yet.
#[cfg(all(feature = "axum", feature = "tokio"))]
#[tokio::test]
async fn the_pattern_of_axum_is_the_name() {
    use axum::{Router, body::Body, routing::get};
    use http_body_util::BodyExt;
    use tower::{Layer, ServiceExt};

    let (inner, outer) = (Recorder::default(), Recorder::default());
    let notes = Router::new().route("/notes/{id}", get(|| async { "hello" }));
    let notes = notes.layer(stack().observe(inner.clone()));
    let app = Router::new().nest("/api", notes);
    let app = ObserveLayer::new(outer.clone()).layer(app);
    let request = Request::get("/api/notes/secret")
        .body(Body::empty())
        .unwrap();
    let response = app.oneshot(request).await.unwrap();
    response.into_body().collect().await.unwrap();
    let rest = "200 unconditional sent=5 runs=1";
    assert_eq!(inner.exchange(), format!("GET /api/notes/{{id}} {rest}"));
    assert_eq!(outer.exchange(), format!("GET other {rest}"));
}
