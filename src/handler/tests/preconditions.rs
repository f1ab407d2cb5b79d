use super::*;

/// R-9110-13.1.2-b, R-9110-13.1.1-g
#[test]
fn checking_a_read() {
    let check = |method: &str, fields: Fields<'_>| {
        let request = request(method, "/", fields.iter().copied());
        let preconditions = Preconditions::of(&request);
        assert_eq!(preconditions.is_empty(), fields.is_empty());
        let current = VersionTags::plain().number(7);
        match preconditions.check(current) {
            Ok(()) => 200,
            Err(rejection) => {
                let response = respond(rejection);
                assert_eq!(response.headers()["etag"], "\"7\"");
                response.status().as_u16()
            }
        }
    };
    assert_eq!(check("GET", &[]), 200);
    assert_eq!(check("GET", &[("if-none-match", "\"7\"")]), 304);
    assert_eq!(check("HEAD", &[("if-none-match", "W/\"7\"")]), 304);
    assert_eq!(check("GET", &[("if-none-match", "\"6\"")]), 200);
    assert_eq!(check("GET", &[("if-match", "\"6\"")]), 412);
    assert_eq!(check("PUT", &[("if-none-match", "\"7\"")]), 412);
    let absent = Preconditions::of(&request("PUT", "/", [("if-match", "*")])).check(None);
    let Err(PreconditionRejection::Failed(failed)) = absent else {
        panic!("{absent:?}");
    };
    assert!(!respond(failed).headers().contains_key("etag"));
}
