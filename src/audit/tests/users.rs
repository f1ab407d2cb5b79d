//! Content that depends on the user, with and without findings.

use super::{Audit, AuditLayer, Code, Lines, assert_codes, exchange, get, ok, request, write};

const PUBLIC: (&str, &str) = ("cache-control", "public");
const MINUTE: (&str, &str) = ("cache-control", "max-age=60");
const ADA: (&str, &str) = ("cookie", "sid=ada");
const BOB: (&str, &str) = ("cookie", "sid=bob");

/// Two users, each with content of their own and these headers.
#[track_caller]
fn two(users: [Lines<'_>; 2], fields: Lines<'_>, codes: &[Code]) {
    let audit = Audit::new();
    for (user, content) in users.into_iter().zip(["a", "b"]) {
        get(&audit, user, &ok(fields, content));
    }
    assert_codes(&audit, codes);
}

/// Issue 10, B.4, R-9111-4.1-a: one user would get the content of the other.
#[test]
fn shared_content_of_one_user_is_found() {
    let shared = [Code::SharedContent];
    for name in ["cookie", "x-api-key", "x-tenant", "private-token"] {
        let users: [Lines<'_>; 2] = [&[(name, "ada")], &[(name, "bob")]];
        for policy in ["public", "max-age=60", "s-maxage=60", "public, max-age=60"] {
            two(users, &[("cache-control", policy)], &shared);
        }
        let date = ("date", "Fri, 31 Jan 2025 12:00:00 GMT");
        let later = ("expires", "Fri, 31 Jan 2025 12:01:00 GMT");
        two(users, &[date, later], &shared);
        // One request is anonymous.
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

/// Without a policy, caches choose a lifetime.
#[test]
fn content_without_a_policy_may_be_shared() {
    let advice = [Code::ContentWithoutVary];
    two([&[ADA], &[BOB]], &[], &advice);
    two(
        [&[ADA], &[BOB]],
        &[("cache-control", "must-revalidate")],
        &advice,
    );
    two([&[ADA], &[BOB]], &[("expires", "0")], &[]);
    // A user would get the anonymous page.
    let audit = Audit::new();
    get(&audit, &[], &ok(&[MINUTE], "a"));
    get(&audit, &[ADA], &ok(&[("cache-control", "private")], "b"));
    assert_codes(&audit, &advice);
}

#[test]
fn content_with_another_cause_is_clean() {
    let users: [Lines<'_>; 2] = [&[ADA], &[BOB]];
    let audit = Audit::new();
    for user in users {
        get(&audit, user, &ok(&[PUBLIC], "a"));
    }
    assert_codes(&audit, &[]);
    // Another header may have selected the content.
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

    // A write in between, and another instance.
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

    // A clock shows another time to the same user, too.
    let audit = Audit::new();
    for (user, content) in [(ADA, "1"), (ADA, "2"), (BOB, "3"), (ADA, "4"), (BOB, "5")] {
        get(&audit, &[user], &ok(&[PUBLIC], content));
    }
    assert_codes(&audit, &[]);
}

/// Findings contain no value of a request header.
#[test]
fn a_finding_does_not_show_the_user() {
    let audit = Audit::new();
    for (user, content) in [("secret-of-ada", "a"), ("secret-of-bob", "b")] {
        get(&audit, &[("x-api-key", user)], &ok(&[PUBLIC], content));
    }
    let findings = audit.findings();
    assert!(findings[0].detail().contains("x-api-key"), "{findings:?}");
    assert!(!format!("{findings:?}").contains("secret"), "{findings:?}");
    assert!(!format!("{:?}", audit.lock().history).contains("secret"));
}
