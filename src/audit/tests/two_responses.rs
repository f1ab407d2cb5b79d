//! Two 200s of one target, with and without findings.

use std::{convert::Infallible, future::pending};

use http::{Request, Response};
use tower::service_fn;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    Answer, Audit, AuditLayer, Code, Lines, assert_codes, exchange, expect, get, not_modified, ok,
    request, twice,
};
use crate::test_support::ScriptedBody;

const A: (&str, &str) = ("etag", "\"a\"");
const B: (&str, &str) = ("etag", "\"b\"");
const WEAK: (&str, &str) = ("etag", "W/\"a\"");
const GZIP: (&str, &str) = ("content-encoding", "gzip");
const VARY: (&str, &str) = ("vary", "accept-encoding");

/// R-9110-8.8.1-c.
#[test]
fn a_strong_tag_is_of_one_coding() {
    let plain = ok(&[A], "a");
    twice(&plain, &ok(&[A, GZIP], "z"), &[Code::SameTagTwoCodings]);
    twice(&plain, &ok(&[A, GZIP], "a"), &[Code::SameTagTwoCodings]);
    twice(&plain, &ok(&[B, GZIP], "z"), &[]);
    twice(
        &plain,
        &ok(&[A, ("content-encoding", "identity")], "a"),
        &[],
    );
    twice(&ok(&[WEAK], "a"), &ok(&[WEAK, GZIP], "z"), &[]);
    twice(&plain, &ok(&[WEAK, GZIP], "z"), &[]);
}

/// R-9110-8.8.1-a.
#[test]
fn a_strong_tag_is_of_one_content() {
    twice(&ok(&[A], "a"), &ok(&[A], "b"), &[Code::SameTagOtherBytes]);
    twice(&ok(&[A], "a"), &ok(&[A], "a"), &[]);
    twice(&ok(&[A], "a"), &ok(&[B], "b"), &[]);
    twice(&ok(&[WEAK], "a"), &ok(&[WEAK], "b"), &[]);
    twice(&ok(&[A], "a"), &ok(&[WEAK], "b"), &[]);
    twice(&ok(&[], "a"), &ok(&[], "b"), &[]);
}

#[test]
fn a_tag_stays_with_its_content() {
    let unstable = [Code::UnstableTag];
    twice(&ok(&[A], "a"), &ok(&[B], "a"), &unstable);
    twice(&ok(&[A], "a"), &ok(&[("etag", "W/\"b\"")], "a"), &unstable);
    twice(&ok(&[A], "a"), &ok(&[WEAK], "a"), &[]);
    twice(&ok(&[A], "a"), &ok(&[], "a"), &[]);
    // Another representation, which may have the same bytes.
    for field in [GZIP, ("content-type", "text/x"), ("content-language", "de")] {
        twice(&ok(&[A], "a"), &ok(&[B, field], "a"), &[]);
    }
    // Another user, another variant.
    for field in [
        ("cookie", "a=1"),
        ("authorization", "x"),
        ("accept", "text/x"),
    ] {
        expect((&[], &ok(&[A], "a")), (&[field], &ok(&[B], "a")), &[]);
    }
    const TENANT: (&str, &str) = ("vary", "x-tenant");
    let (one, other) = (ok(&[A, TENANT], "a"), ok(&[B, TENANT], "a"));
    expect(
        (&[("x-tenant", "1")], &one),
        (&[("x-tenant", "2")], &other),
        &[],
    );
    expect(
        (&[("x-tenant", "1")], &one),
        (&[("x-tenant", "1")], &other),
        &unstable,
    );
    expect(
        (&[("x-other", "1")], &one),
        (&[("x-other", "2")], &other),
        &unstable,
    );
}

/// A version changes with every write, even if the content does not.
#[test]
fn a_tag_may_change_with_a_write() {
    let reads = |write: &dyn Fn(&AuditLayer)| {
        let audit = Audit::new();
        let layer = AuditLayer::new(audit.clone());
        exchange(&layer, request("GET", "/", &[]), &ok(&[A], "a"));
        write(&layer);
        exchange(&layer, request("GET", "/", &[]), &ok(&[B], "a"));
        audit
    };
    let send = |method: &'static str| {
        move |layer: &AuditLayer| exchange(layer, request(method, "/elsewhere", &[]), &ok(&[], ""))
    };
    for method in ["POST", "PUT", "DELETE", "FOO"] {
        assert_codes(&reads(&send(method)), &[]);
    }
    for method in ["HEAD", "OPTIONS", "QUERY"] {
        assert_codes(&reads(&send(method)), &[Code::UnstableTag]);
    }
}

/// A write that is still running, and one that was dropped.
#[test]
fn a_write_may_last() {
    let audit = Audit::new();
    let never = |_: Request<()>| pending::<Result<Response<ScriptedBody>, Infallible>>();
    let mut hanging = AuditLayer::new(audit.clone()).layer(service_fn(never));
    let write = hanging.call(request("PUT", "/", &[]));
    get(&audit, &[], &ok(&[A], "a"));
    get(&audit, &[], &ok(&[B], "a"));
    assert_codes(&audit, &[]);
    drop(write);
    get(&audit, &[], &ok(&[("etag", "\"c\"")], "a"));
    assert_codes(&audit, &[]);
    get(&audit, &[], &ok(&[("etag", "\"d\"")], "a"));
    assert_codes(&audit, &[Code::UnstableTag]);
}

/// R-9110-8.8.1-a: across instances and restarts.
#[test]
fn instances_agree_on_tags() {
    let see = |first: &str, second: &str, answers: [&Answer<'_>; 2]| {
        let audit = Audit::new();
        for (instance, answer) in [first, second].into_iter().zip(answers) {
            let layer = AuditLayer::new(audit.clone()).instance(instance);
            exchange(&layer, request("GET", "/", &[]), answer);
        }
        audit
    };
    let (a, b) = (ok(&[A], "a"), ok(&[B], "a"));
    assert_codes(&see("a", "b", [&a, &b]), &[Code::PerProcessTag]);
    assert_codes(&see("a", "a", [&a, &b]), &[Code::UnstableTag]);
    assert_codes(&see("a", "b", [&a, &a]), &[]);
    assert_codes(&see("a", "b", [&a, &ok(&[B], "b")]), &[]);
    let other = ok(&[A], "b");
    assert_codes(&see("a", "b", [&a, &other]), &[Code::SameTagOtherBytes]);
}

#[test]
fn two_changes_in_a_second_are_found() {
    let noon = ("last-modified", "Fri, 31 Jan 2025 12:00:00 GMT");
    let later = ("last-modified", "Fri, 31 Jan 2025 12:00:01 GMT");
    let same = [Code::SameDateOtherBytes];
    twice(&ok(&[noon], "a"), &ok(&[noon], "b"), &same);
    twice(&ok(&[noon], "a"), &ok(&[later], "b"), &[]);
    twice(&ok(&[noon], "a"), &ok(&[noon], "a"), &[]);
    twice(&ok(&[noon, A], "a"), &ok(&[noon, B], "b"), &[]);
    twice(&ok(&[noon], "a"), &ok(&[noon, GZIP], "z"), &[]);
    let private = ("cache-control", "private");
    expect(
        (&[], &ok(&[noon, private], "a")),
        (&[("cookie", "u=1")], &ok(&[noon, private], "b")),
        &[],
    );
}

#[test]
fn an_empty_200_in_place_of_a_304_is_found() {
    let named = ("if-none-match", "\"a\"");
    let full = ok(&[A], "a");
    let emptied = [Code::EmptyInsteadOf304];
    expect((&[], &full), (&[named], &ok(&[], "")), &emptied);
    let both = [Code::EmptyInsteadOf304, Code::Missed304];
    expect((&[], &full), (&[named], &ok(&[A], "")), &both);
    // The content is empty now, and has another tag.
    expect((&[], &full), (&[named], &ok(&[B], "")), &[]);
    expect((&[], &full), (&[], &ok(&[], "")), &[]);
    expect(
        (&[], &full),
        (&[("if-none-match", "\"x\"")], &ok(&[], "")),
        &[],
    );
    expect((&[], &full), (&[named], &not_modified(&[A])), &[]);
    expect((&[], &ok(&[A], "")), (&[named], &ok(&[], "")), &[]);
}

/// R-9111-4.1-a.
#[test]
fn every_variant_has_the_same_vary() {
    let differs = [Code::VaryDiffers];
    twice(&ok(&[A], "a"), &ok(&[B, GZIP, VARY], "z"), &differs);
    twice(&ok(&[B, GZIP, VARY], "z"), &ok(&[A], "a"), &differs);
    twice(
        &ok(&[A, VARY], "a"),
        &ok(&[B, ("vary", "origin")], "b"),
        &differs,
    );
    let both = ("vary", "origin, Accept-Encoding");
    let lines = [B, ("vary", "accept-encoding"), ("vary", "Origin")];
    twice(&ok(&[A, both], "a"), &ok(&lines, "b"), &[]);
    twice(
        &ok(&[A, ("vary", "*")], "a"),
        &ok(&[B, VARY], "b"),
        &[Code::VaryAny],
    );
}

/// R-9111-5.2.2.5-a: a response that no cache stores goes to nobody else.
#[test]
fn responses_that_are_not_stored_need_no_vary() {
    let expect =
        |first: (Lines<'_>, &Answer<'_>), second: (Lines<'_>, &Answer<'_>), codes: &[Code]| {
            let audit = Audit::new();
            get(&audit, first.0, first.1);
            get(&audit, second.0, second.1);
            assert_codes(&audit, codes);
        };
    const NEVER: (&str, &str) = ("cache-control", "no-store");
    let (json, html) = (("content-type", "text/json"), ("content-type", "text/html"));
    let (wants_json, wants_html) = (("accept", "text/json"), ("accept", "text/html"));
    for (first, second, code) in [
        ([json, NEVER], [html, NEVER], None),
        (
            [json, NEVER],
            [html, ("x-kept", "1")],
            Some(Code::VariantWithoutVary),
        ),
    ] {
        let (first, second) = (ok(&first, "a"), ok(&second, "b"));
        let codes = code.as_slice();
        expect((&[wants_json], &first), (&[wants_html], &second), codes);
        expect((&[wants_html], &second), (&[wants_json], &first), codes);
    }
    let (one, other) = (ok(&[NEVER], "a"), ok(&[NEVER], "b"));
    let (de, en) = (("accept-language", "de"), ("accept-language", "en"));
    expect((&[de], &one), (&[en], &other), &[]);

    // The response that is stored names the header.
    twice(&ok(&[NEVER], "a"), &ok(&[VARY], "b"), &[]);
    twice(&ok(&[VARY], "a"), &ok(&[NEVER], "b"), &[]);
    // The response that is stored goes to everyone.
    let differs = [Code::VaryDiffers];
    twice(&ok(&[NEVER, VARY], "a"), &ok(&[], "b"), &differs);
    twice(&ok(&[], "a"), &ok(&[NEVER, VARY], "b"), &differs);
    let understood = ("cache-control", "no-store, must-understand, max-age=60");
    twice(&ok(&[understood], "a"), &ok(&[VARY], "b"), &differs);
}

/// R-9110-12.5.5-a.
#[test]
fn a_variant_without_vary_is_found() {
    let json = ok(&[A, ("content-type", "application/json")], "{}");
    let html = ok(&[B, ("content-type", "text/html")], "<p>");
    let (wants_json, wants_html) = (("accept", "application/json"), ("accept", "text/html"));
    let unnamed = [Code::VariantWithoutVary];
    expect((&[wants_json], &json), (&[wants_html], &html), &unnamed);
    expect((&[wants_json], &json), (&[], &html), &unnamed);
    // The language does not depend on the header.
    expect((&[wants_json], &json), (&[wants_json], &html), &[]);
    expect((&[("cookie", "a=1")], &json), (&[wants_html], &html), &[]);
    expect((&[("accept-encoding", "br")], &json), (&[], &html), &[]);

    const ACCEPT: (&str, &str) = ("vary", "accept");
    let json = ok(&[A, ACCEPT, ("content-type", "application/json")], "{}");
    let html = ok(&[B, ACCEPT, ("content-type", "text/html")], "<p>");
    expect((&[wants_json], &json), (&[wants_html], &html), &[]);

    let german = ok(&[A, ("content-language", "de")], "ja");
    let english = ok(&[B, ("content-language", "en")], "yes");
    let codes = [Code::VariantWithoutVary, Code::LanguageWithoutVary];
    let de = ("accept-language", "de");
    expect(
        (&[de], &german),
        (&[("accept-language", "en")], &english),
        &codes,
    );
}

#[test]
fn content_without_vary_is_found() {
    let (one, other) = (ok(&[A], "ja"), ok(&[B], "yes"));
    let (de, en) = (("accept-language", "de"), ("accept-language", "en"));
    expect((&[de], &one), (&[en], &other), &[Code::ContentWithoutVary]);
    expect((&[de], &one), (&[de], &other), &[]);
    expect((&[de], &one), (&[en], &ok(&[A], "ja")), &[]);
    expect((&[de], &one), (&[en, ("cookie", "a=1")], &other), &[]);
    let vary = ("vary", "accept-language");
    expect(
        (&[de], &ok(&[A, vary], "ja")),
        (&[en], &ok(&[B, vary], "yes")),
        &[],
    );
    expect((&[("accept-encoding", "br")], &one), (&[], &other), &[]);
}

/// Issue 18, apps1-5: a shared cache gives the first language to everybody.
#[test]
fn shared_content_without_vary_is_a_mistake() {
    let mistake = [Code::VariantWithoutVary];
    let advice = [Code::ContentWithoutVary];
    let secret = ("authorization", "Basic YTpi");
    let rows: [(_, Lines<'_>, &[Code]); 6] = [
        ("public, max-age=3600", &[], &mistake),
        ("max-age=3600", &[], &mistake),
        ("private, max-age=3600", &[], &advice),
        ("no-cache", &[], &advice),
        ("max-age=3600", &[secret], &advice),
        ("no-store", &[], &[]),
    ];
    for (policy, more, codes) in rows {
        for name in ["accept-language", "accept"] {
            let audit = Audit::new().allow([Code::ValidatorBesideNoStore]);
            let policy = ("cache-control", policy);
            for (value, tag, content) in [("de", A, "ja"), ("en", B, "yes")].repeat(2) {
                let fields: Vec<_> = more.iter().copied().chain([(name, value)]).collect();
                get(&audit, &fields, &ok(&[tag, policy], content));
            }
            assert_codes(&audit, codes);
        }
    }
}
