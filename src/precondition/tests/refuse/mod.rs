//! The answers to writes that are not performed.

mod representation;
mod unread;

use http::{HeaderValue, StatusCode};

use super::{problem, representation, resource, status};
use crate::{
    Outcome, PreconditionLayer,
    outcome::Verdict,
    refusal::Refusal,
    semantics::{
        condition::{Condition, Current},
        validator::Validators,
    },
    source::SelfGet,
    test_support::{Log, content, knows, read, request, send, tagged},
};

const STALE: (&str, &str) = ("if-match", "\"0\", W/\"1\"");

/// R-9110-13.1.1-b: a problem with the expected tags and the current tag, which is in
/// `ETag`, too.
#[test]
fn a_412_lists_the_tags() {
    let layer = PreconditionLayer::new(knows(tagged("1")));
    let log = Log::default();
    let answer = send(&layer, request("PUT", "/", [STALE]), resource(None, &log));
    assert_eq!(answer.status(), 412);
    assert_eq!(answer.headers()["etag"], "\"1\"");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let problem = problem(answer);
    assert_eq!(problem["status"], 412);
    assert_eq!(problem["expected"], serde_json::json!(["\"0\"", "W/\"1\""]));
    assert_eq!(problem["current"], "\"1\"");
    assert!(log.take().is_empty());
}

/// Both validators if both are known; none if nothing exists.
#[test]
fn a_412_has_the_current_validators() {
    let date = crate::semantics::field::HttpDate::from_unix_seconds(784_111_777);
    let both = tagged("1").with_last_modified(date);
    let put = || request("PUT", "/", [STALE]);
    let log = Log::default();
    let answer = send(
        &PreconditionLayer::new(knows(both)),
        put(),
        resource(None, &log),
    );
    assert_eq!(
        answer.headers()["last-modified"],
        "Sun, 06 Nov 1994 08:49:37 GMT"
    );
    let layer = PreconditionLayer::new(knows(Current::Absent));
    let answer = send(&layer, put(), resource(None, &log));
    assert_eq!(answer.status(), 412);
    assert!(!answer.headers().contains_key("etag"));
    assert!(problem(answer).get("current").is_none());
}

#[test]
fn a_client_without_json_gets_text() {
    let log = Log::default();
    for (accept, content_type) in [
        ("text/html", "text/plain; charset=utf-8"),
        ("*/*", "application/problem+json"),
    ] {
        let fields = [STALE, ("accept", accept)];
        let layer = PreconditionLayer::new(knows(tagged("1")));
        let answer = send(&layer, request("PUT", "/", fields), resource(None, &log));
        assert_eq!(answer.headers()["content-type"], content_type);
        let length = answer.headers()["content-length"].clone();
        let content = content(&read(answer.into_body()));
        assert_eq!(length, HeaderValue::from(content.len()));
    }
}

#[test]
fn refusals_can_be_rendered_otherwise() {
    let layer = PreconditionLayer::new(knows(tagged("1"))).refusals(|refusal: &Refusal| {
        assert_eq!(refusal.condition(), Some(Condition::IfMatch));
        assert_eq!(refusal.expected().len(), 2);
        let current = refusal.current().unwrap().to_string();
        (HeaderValue::from_static("text/x-tag"), current.into())
    });
    let log = Log::default();
    let answer = send(&layer, request("PUT", "/", [STALE]), resource(None, &log));
    assert_eq!(answer.headers()["content-type"], "text/x-tag");
    assert_eq!(content(&read(answer.into_body())), b"\"1\"");
}

/// R-7240-4.2-a: the current representation, with a tag for the next try, unless the client
/// prefers less.
#[test]
fn a_412_carries_the_representation() {
    let log = Log::default();
    let layer =
        PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
    let put = |prefer: Option<&'static str>| {
        let prefer = prefer.map(|prefer| ("prefer", prefer));
        let put = request("PUT", "/notes/1?a=b", [STALE].into_iter().chain(prefer));
        send(&layer, put, resource(Some("\"1\""), &log))
    };
    for (prefer, applied) in [
        (None, None),
        (Some("return=representation"), Some("return=representation")),
        (Some("return=minimal, return=representation"), None),
    ] {
        let answer = put(prefer);
        assert_eq!(answer.status(), 412);
        let headers = answer.headers();
        assert_eq!(headers["etag"], "\"1\"");
        assert_eq!(headers["cache-control"], "no-store");
        let location = headers.get("content-location");
        assert_eq!(location.is_some(), cfg!(feature = "axum"));
        assert!(location.is_none_or(|location| location == "/notes/1?a=b"));
        assert_eq!(headers["vary"], "prefer");
        let said = headers.get("preference-applied");
        assert_eq!(said.map(|said| said.to_str().unwrap()), applied);
        assert_eq!(content(&read(answer.into_body())), b"hello");
    }
    let answer = put(Some("return=minimal"));
    assert_eq!(answer.status(), 412);
    assert_eq!(answer.headers()["etag"], "\"1\"");
    assert_eq!(answer.headers()["vary"], "prefer");
    assert_eq!(answer.headers()["preference-applied"], "return=minimal");
    assert_eq!(problem(answer)["current"], "\"1\"");
    assert!(log.take().is_empty());
}

/// R-7240-4.2-a: `Preference-Applied` has only preferences that were applied.
#[test]
fn a_412_without_content_applies_no_preference() {
    let fields = [STALE, ("prefer", "return=representation")];
    let put = request("PUT", "/", fields);
    let answer = send(
        &PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read()),
        put,
        |_| {
            let mut empty = representation("\"1\"");
            *empty.status_mut() = StatusCode::NO_CONTENT;
            empty
        },
    );
    assert_eq!(answer.status(), 412);
    assert!(!answer.headers().contains_key("preference-applied"));
    assert_eq!(problem(answer)["current"], "\"1\"");
}

/// If the handler sets no tag, the representation has the one that was read before.
/// Otherwise the client could not try again.
#[test]
fn the_representation_has_the_tag_of_the_source() {
    let log = Log::default();
    let layer = PreconditionLayer::new(knows(tagged("1")))
        .with_self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
    let answer = send(&layer, request("PUT", "/", [STALE]), |_| {
        let mut bare = representation("\"1\"");
        bare.headers_mut().remove("etag");
        bare
    });
    assert_eq!(answer.status(), 412);
    assert_eq!(answer.headers()["etag"], "\"1\"");
    assert_eq!(content(&read(answer.into_body())), b"hello");
    // The handler's own tag wins, since it belongs to these bytes.
    let answer = send(
        &layer,
        request("PUT", "/", [STALE]),
        resource(Some("\"2\""), &log),
    );
    assert_eq!(answer.headers()["etag"], "\"2\"");
}

/// R-6585-3-a, R-6585-3-b.
#[test]
fn a_missing_required_condition_is_428() {
    let log = Log::default();
    let layer = PreconditionLayer::new(knows(tagged("1"))).require();
    let write = |method: &str, fields: &[(&str, &str)]| {
        let write = request(method, "/", fields.iter().copied());
        send(&layer, write, resource(None, &log))
    };
    for method in ["PUT", "PATCH", "DELETE"] {
        for fields in [
            &[][..],
            &[("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")],
            &[("if-unmodified-since", "junk")],
        ] {
            let answer = write(method, fields);
            assert_eq!(answer.status(), 428, "{method}");
            assert_eq!(answer.headers()["cache-control"], "no-store");
            let problem = problem(answer);
            assert!(problem["detail"].as_str().unwrap().contains("If-Match"));
            assert!(problem["type"].as_str().unwrap().contains("rfc6585"));
        }
        assert_eq!(write(method, &[("if-match", "W/\"1\"")]).status(), 412);
        assert!(log.take().is_empty());
        assert_eq!(write(method, &[("if-match", "\"1\"")]).status(), 204);
        assert_eq!(write(method, &[("if-none-match", "\"2\"")]).status(), 204);
        assert_eq!(log.take(), [method, method]);
    }
    assert_eq!(write("POST", &[]).status(), 204);
}

/// R-6585-3-a: a date is enough if it can be compared.
#[test]
fn a_date_is_a_condition() {
    let log = Log::default();
    let date = crate::semantics::field::HttpDate::from_unix_seconds(784_111_777);
    let dated = Validators::new().with_last_modified(date);
    for (current, expected) in [
        (Current::from(dated), 204),
        (tagged("1").into(), 428),
        // The state is unknown, so the date cannot be compared.
        (Current::Unknown, 412),
    ] {
        let layer = PreconditionLayer::new(knows(current)).require();
        let fields = [("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT")];
        let answer = send(&layer, request("PUT", "/", fields), resource(None, &log));
        assert_eq!(answer.status(), expected);
    }
}

/// Issue 11, A.12: a tag can be required of the methods that need a condition.
#[test]
fn a_date_is_not_enough_if_a_tag_is_required() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let modified = crate::semantics::field::HttpDate::from_unix_seconds(784_111_777);
    let dated = tagged("1").with_last_modified(modified);
    let layer = PreconditionLayer::new(knows(dated)).require_tag();
    for (method, field, expected) in [
        ("PUT", ("if-unmodified-since", date), 428),
        ("PUT", ("if-match", "*"), 428),
        ("PUT", ("if-match", "\"1\""), 204),
        ("POST", ("if-unmodified-since", date), 204),
    ] {
        let log = Log::default();
        let answer = send(&layer, request(method, "/", [field]), resource(None, &log));
        assert_eq!(answer.status(), expected, "{method} {field:?}");
    }
    let layer = layer.require_if(|request| request.method == "POST");
    for (method, expected) in [("PUT", 204), ("POST", 428)] {
        let dated = request(method, "/", [("if-unmodified-since", date)]);
        let answer = send(&layer, dated, resource(None, &Log::default()));
        assert_eq!(answer.status(), expected, "{method}");
    }
}

/// R-6585-3-b: 404 comes first for a method that does not create.
#[test]
fn absent_is_404_before_428() {
    let log = Log::default();
    let layer =
        PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read())
            .require();
    for (method, expected) in [("DELETE", 404), ("PATCH", 404), ("PUT", 428)] {
        let answer = send(&layer, request(method, "/", []), resource(None, &log));
        assert_eq!(answer.status(), expected, "{method}");
    }
    assert!(log.take().is_empty());
}

#[test]
fn the_requests_that_need_a_condition_can_be_chosen() {
    let log = Log::default();
    let layer = PreconditionLayer::handler_checks()
        .require_if(|request| request.uri.path().starts_with("/notes/"));
    for (method, path, expected) in [
        ("POST", "/notes/1", 428),
        ("PUT", "/notes/1", 428),
        ("PUT", "/drafts/1", 204),
    ] {
        let answer = send(&layer, request(method, path, []), resource(None, &log));
        assert_eq!(answer.status(), expected, "{method} {path}");
    }
}

/// R-9110-13.1.1-e: off by default, and never for `If-None-Match`.
#[test]
fn a_write_that_was_applied_before() {
    let log = Log::default();
    let layer = PreconditionLayer::new(knows(tagged("1"))).explain();
    let opted = layer.clone().already_applied(|request, current| {
        let own = current.etag.as_ref().unwrap().as_header_value() == "\"1\"";
        let applied = own && request.headers.contains_key("x-request-id");
        async move { applied }
    });
    let id = ("x-request-id", "7");
    let put = |layer: &PreconditionLayer<_>, fields: &[(&str, &str)]| {
        let put = request("PUT", "/", fields.iter().copied());
        send(layer, put, resource(None, &log))
    };
    assert_eq!(put(&layer, &[STALE, id]).status(), 412);
    assert_eq!(put(&opted, &[STALE]).status(), 412);
    assert_eq!(put(&opted, &[("if-none-match", "*"), id]).status(), 412);
    let answer = put(&opted, &[STALE, id]);
    assert_eq!(answer.status(), 204);
    // Issue 11, A.11: no validators, since the stored content may differ.
    let fields: Vec<_> = answer.headers().keys().collect();
    assert_eq!(fields, ["connection"]);
    let outcome = Outcome::of(&answer).unwrap();
    assert_eq!(outcome.verdict(), Some(Verdict::AlreadyApplied));
    assert!(log.take().is_empty(), "performed again");
}

/// R-9110-13.2.1-b: a condition that holds changes no refusal of the service.
#[test]
fn the_services_own_refusals_stay() {
    let layer = PreconditionLayer::new(knows(tagged("1"))).explain();
    for code in [301, 400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 500] {
        let put = request("PUT", "/", [("if-match", "\"1\"")]);
        let answer = send(&layer, put, move |_| {
            status(StatusCode::from_u16(code).unwrap())
        });
        assert_eq!(answer.status(), code);
        assert!(answer.headers().is_empty(), "{code}");
    }
}

#[test]
fn the_outcome_records_the_decision() {
    let log = Log::default();
    let verdict = |current: Current, method: &str, fields: &[(&str, &str)]| {
        let layer = PreconditionLayer::new(knows(current)).explain().require();
        let write = request(method, "/", fields.iter().copied());
        let answer = send(&layer, write, resource(None, &log));
        Outcome::of(&answer).unwrap().verdict().unwrap()
    };
    let failed = Verdict::Failed(Condition::IfMatch);
    let current = [("if-match", "\"1\"")];
    assert_eq!(verdict(tagged("1").into(), "PUT", &[STALE]), failed);
    assert_eq!(
        verdict(tagged("1").into(), "PUT", &current),
        Verdict::Proceeded
    );
    assert_eq!(verdict(tagged("1").into(), "PUT", &[]), Verdict::Required);
    assert_eq!(
        verdict(Current::Absent, "DELETE", &current),
        Verdict::NotEvaluated
    );
}
