//! The order of answers.

use axum::{
    extract::Request as AxumRequest,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response as AxumResponse},
};

use super::*;

/// No condition is required of a method that is not routed.
#[tokio::test]
async fn not_found_and_not_allowed_come_first() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let app = app(&notes);
    let stale = tag(1, 6);
    for fields in [&[][..], &[("if-match", &*stale)]] {
        for method in ["PATCH", "DELETE", "POST"] {
            let response = send(&app, method, "/notes/1", fields).await;
            assert_eq!(response.status(), 405, "{method}");
            assert_eq!(response.headers()["allow"], "GET,HEAD,PUT", "{method}");
        }
        for method in ["GET", "PUT", "DELETE"] {
            assert_eq!(send(&app, method, "/other", fields).await.status(), 404);
        }
    }
    assert_eq!(notes.ran(), (0, 0));
}

/// Lets requests pass whose token has the scope.
async fn authorize(scope: &str, request: AxumRequest, next: Next) -> AxumResponse {
    let token = request.headers().get("authorization");
    let token = token
        .and_then(|token| token.to_str().ok())
        .map(str::to_owned);
    match token {
        None => StatusCode::UNAUTHORIZED.into_response(),
        Some(token) if token.contains(scope) => next.run(request).await,
        Some(_) => StatusCode::FORBIDDEN.into_response(),
    }
}

fn authorized(notes: &Notes) -> Router {
    let version = source::axum(version).with_state(notes.clone());
    let note = guard(version, get(read), put(write))
        .layer_reads(from_fn(|request, next| authorize("read", request, next)))
        .layer_writes(from_fn(|request, next| authorize("write", request, next)))
        .with_state(notes.clone());
    Router::new().route("/notes/{id}", note)
}

#[tokio::test]
async fn authorization_comes_before_every_condition() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let app = authorized(&notes);
    let (current, stale) = (tag(1, 7), tag(1, 6));
    for (method, fields) in [
        ("GET", &[("if-none-match", &*current)][..]),
        ("GET", &[("if-match", &*stale)]),
        ("HEAD", &[("if-none-match", &*current)]),
        ("PUT", &[("if-match", &*stale)]),
        ("PUT", &[("if-match", &*current)]),
        ("PUT", &[]),
    ] {
        let unknown = send(&app, method, "/notes/1", fields).await;
        assert_eq!(unknown.status(), 401, "{method} {fields:?}");
        assert_eq!(etag(&unknown), None, "{method} {fields:?}");
        let other = [fields, &[("authorization", "other")]].concat();
        assert_eq!(send(&app, method, "/notes/1", &other).await.status(), 403);
    }
    assert_eq!(notes.ran(), (0, 0));

    let known = [("if-none-match", &*current), ("authorization", "read")];
    assert_eq!(send(&app, "GET", "/notes/1", &known).await.status(), 304);
}

/// A 412 shows a client no more than its own `GET` does.
#[tokio::test]
async fn a_writer_who_may_not_read_sees_nothing() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let app = authorized(&notes);
    let stale = ("if-match", &*tag(1, 6));

    let writer = send(
        &app,
        "PUT",
        "/notes/1",
        &[stale, ("authorization", "write")],
    )
    .await;
    assert_eq!(writer.status(), 412);
    assert_eq!(etag(&writer), None);
    assert!(!writer.body().contains("one"), "{}", writer.body());
    assert!(!writer.body().contains(&tag(1, 7)), "{}", writer.body());
    assert_eq!(notes.ran(), (0, 0));

    let both = send(
        &app,
        "PUT",
        "/notes/1",
        &[stale, ("authorization", "read write")],
    )
    .await;
    assert_eq!((both.status().as_u16(), &**both.body()), (412, "one"));
    assert_eq!(etag(&both), Some(&*tag(1, 7)));
}

/// Any other answer to the `GET` withholds the tag. A 404 may hide the note, and a failed
/// service does not tell whom it would let read.
#[tokio::test]
async fn the_tag_is_shown_only_to_clients_that_may_read() {
    for refusal in [302, 401, 403, 404, 410, 429, 500, 503] {
        let refusal = StatusCode::from_u16(refusal).unwrap();
        let notes = Notes::with(&[(1, "one", 7)]);
        let version = source::axum(version).with_state(notes.clone());
        let note = guard(version, get(read), put(write))
            .layer_reads(from_fn(
                move |request: AxumRequest, next: Next| async move {
                    match request.headers().get("authorization") {
                        Some(_) => next.run(request).await,
                        None => refusal.into_response(),
                    }
                },
            ))
            .with_state(notes.clone());
        let app = Router::new().route("/notes/{id}", note);
        for prefer in ["return=minimal", "return=representation", "x"] {
            let fields = [
                ("if-match", &*tag(1, 6)),
                ("prefer", prefer),
                ("authorization", "x"),
            ];
            let writer = send(&app, "PUT", "/notes/1", &fields[..2]).await;
            assert_eq!(writer.status(), 412, "{refusal} {prefer}");
            assert_eq!(etag(&writer), None, "{refusal} {prefer}");
            assert!(!writer.body().contains("7-"), "{}", writer.body());
            let both = send(&app, "PUT", "/notes/1", &fields).await;
            assert_eq!(etag(&both), Some(&*tag(1, 7)), "{refusal} {prefer}");
        }
    }
}

/// So it is if the handler finds that another write has overtaken this one.
#[tokio::test]
async fn an_overtaken_writer_who_may_not_read_sees_nothing() {
    let notes = Notes::with(&[(1, "secret", 7)]);
    let before = source::now(|_| tags(1).number(6));
    let note = guard(before, get(read), put(write))
        .layer_reads(from_fn(|request, next| authorize("read", request, next)))
        .with_state(notes.clone());
    let app = Router::new().route("/notes/{id}", note);
    let fields = [("if-match", &*tag(1, 6)), ("authorization", "write")];
    let overtaken = send(&app, "PUT", "/notes/1", &fields).await;
    assert_eq!(overtaken.status(), 412);
    assert_eq!(notes.ran(), (0, 1));
    assert_eq!(etag(&overtaken), None);
    assert!(!overtaken.body().contains("secret"), "{}", overtaken.body());
}

/// One layer around reads and writes, as a router has it.
#[tokio::test]
async fn a_layer_around_the_route_comes_first_too() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let route = note(&notes).route_layer(from_fn(|request, next| authorize("", request, next)));
    let app = Router::new().route("/notes/{id}", route);
    let stale = ("if-match", &*tag(1, 6));
    assert_eq!(send(&app, "PUT", "/notes/1", &[stale]).await.status(), 401);
    assert_eq!(send(&app, "DELETE", "/notes/1", &[]).await.status(), 405);
    let known = [stale, ("authorization", "x")];
    assert_eq!(send(&app, "PUT", "/notes/1", &known).await.body(), "one");
}

/// An unknown client gets nothing but 401, with the authorization in any place.
#[tokio::test]
async fn authorization_in_every_place() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let known = || from_fn(|request, next| authorize("", request, next));
    let route = || Router::new().route("/notes/{id}", note(&notes));
    let with = |note: MethodRouter| Router::new().route("/notes/{id}", note);
    let version = source::axum(version).with_state(notes.clone());
    let guarded = guard(version, get(read), put(write))
        .layer_reads(known())
        .layer_writes(known());
    let apps: [(&str, Router); 11] = [
        ("", with(guarded.with_state(notes.clone()))),
        ("", with(note(&notes).route_layer(known()))),
        ("", with(note(&notes).layer(known()))),
        ("", route().route_layer(known())),
        ("", route().layer(known())),
        ("/a", Router::new().nest("/a", route().layer(known()))),
        ("/a", Router::new().nest("/a", route()).layer(known())),
        (
            "/a/b",
            Router::new().nest("/a", Router::new().nest("/b", route()).route_layer(known())),
        ),
        (
            "/a",
            Router::new().nest_service("/a", route()).layer(known()),
        ),
        ("", Router::new().merge(route().layer(known()))),
        (
            "",
            Router::new().route_service("/notes/{id}", note(&notes).layer(known())),
        ),
    ];
    let (current, stale) = (tag(1, 7), tag(1, 6));
    for (at, (prefix, app)) in apps.iter().enumerate() {
        let path = format!("{prefix}/notes/1");
        for method in ["GET", "HEAD", "PUT"] {
            for fields in [
                &[][..],
                &[("if-match", &*stale)],
                &[("if-match", &*current)],
                &[("if-none-match", &*current)],
                &[("if-none-match", "*"), ("prefer", "return=minimal")],
                &[("if-match", "malformed")],
            ] {
                let response = send(app, method, &path, fields).await;
                assert_eq!(response.status(), 401, "{at} {method} {fields:?}");
                assert_eq!((etag(&response), &**response.body()), (None, ""));
            }
        }
        let fields = [("if-match", &*stale), ("authorization", "x")];
        let response = send(app, "PUT", &path, &fields).await;
        assert_eq!(response.status(), 412, "{at}");
    }
}

/// A layer that is added later is further outside.
#[tokio::test]
async fn layers_are_around_those_before() {
    async fn mark(name: &'static str, request: AxumRequest, next: Next) -> AxumResponse {
        let mut response = next.run(request).await;
        response
            .headers_mut()
            .append("x-passed", name.parse().unwrap());
        response
    }
    let notes = Notes::with(&[(1, "one", 7)]);
    let version = source::axum(version).with_state(notes.clone());
    let note = guard(version, get(read), put(write))
        .layer_reads(from_fn(|request, next| mark("inner", request, next)))
        .layer_reads(from_fn(|request, next| mark("outer", request, next)))
        .with_state(notes.clone());
    let app = Router::new().route("/notes/{id}", note);
    let response = send(&app, "GET", "/notes/1", &[("if-none-match", "*")]).await;
    assert_eq!(response.status(), 304);
    let passed: Vec<_> = response.headers().get_all("x-passed").iter().collect();
    assert_eq!(passed, ["inner", "outer"]);
}
