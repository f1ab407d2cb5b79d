use ::axum::{Router, body::Body, response::IntoResponse, routing::get};
use http::Request;
use tower::ServiceExt;

use super::*;
use crate::{Outcome, PreconditionLayer, precondition::OnUnchecked, test_support::knows};

async fn read(
    preconditions: Preconditions,
) -> Result<WithValidators<&'static str>, PreconditionRejection> {
    preconditions.check(tagged("7"))?;
    Ok(WithValidators("hello", tagged("7")))
}

async fn write(expected: Expected) -> Result<StatusCode, PreconditionFailed> {
    let versions = expected.versions();
    let written = versions.is_none_or(|versions| versions.contains(&7));
    let written = expected.confirm_written(written.then_some(()))?;
    Ok(written.map_or(StatusCode::NOT_FOUND, |()| StatusCode::NO_CONTENT))
}

async fn careless(_: Preconditions) -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn gone() -> NotModified {
    NotModified::new(tagged("7"))
}

async fn film(ranges: Ranges) -> impl IntoResponse {
    ranges.respond(1000, tagged("7"), |range| {
        Body::from(vec![b'x'; range.length() as usize])
    })
}

fn router() -> Router {
    let methods = get(read).put(write).post(careless);
    let router = Router::new().route("/", methods).route("/304", get(gone));
    router.route("/film", get(film))
}

async fn send(router: Router, method: &str, fields: Fields<'_>) -> Response<Body> {
    let (parts, _) = request(method, "/", fields.iter().copied()).into_parts();
    let request = Request::from_parts(parts, Body::empty());
    router.oneshot(request).await.unwrap()
}

/// R-9110-13.1.2-b, R-9110-13.1.1-b: the types as extractors and responses.
#[tokio::test]
async fn handlers_check_by_themselves() {
    for (method, fields, expected) in [
        ("GET", &[][..], 200),
        ("GET", &[("if-none-match", "\"7\"")], 304),
        ("GET", &[("if-match", "\"6\"")], 412),
        ("PUT", &[], 204),
        ("PUT", &[("if-match", "\"7\"")], 204),
        ("PUT", &[("if-match", "\"6\"")], 412),
    ] {
        let response = send(router(), method, fields).await;
        assert_eq!(response.status(), expected, "{method} {fields:?}");
        let tagged = response.headers().contains_key("etag");
        assert_eq!(tagged, method == "GET", "{method} {fields:?}");
    }
    let request = Request::get("/304").body(Body::empty()).unwrap();
    let response = router().oneshot(request).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["etag"]),
        (304, &"\"7\"".parse().unwrap())
    );
}

/// Issue 10, B.8: in the error enum of an application, `into_response` is the method of
/// axum's trait.
#[test]
fn into_response_is_the_method_of_the_trait() {
    let responses: [Response<Body>; 4] = [
        NotModified::default().into_response(),
        PreconditionFailed::new().into_response(),
        PreconditionRejection::NotModified(NotModified::default()).into_response(),
        PreconditionRejection::Failed(PreconditionFailed::new()).into_response(),
    ];
    let statuses = responses.map(|response| response.status().as_u16());
    assert_eq!(statuses, [304, 412, 304, 412]);
}

/// R-9110-13.1-a: the extractor shares the conditions that the layer added.
#[tokio::test]
async fn the_layer_sees_the_comparison_of_the_extractor() {
    let layer = PreconditionLayer::new(knows(tagged("7"))).on_unchecked(OnUnchecked::Fail);
    let router = router().layer(layer);
    let current = [("if-match", "\"7\"")];
    let response = send(router.clone(), "PUT", &current).await;
    assert_eq!(response.status(), 204);
    assert!(Outcome::of(&response).is_none());
    let response = send(router.clone(), "POST", &current).await;
    assert_eq!(response.status(), 500);
    assert!(Outcome::of(&response).unwrap().is_unchecked());
    assert_eq!(send(router, "POST", &[]).await.status(), 204);
}

/// R-9110-14.2-a: the router sends the head of the 200 to a `HEAD`.
#[tokio::test]
async fn ranges_are_an_extractor() {
    for (method, status, length) in [("GET", 206, "4"), ("HEAD", 200, "1000")] {
        let request = Request::builder().method(method).uri("/film");
        let request = request.header("range", "bytes=3-6").body(Body::empty());
        let response = router().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{method}");
        assert_eq!(response.headers()["content-length"], length);
        assert_eq!(response.headers()["etag"], "\"7\"");
    }
}
