mod admitted;
mod dates;

use bytes::Bytes;
use http::{Response, StatusCode};

use super::*;
use crate::{
    refusal::Reason,
    semantics::{
        condition::{Condition, Current},
        field::HttpDate,
        validator::{EntityTag, Validators, VersionTags},
    },
    test_support::{request, tagged},
};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

type Fields<'a> = &'a [(&'a str, &'a str)];

fn expected(fields: Fields<'_>) -> Expected {
    Expected::of(&request("PUT", "/", fields.iter().copied()))
}

fn respond(refusal: impl Into<Response<Bytes>>) -> Response<Bytes> {
    refusal.into()
}

/// R-9110-13.1-a: the versions that a compare-and-set compares.
#[test]
fn versions_to_compare() {
    let table: [(Fields<'_>, Option<&[i64]>); 13] = [
        (&[], None),
        (&[("if-match", "\"7\"")], Some(&[7])),
        (&[("if-match", "\"7\", \"-8\"")], Some(&[7, -8])),
        (
            &[("if-match", "\"7\""), ("if-match", "\"8\"")],
            Some(&[7, 8]),
        ),
        (&[("if-match", "*")], None),
        (&[("if-match", "W/\"7\"")], Some(&[])),
        (&[("if-match", "\"x\", 7, \"07\", \"7\"")], Some(&[7])),
        (&[("if-match", "")], Some(&[])),
        // A date beside it is ignored. If-None-Match removes the versions that it names.
        (
            &[("if-match", "\"7\""), ("if-unmodified-since", DATE)],
            Some(&[7]),
        ),
        (
            &[("if-match", "\"7\""), ("if-none-match", "\"8\"")],
            Some(&[7]),
        ),
        (&[("if-none-match", "*")], Some(&[])),
        (&[("if-unmodified-since", DATE)], Some(&[])),
        (&[("if-unmodified-since", "junk")], None),
    ];
    for (fields, versions) in table {
        let found = expected(fields).versions();
        assert_eq!(found.as_deref(), versions, "{fields:?}");
    }
}

/// Issue 10, B.5: the tag of another resource with the same version matches no version.
/// R-9110-13.1-a
#[test]
fn versions_of_one_resource() {
    let of = |path: &str| VersionTags::plain().scope(path);
    let tag = |path: &str, version| of(path).number(version).to_string();
    let (own, other) = (tag("notes/5", 1), tag("notes/4", 1));
    let all = format!("{other}, {own}, \"1\", W/{own}, {}", tag("notes/5", -7));
    let table: [(Fields<'_>, Option<&[i64]>); 7] = [
        (&[], None),
        (&[("if-match", "*")], None),
        (&[("if-match", &own)], Some(&[1])),
        (&[("if-match", &other)], Some(&[])),
        (&[("if-match", "\"1\"")], Some(&[])),
        (&[("if-match", &all)], Some(&[1, -7])),
        (&[("if-none-match", "*")], Some(&[])),
    ];
    for (fields, versions) in table {
        let found = expected(fields).versions_of(&of("notes/5"));
        assert_eq!(found.as_deref(), versions, "{fields:?}");
    }
    // A plain tag shows its number without the scope, and a keyed tag shows none.
    let named = expected(&[("if-match", &own)]);
    assert_eq!(named.versions(), Some(vec![1]));
    let keyed = VersionTags::keyed([7; 16]).unwrap().scope("notes/5");
    assert_eq!(named.versions_of(&keyed), Some(Vec::new()));
    let hidden = keyed.number(1).to_string();
    let hidden = expected(&[("if-match", &hidden)]).versions_of(&keyed);
    assert_eq!(hidden, Some(Vec::new()));
}

/// Issue 10, B.5: the version that the layer saw counts if it is of that resource.
#[test]
fn versions_of_one_resource_that_were_seen() {
    let of = |path: &str| VersionTags::plain().scope(path);
    let request = request("PUT", "/", [("if-unmodified-since", DATE)]);
    let conditions =
        crate::semantics::condition::ConditionalFields::from_headers(request.headers()).cloned();
    let seen = of("notes/5").number(7).into();
    let expected = Expected::from(ExpectedContext::new(
        request.method().clone(),
        conditions,
        seen,
    ));
    assert_eq!(expected.versions_of(&of("notes/5")), Some(vec![7]));
    assert_eq!(expected.versions_of(&of("notes/4")), Some(Vec::new()));
    assert_eq!(expected.versions(), Some(vec![7]));
}

/// Issue 10, B.5: `versions()` reads scoped tags, but only those of the resource that the
/// layer saw.
#[test]
fn versions_are_those_of_the_resource_that_was_seen() {
    let of = |path: &str| VersionTags::plain().scope(path);
    let (own, other) = (of("notes/5").number(1), of("notes/4").number(1));
    let named = format!("{own}, {other}, \"1\"");
    let fields = [("if-match", &*named)];
    assert_eq!(expected(&fields).versions(), Some(vec![1, 1, 1]));
    for (seen, versions) in [
        (own.into(), vec![1]),
        (tagged("1").into(), vec![1]),
        (of("notes/6").number(1).into(), vec![]),
        (Current::Unknown, vec![1, 1, 1]),
    ] {
        let request = request("PUT", "/", fields);
        let conditions =
            crate::semantics::condition::ConditionalFields::from_headers(request.headers())
                .cloned();
        let expected = Expected::from(ExpectedContext::new(
            request.method().clone(),
            conditions,
            seen,
        ));
        assert_eq!(expected.versions(), Some(versions));
    }
}

/// The version that the layer saw stands for conditions that name no version.
#[test]
fn versions_that_were_seen() {
    for (fields, current, versions) in [
        (("if-unmodified-since", DATE), tagged("7").into(), vec![7]),
        (("if-none-match", "\"6\""), tagged("7").into(), vec![7]),
        (("if-none-match", "\"6\""), tagged("x").into(), vec![]),
        (("if-none-match", "*"), Current::Absent, vec![]),
    ] {
        let request = request("PUT", "/", [fields]);
        let conditions =
            crate::semantics::condition::ConditionalFields::from_headers(request.headers())
                .cloned();
        let expected = Expected::from(ExpectedContext::new(
            request.method().clone(),
            conditions,
            current,
        ));
        assert_eq!(expected.versions(), Some(versions), "{fields:?}");
    }
}

/// R-9110-13.1.1-c, R-9110-13.1.2-g, R-9110-13.1.4-a.
#[test]
fn targets_that_must_exist_or_be_absent() {
    for (fields, conditional, exist, absent) in [
        (&[][..], false, false, false),
        (&[("if-match", "\"7\"")], true, true, false),
        (&[("if-match", "*")], true, true, false),
        (&[("if-none-match", "*")], true, false, true),
        (&[("if-none-match", " *\t")], true, false, true),
        (&[("if-none-match", "\"*\"")], true, false, false),
        (
            &[("if-none-match", "*"), ("if-match", "*")],
            true,
            true,
            false,
        ),
        (&[("if-none-match", "*, \"a\"")], true, false, false),
        (&[("if-unmodified-since", DATE)], true, false, false),
        (&[("if-unmodified-since", "junk")], false, false, false),
        (&[("if-modified-since", DATE)], false, false, false),
        (&[("if", "([\"x\"])")], false, false, false),
    ] {
        let expected = expected(fields);
        assert_eq!(expected.is_conditional(), conditional, "{fields:?}");
        assert_eq!(expected.must_exist(), exist, "{fields:?}");
        assert_eq!(expected.must_be_absent(), absent, "{fields:?}");
    }
}

/// R-9110-13.1-a, R-4918-12.1-a: a compare-and-set that changed nothing is 412 if there was
/// a condition.
#[test]
fn confirming_a_write() {
    let conditional = || expected(&[("if-match", "\"7\"")]);
    assert_eq!(conditional().confirm_written(Some(8)).unwrap(), Some(8));
    assert_eq!(expected(&[]).confirm_written(Some(8)).unwrap(), Some(8));
    assert_eq!(expected(&[]).confirm_written(None::<()>).unwrap(), None);
    let ignored = expected(&[("if-unmodified-since", "junk")]);
    assert_eq!(ignored.confirm_written(None::<()>).unwrap(), None);
    let failed = conditional().confirm_written(None::<()>).unwrap_err();
    assert_eq!(failed.reason(), Reason::Superseded);
    assert!(failed.current().is_none());
    assert_eq!(respond(failed).status(), 412);
}

/// The form of the versions for a database without arrays.
#[test]
fn versions_are_a_json_array() {
    let tags = VersionTags::of("notes", 1);
    let [seven, below] = [7, -8].map(|version| tags.number(version).to_string());
    let both = format!("{seven}, {below}, \"other\"");
    let json = |fields: &[(&'static str, &str)]| expected(fields).versions_json_of(&tags);
    assert_eq!(json(&[("if-match", &both)]).as_deref(), Some("[7,-8]"));
    assert_eq!(json(&[("if-match", "\"other\"")]).as_deref(), Some("[]"));
    assert_eq!(json(&[("if-match", "*")]), None);
    assert_eq!(json(&[]), None);
}

/// A handler with both kinds of rejection has one error type for them.
#[test]
fn a_rejection_is_made_of_both() {
    let rejections = [
        PreconditionRejection::from(PreconditionFailed::new()),
        PreconditionRejection::from(NotModified::default()),
    ];
    assert_eq!(
        rejections.map(|rejection| respond(rejection).status()),
        [412, 304]
    );
}

/// R-9110-13.1.1-a, R-9110-13.1.1-c, R-9110-13.1.4-a.
#[test]
fn checking_in_a_transaction() {
    let dated = tagged("7").with_last_modified(HttpDate::from_unix_seconds(784_111_777));
    let held: [(Fields<'_>, Current); 5] = [
        (&[], Current::Absent),
        (&[("if-match", "\"7\"")], tagged("7").into()),
        (&[("if-match", "*")], tagged("x").into()),
        (&[("if-none-match", "*")], Current::Absent),
        (&[("if-unmodified-since", DATE)], (&dated).into()),
    ];
    for (fields, current) in held {
        assert!(expected(fields).check(current).is_ok(), "{fields:?}");
    }
    let weak = EntityTag::weak("7").unwrap();
    let failed: [(Fields<'_>, Current, Condition); 5] = [
        (
            &[("if-match", "\"7\"")],
            tagged("8").into(),
            Condition::IfMatch,
        ),
        (&[("if-match", "W/\"7\"")], weak.into(), Condition::IfMatch),
        (&[("if-match", "*")], Current::Absent, Condition::IfMatch),
        (
            &[("if-none-match", "*")],
            tagged("8").into(),
            Condition::IfNoneMatch,
        ),
        (
            &[("if-unmodified-since", EARLIER)],
            dated.into(),
            Condition::IfUnmodifiedSince,
        ),
    ];
    for (fields, current, condition) in failed {
        let is_there = current.validators().is_some();
        let failed = expected(fields).check(current).unwrap_err();
        assert_eq!(failed.reason(), Reason::PreconditionFailed(condition));
        assert_eq!(failed.current().is_some(), is_there);
    }
}

/// The comparison of one clone counts for all of them.
#[test]
fn a_comparison_is_recorded_by_every_clone() {
    let fresh = || expected(&[("if-match", "\"7\"")]);
    let used = Expected::is_compared;
    let uses: [fn(Expected); 4] = [
        |expected| drop(expected.confirm_written(Some(()))),
        |expected| drop(expected.confirm_written(None::<()>)),
        |expected| drop(expected.check(tagged("7"))),
        |expected| drop(expected.check(tagged("8"))),
    ];
    for compare in uses {
        let expected = fresh();
        assert!(!used(&expected));
        compare(expected.clone());
        assert!(used(&expected));
    }
    let expected = fresh();
    let _ = (expected.versions(), expected.must_exist());
    assert!(!used(&expected), "looking is not comparing");
}

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

/// R-9110-15.4.5-a: the tag, or the date if there is no tag.
#[test]
fn a_304_has_the_validators() {
    let date = HttpDate::from_unix_seconds(784_111_777);
    let both = respond(NotModified::new(tagged("7").with_last_modified(date)));
    assert_eq!(both.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(both.headers()["etag"], "\"7\"");
    assert_eq!(both.headers().len(), 1);
    let dated = Validators::new().with_last_modified(date);
    let response = respond(NotModified::new(dated));
    assert_eq!(response.headers()["last-modified"], DATE);
    assert!(response.body().is_empty());
}

/// R-9457-3-a: a problem that a layer outside can find and change.
#[test]
fn a_412_is_a_problem_with_the_current_tag() {
    for (failed, tag) in [
        (PreconditionFailed::new(), None),
        (PreconditionFailed::default(), None),
        (PreconditionFailed::with_current(tagged("8")), Some("\"8\"")),
    ] {
        let response = respond(failed);
        assert_eq!(response.status(), StatusCode::PRECONDITION_FAILED);
        assert_eq!(response.headers()["cache-control"], "no-store");
        let in_field = response.headers().get("etag");
        assert_eq!(in_field.map(|tag| tag.to_str().unwrap()), tag);
        let problem: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(problem["status"], 412);
        assert_eq!(problem["current"].as_str(), tag);
        assert!(response.extensions().get::<PreconditionFailed>().is_some());
    }
}

/// R-9110-8.8.3.1-a: a header stays if its validator is unknown.
#[test]
fn a_response_with_validators() {
    let before = Response::builder().header("last-modified", DATE);
    let response = WithValidators(before.body(()).unwrap(), tagged("7"));
    let response = Response::from(response);
    assert_eq!(response.headers()["etag"], "\"7\"");
    assert_eq!(response.headers()["last-modified"], DATE);
}

#[cfg(feature = "axum")]
mod in_axum {
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

    fn router() -> Router {
        let methods = get(read).put(write).post(careless);
        Router::new().route("/", methods).route("/304", get(gone))
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

    /// R-9110-13.1-a: the extractor shares the conditions that the layer handed over.
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
}
