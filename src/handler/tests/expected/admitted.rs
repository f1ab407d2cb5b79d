//! A layer admits exactly the versions that the handler compares.

use http::Method;

use crate::handler::tests::{DATE, Fields, expected};
use crate::{
    handler::{Expected, ExpectedContext, PreconditionRejection, Preconditions},
    refusal::Reason,
    semantics::{
        condition::{Condition, ConditionalFields, Current, Requirement, WriteAdmission},
        field::HttpDate,
        validator::{EntityTag, Validators, VersionTags},
    },
    test_support::request,
};

const NOW: HttpDate = HttpDate::from_unix_seconds(1_795_176_000);

fn conditions(fields: Fields<'_>) -> ConditionalFields {
    let request = request("PUT", "/", fields.iter().copied());
    ConditionalFields::from_headers(request.headers()).cloned()
}

fn seen(tag: EntityTag) -> Current {
    let date = HttpDate::from_unix_seconds(784_111_777);
    Validators::new()
        .with_etag(tag)
        .with_last_modified(date)
        .into()
}

/// Issue 11, A.6: the layer admits a write for a version exactly if the version is in the
/// handler's list. The test has every combination of headers, both comparisons, and strong
/// and weak tags.
#[test]
fn the_list_has_the_version_that_the_layer_admitted() {
    let matching = [
        None,
        Some("\"7\""),
        Some("W/\"7\""),
        Some("\"8\", W/\"7\""),
        Some("\"8\""),
        Some("*"),
        Some("7"),
    ];
    let excluding = [
        None,
        Some("\"6\""),
        Some("W/\"7\""),
        Some("*"),
        Some("true"),
        Some(""),
    ];
    let dates = [None, Some(DATE), Some("junk")];
    let tags = VersionTags::plain();
    for (weakly, weak_tag) in [(false, false), (false, true), (true, false), (true, true)] {
        let tag = tags.number(7);
        let current = seen(if weak_tag { tag.into_weak() } else { tag });
        for (m, n, d) in matching.iter().flat_map(|m| {
            let rest = excluding.iter().flat_map(|n| dates.map(|d| (n, d)));
            rest.map(move |(n, d)| (*m, *n, d))
        }) {
            let fields: Vec<_> = [
                ("if-match", m),
                ("if-none-match", n),
                ("if-unmodified-since", d),
            ]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
            let conditions = conditions(&fields).with_weak_if_match(weakly);
            let admission = conditions.admit(
                &Method::PUT,
                current.as_ref(),
                Requirement::Nothing,
                true,
                || NOW,
            );
            let expected = Expected::from(ExpectedContext::new(
                Method::PUT,
                conditions,
                current.clone(),
            ));
            let admitted = admission == WriteAdmission::Admit;
            for versions in [expected.versions(), expected.versions_of(&tags)] {
                let has = versions.is_none_or(|versions| versions.contains(&7));
                // Under the strong comparison, a write for a weak tag never reaches the handler.
                let same = has == admitted || (weak_tag && !weakly && !admitted);
                assert!(same, "{fields:?}, weakly {weakly}, weak {weak_tag}");
            }
        }
    }
}

/// Issue 11, A.6: a weak version of another scope is no version of this one.
#[test]
fn a_weak_tag_keeps_its_scope() {
    let of = |path: &str| VersionTags::plain().scope(path);
    let weak = |path| of(path).number(7).into_weak().to_string();
    let named = format!("{}, {}", weak("notes/4"), weak("notes/5"));
    let fields = [("if-match", &*named)];
    let handed = |current| {
        let conditions = conditions(&fields).with_weak_if_match(true);
        Expected::from(ExpectedContext::new(Method::PUT, conditions, current))
    };
    let unknown = handed(Current::Unknown);
    assert_eq!(unknown.versions_of(&of("notes/5")), Some(vec![7]));
    let weakened = handed(of("notes/5").number(7).into_weak().into());
    assert_eq!(weakened.versions(), Some(vec![7]));
    assert_eq!(weakened.versions_of(&of("notes/6")), Some(Vec::new()));
}

/// If the layer saw no state, the list has the tags of `If-Match` without those that
/// `If-None-Match` excludes.
#[test]
fn in_an_unknown_state_the_headers_decide() {
    let table: [(Fields<'_>, &[i64]); 4] = [
        (
            &[("if-match", "\"7\", \"8\""), ("if-none-match", "W/\"8\"")],
            &[7],
        ),
        (&[("if-match", "\"7\""), ("if-none-match", "*")], &[]),
        (&[("if-match", "\"7\""), ("if-none-match", "junk")], &[]),
        (&[("if-match", "*"), ("if-none-match", "\"6\"")], &[]),
    ];
    for (fields, versions) in table {
        let found = expected(fields).versions();
        assert_eq!(found.as_deref(), Some(versions), "{fields:?}");
    }
}

/// Issue 11, A.6: if the layer admitted a write because nothing exists, the handler may
/// only insert.
#[test]
fn an_absent_target_is_only_inserted() {
    let table: [(Fields<'_>, Current, bool); 7] = [
        (&[("if-none-match", "\"6\"")], Current::Absent, true),
        (&[("if-none-match", "*")], Current::Absent, true),
        (&[("if-unmodified-since", DATE)], Current::Absent, true),
        (&[], Current::Absent, false),
        (&[("if-none-match", "true")], Current::Absent, false),
        (&[("if-none-match", "\"6\"")], Current::Unknown, false),
        (
            &[("if-match", "\"6\""), ("if-none-match", "*")],
            Current::Absent,
            false,
        ),
    ];
    for (fields, current, absent) in table {
        let expected = Expected::from(ExpectedContext::new(
            Method::PUT,
            conditions(fields),
            current,
        ));
        assert_eq!(expected.must_be_absent(), absent, "{fields:?}");
    }
}

const MALFORMED: [&str; 8] = ["true", "7", "**", "", ",,", "'7'", "w/\"7\"", "W/*"];

/// Issue 11, A.7: a malformed condition lets no write pass in a handler, with any of its
/// functions. The 412 has the reason.
#[test]
fn a_malformed_condition_lets_nothing_pass() {
    for (name, condition) in [
        ("if-none-match", Condition::IfNoneMatch),
        ("if-match", Condition::IfMatch),
    ] {
        for value in MALFORMED {
            let fields = [(name, value)];
            let malformed = Reason::PreconditionMalformed(condition);
            assert_eq!(expected(&fields).versions(), Some(Vec::new()), "{fields:?}");
            assert!(!expected(&fields).must_be_absent());
            let written = expected(&fields).confirm_written(Some(()));
            assert_eq!(written.unwrap_err().reason(), malformed, "{fields:?}");
            for current in [
                Current::Unknown,
                Current::Absent,
                seen(VersionTags::plain().number(7)),
            ] {
                let failed = expected(&fields).check(current.clone()).unwrap_err();
                assert_eq!(failed.reason(), malformed, "{fields:?} {current:?}");
                let request = request("PATCH", "/", fields);
                let Err(PreconditionRejection::Failed(failed)) =
                    Preconditions::of(&request).check(current)
                else {
                    panic!("{fields:?}");
                };
                assert_eq!(failed.reason(), malformed, "{fields:?}");
            }
        }
    }
    // A list with one well-formed member counts.
    for value in ["*, \"6\"", "6, W/\"6\"", "\"6\" x, \"6\""] {
        let fields = [("if-none-match", value)];
        let current = seen(VersionTags::plain().number(7));
        assert!(expected(&fields).check(current).is_ok(), "{value}");
    }
}

/// Issue 11, A.7: a malformed condition changes nothing for reads.
#[test]
fn a_malformed_condition_of_a_read_matches_nothing() {
    let check = |method, name, current: Current| {
        let request = request(method, "/", [(name, "true")]);
        let expected = Expected::of(&request).check(current.clone());
        assert_eq!(
            expected.is_ok(),
            Preconditions::of(&request).check(current).is_ok()
        );
        expected.is_ok()
    };
    let current = || seen(VersionTags::plain().number(7));
    for method in ["GET", "HEAD", "QUERY", "PROPFIND", "OPTIONS"] {
        assert!(check(method, "if-none-match", current()), "{method}");
        assert!(check(method, "if-none-match", Current::Absent), "{method}");
        assert!(check(method, "if-match", Current::Unknown), "{method}");
        let is_evaluated = method != "OPTIONS";
        assert_eq!(check(method, "if-match", current()), !is_evaluated);
    }
}

/// Issue 12, item 8: each tag of one list was compared with all of the other. Two headers
/// of 30 KB took seconds, and this test would take minutes.
#[test]
fn long_lists_cost_linear_time() {
    let list = |from: i64| {
        let tags = (from..from + 50_000).map(|number| format!("\"{number}\""));
        tags.collect::<Vec<_>>().join(", ")
    };
    let (named, excluded) = (list(0), list(40_000));
    let found = expected(&[("if-match", &named), ("if-none-match", &excluded)]).versions();
    assert_eq!(found, Some((0..40_000).collect()));
}
