use super::taken_prefix;

/// As many segments as the nested router's pattern has. A path that was rewritten before it, or is
/// that of another request, has no such start.
#[test]
fn a_nested_router_takes_the_segments_of_its_pattern() {
    for (path, pattern, taken) in [
        ("/api/orders", "/api", Some("/api")),
        ("/api", "/api", Some("/api")),
        ("/api/", "/api", Some("/api")),
        ("/api/orders", "/api/", Some("/api")),
        ("/api//orders", "/api", Some("/api")),
        ("/api/v1/orders", "/api/v1", Some("/api/v1")),
        ("/a%2Db/orders/7", "/{tenant}/orders", Some("/a%2Db/orders")),
        ("/api/api/api", "/api", Some("/api")),
        ("/api/one", "/", Some("")),
        ("/apix/orders", "/api", None),
        ("/batch", "/api", None),
        ("/api", "/api/{version}", None),
        ("*", "/api", None),
        ("", "/api", None),
    ] {
        assert_eq!(taken_prefix(path, pattern), taken, "{path} {pattern}");
    }
}

/// A nested router explains that its prefix is missing, and nothing else.
#[cfg(feature = "axum")]
#[test]
fn a_rewritten_path_is_told_from_a_prefix_that_was_removed() {
    use axum::{Router, extract::Request, routing::any};
    use tower_service::Service;

    use crate::test_support::run;

    // The header has the path to which the request is rewritten before the layer.
    let nested = any(async |request: Request| {
        let (mut request, _) = request.into_parts();
        if let Some(path) = request.headers.get("x-path") {
            request.uri = path.to_str().unwrap().parse().unwrap();
        }
        let path = super::rewritten(&request).map(http::Uri::path);
        [("x-rewritten", path.unwrap_or("none").to_owned())]
    });
    let nested = Router::new()
        .route("/", nested.clone())
        .route("/{*rest}", nested);
    let mut app: Router = Router::new().nest("/api", nested);
    for (path, rewritten_to, expected) in [
        ("/api", None, "none"),
        ("/api/notes", None, "none"),
        // axum leaves one of two slashes. That alone explains a slash less.
        ("/api//notes", None, "none"),
        ("/api//notes", Some("/other"), "/other"),
        ("/api///notes", Some("/notes"), "/notes"),
        ("/api/notes", Some("/notes"), "none"),
        ("/api", Some("/"), "none"),
        ("/api", Some("/notes"), "/notes"),
        ("/api/notes", Some("/"), "/"),
        ("/api/notes", Some("/other"), "/other"),
    ] {
        let request = Request::get(path);
        let request = match rewritten_to {
            Some(to) => request.header("x-path", to),
            None => request,
        };
        let request = request.body(axum::body::Body::empty()).unwrap();
        let response = run(app.call(request)).unwrap();
        let case = format!("{path} {rewritten_to:?}");
        assert_eq!(response.headers()["x-rewritten"], expected, "{case}");
    }
}
