use super::*;

/// R-9111-7.3-a.
#[test]
fn a_shared_cookie_is_found() {
    let cookie = ("set-cookie", "sid=1");
    let shared = [Code::SharedCookie];
    for policy in [
        "public, max-age=60",
        "max-age=60",
        "s-maxage=60",
        "private=\"x\"",
    ] {
        expect(&[], &[cookie, ("cache-control", policy)], &shared);
    }
    expect(&[], &[cookie], &[Code::SharedCookie, Code::NoPolicy]);
    for policy in [
        "private",
        "private, max-age=60",
        "no-store",
        "no-cache",
        "no-cache=\"set-cookie\", max-age=60",
        "private=\"Set-Cookie\", max-age=60",
        "max-age=0",
        "s-maxage=0, max-age=60",
    ] {
        expect(&[], &[cookie, ("cache-control", policy)], &[]);
    }
    // No cache stores these.
    assert_eq!(find_codes("POST", &[], 200, &[cookie]), []);
    assert_eq!(find_codes("GET", &[], 302, &[cookie]), []);
    assert_eq!(find_codes("GET", &[], 401, &[cookie]), []);
    expect(&[], &[("cache-control", "max-age=60")], &[]);
}

/// R-9111-3.5-a.
#[test]
fn a_shared_response_to_authorization_is_found() {
    let user = ("authorization", "Bearer x");
    for policy in [
        "public, max-age=60",
        "s-maxage=60",
        "public",
        "must-revalidate, max-age=60",
    ] {
        let policy = ("cache-control", policy);
        expect(&[user], &[policy], &[Code::SharedAuthorization]);
        expect(&[], &[policy], &[]);
    }
    for policy in [
        "private, max-age=60",
        "max-age=60",
        "no-store",
        "public, no-cache",
        "must-revalidate",
        "s-maxage=0",
    ] {
        expect(&[user], &[("cache-control", policy)], &[]);
    }
}

/// R-9213-2.2-a.
#[test]
fn a_laxer_targeted_header_is_found() {
    let user = ("authorization", "Bearer x");
    let cookie = ("set-cookie", "sid=1");
    let private = ("cache-control", "private");
    for name in [
        "cdn-cache-control",
        "cloudflare-cdn-cache-control",
        "surrogate-control",
    ] {
        let shared = (name, "max-age=60");
        expect(&[user], &[private, shared], &[Code::SharedAuthorization]);
        expect(&[], &[private, shared, cookie], &[Code::SharedCookie]);
        expect(&[], &[private, shared], &[Code::LaxerTargetedField]);
        let no_store = ("cache-control", "no-store");
        expect(&[], &[no_store, shared], &[Code::LaxerTargetedField]);
        expect(&[], &[ASK, shared], &[]);
        for kept_back in ["private", "no-store", "max-age=0"] {
            expect(&[user], &[private, cookie, (name, kept_back)], &[]);
        }
    }
    expect(&[user], &[private, ("x-cache-control", "max-age=60")], &[]);
}
