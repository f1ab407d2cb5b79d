//! Content that follows who asks, and near misses.

use super::{Audit, AuditLayer, Code, Lines, assert_codes, exchange, get, ok, request, write};

const PUBLIC: (&str, &str) = ("cache-control", "public");
const MINUTE: (&str, &str) = ("cache-control", "max-age=60");
const ADA: (&str, &str) = ("cookie", "sid=ada");
const BOB: (&str, &str) = ("cookie", "sid=bob");

/// Two users, each with content of their own below these fields.
#[track_caller]
fn two(users: [Lines<'_>; 2], fields: Lines<'_>, codes: &[Code]) {
    let audit = Audit::new();
    for (user, content) in users.into_iter().zip(["a", "b"]) {
        get(&audit, user, &ok(fields, content));
    }
    assert_codes(&audit, codes);
}

/// Issue 10, B.4, R-9111-4.1-a: one user's content would be given to the other.
#[test]
fn content_of_one_user_is_not_given_to_all() {
    let shared = [Code::SharedContent];
    for name in ["cookie", "x-api-key", "x-tenant", "private-token"] {
        let users: [Lines<'_>; 2] = [&[(name, "ada")], &[(name, "bob")]];
        for policy in ["public", "max-age=60", "s-maxage=60", "public, max-age=60"] {
            two(users, &[("cache-control", policy)], &shared);
        }
        let date = ("date", "Fri, 31 Jan 2025 12:00:00 GMT");
        let later = ("expires", "Fri, 31 Jan 2025 12:01:00 GMT");
        two(users, &[date, later], &shared);
        // One of them is nobody.
        two([&[], users[0]], &[PUBLIC], &shared);
        two([users[0], &[]], &[PUBLIC], &shared);

        for policy in [
            "private",
            "no-store",
            "no-cache",
            "max-age=0",
            "s-maxage=0, max-age=60",
            "private, max-age=60",
        ] {
            two(users, &[("cache-control", policy)], &[]);
        }
        for vary in [
            name,
            "*",
            "origin, X-API-Key, cookie, x-tenant, private-token",
        ] {
            let audit = Audit::new().allow([Code::VaryAny]);
            for (user, content) in users.into_iter().zip(["a", "b"]) {
                get(&audit, user, &ok(&[PUBLIC, ("vary", vary)], content));
            }
            assert_codes(&audit, &[]);
        }
    }
    let targeted = ("cdn-cache-control", "max-age=60");
    let laxer = [Code::SharedContent, Code::LaxerTargetedField];
    two(
        [&[ADA], &[BOB]],
        &[("cache-control", "private"), targeted],
        &laxer,
    );
}

/// Nothing is said: caches may guess.
#[test]
fn a_cache_may_guess_that_content_is_for_all() {
    let advice = [Code::ContentWithoutVary];
    two([&[ADA], &[BOB]], &[], &advice);
    two(
        [&[ADA], &[BOB]],
        &[("cache-control", "must-revalidate")],
        &advice,
    );
    two([&[ADA], &[BOB]], &[("expires", "0")], &[]);
    // The anonymous page would be given to somebody.
    let audit = Audit::new();
    get(&audit, &[], &ok(&[MINUTE], "a"));
    get(&audit, &[ADA], &ok(&[("cache-control", "private")], "b"));
    assert_codes(&audit, &advice);
}

#[test]
fn content_need_not_follow_the_user() {
    let users: [Lines<'_>; 2] = [&[ADA], &[BOB]];
    let audit = Audit::new();
    for user in users {
        get(&audit, user, &ok(&[PUBLIC], "a"));
    }
    assert_codes(&audit, &[]);
    // Something else may have chosen it.
    two(
        [&[ADA, ("authorization", "x")], &[BOB]],
        &[("cache-control", "max-age=60")],
        &[],
    );
    two([&[ADA, ("accept", "text/x")], &[BOB]], &[PUBLIC], &[]);
    two(
        [&[("x-request-id", "1")], &[("x-request-id", "2")]],
        &[PUBLIC],
        &[],
    );
    let vary = ("vary", "x-mode");
    let users: [Lines<'_>; 2] = [&[ADA, ("x-mode", "1")], &[BOB, ("x-mode", "2")]];
    two(users, &[PUBLIC, vary], &[]);

    // A write, and another instance.
    let audit = Audit::new();
    get(&audit, &[ADA], &ok(&[PUBLIC], "a"));
    write(&audit);
    get(&audit, &[BOB], &ok(&[PUBLIC], "b"));
    assert_codes(&audit, &[]);
    let audit = Audit::new();
    for (name, user) in [("one", ADA), ("other", BOB)] {
        let layer = AuditLayer::new(audit.clone()).instance(name);
        exchange(&layer, request("GET", "/", &[user]), &ok(&[PUBLIC], name));
    }
    assert_codes(&audit, &[]);

    // A clock shows another time to the same user too.
    let audit = Audit::new();
    for (user, content) in [(ADA, "1"), (ADA, "2"), (BOB, "3"), (ADA, "4"), (BOB, "5")] {
        get(&audit, &[user], &ok(&[PUBLIC], content));
    }
    assert_codes(&audit, &[]);
}

/// No value of a request field is in what is told.
#[test]
fn a_finding_does_not_tell_who_asked() {
    let audit = Audit::new();
    for (user, content) in [("secret-of-ada", "a"), ("secret-of-bob", "b")] {
        get(&audit, &[("x-api-key", user)], &ok(&[PUBLIC], content));
    }
    let findings = audit.findings();
    assert!(findings[0].detail().contains("x-api-key"), "{findings:?}");
    assert!(!format!("{findings:?}").contains("secret"), "{findings:?}");
    assert!(!format!("{:?}", audit.lock().history).contains("secret"));
}
