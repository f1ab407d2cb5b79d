use super::*;

/// R-9110-8.8.3.1-a: a header stays if its validator is unknown.
#[test]
fn a_response_with_validators() {
    let before = Response::builder().header("last-modified", DATE);
    let response = WithValidators(before.body(()).unwrap(), tagged("7"));
    let response = Response::from(response);
    assert_eq!(response.headers()["etag"], "\"7\"");
    assert_eq!(response.headers()["last-modified"], DATE);
}
