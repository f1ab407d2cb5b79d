use super::*;
use crate::cors;

/// Issue 10, B.4: a script of another origin reads `ETag` only if it is exposed.
#[test]
fn a_tag_that_is_not_exposed_is_found() {
    let advice = [Code::HeaderNotExposed];
    let any = ("access-control-allow-origin", "*");
    let one = ("access-control-allow-origin", "https://app.example");
    let credentials = ("access-control-allow-credentials", "true");
    let tag = ("etag", "\"a\"");
    let expose = |names: &'static str| ("access-control-expose-headers", names);
    for origin in [any, one] {
        expect(&[], &[ASK, tag, origin], &advice);
        expect(&[], &[ASK, tag, origin, expose("Link, x-etag")], &advice);
        expect(&[], &[ASK, tag, origin, expose("*"), credentials], &advice);
        expect(&[], &[ASK, tag, origin, expose("*")], &[]);
        expect(
            &[],
            &[ASK, tag, origin, expose("link"), expose("X, etag")],
            &[],
        );
        expect(
            &[],
            &[ASK, tag, origin, expose("*, ETag"), credentials],
            &[],
        );
        let not = ("access-control-allow-credentials", "false");
        expect(&[], &[ASK, tag, origin, expose("*"), not], &[]);
        expect(&[], &[ASK, origin], &[]);
        assert_eq!(find_codes("PUT", &[], 204, &[tag, origin]), advice);
        assert_eq!(find_codes("PUT", &[], 412, &[tag, origin]), advice);
    }
    expect(&[], &[ASK, tag], &[]);
}

/// Issue 19, C.1: the rules know all headers that layers write, and all that they read.
#[test]
fn each_header_of_the_layers_is_found() {
    let origin = ("access-control-allow-origin", "*");
    for name in cors::exposed_headers([]) {
        let expose = ("access-control-expose-headers", name.as_str());
        let header = (name.as_str(), "\"1\"");
        let hidden = find_codes("PUT", &[], 409, &[header, origin]);
        assert_eq!(hidden, [Code::HeaderNotExposed], "{name}");
        let exposed = find_codes("PUT", &[], 409, &[header, origin, expose]);
        assert_eq!(exposed, [], "{name}");
    }
    for name in cors::allowed_headers([]) {
        let request = [
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", name.as_str()),
        ];
        let allow = ("access-control-allow-headers", name.as_str());
        let refused = find_codes("OPTIONS", &request, 204, &[origin]);
        assert_eq!(refused, [Code::HeaderNotAllowed], "{name}");
        let allowed = find_codes("OPTIONS", &request, 204, &[origin, allow]);
        assert_eq!(allowed, [], "{name}");
    }
}

/// Issue 19, C.1: the details name all headers that are missing.
#[test]
fn the_details_name_each_hidden_header() {
    let response = [
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", "retry-after"),
        ("etag", "\"a\""),
        ("idempotent-replayed", "?1"),
        ("retry-after", "1"),
    ];
    let expected = "Access-Control-Expose-Headers does not name etag, idempotent-replayed";
    let findings = find("PUT", &[], 200, &response);
    let is_named = |finding: &RuleFinding| finding.detail == expected;
    assert!(findings.iter().any(is_named), "{findings:?}");
}

/// Issue 10, B.4: a browser sends a preflight, and then no condition that is not allowed.
#[test]
fn a_preflight_without_conditions_is_found() {
    let preflight = |method: &str, wanted: &str, allowed: Lines<'_>| {
        let request = [
            ("access-control-request-method", method),
            ("access-control-request-headers", wanted),
        ];
        let origin = ("access-control-allow-origin", "https://app.example");
        let methods = ("access-control-allow-methods", "PUT, PATCH");
        find_codes(
            "OPTIONS",
            &request,
            204,
            &[&[origin, methods], allowed].concat(),
        )
    };
    let headers = |names: &'static str| ("access-control-allow-headers", names);
    let credentials = ("access-control-allow-credentials", "true");
    let advice = [Code::HeaderNotAllowed];
    for wanted in ["if-match", "content-type, If-None-Match"] {
        for method in ["PUT", "GET"] {
            assert_eq!(preflight(method, wanted, &[]), advice);
            assert_eq!(
                preflight(method, wanted, &[headers("content-type")]),
                advice
            );
            assert_eq!(
                preflight(method, wanted, &[headers("*"), credentials]),
                advice
            );
            assert_eq!(preflight(method, wanted, &[headers("*")]), []);
            assert_eq!(
                preflight(method, wanted, &[headers("If-Match, if-none-match")]),
                []
            );
        }
        // The preflight allows nothing.
        assert_eq!(preflight("DELETE", wanted, &[]), []);
    }
    assert_eq!(preflight("PUT", "content-type", &[]), []);
    assert_eq!(
        find_codes(
            "OPTIONS",
            &[("access-control-request-headers", "if-match")],
            204,
            &[]
        ),
        []
    );
}
