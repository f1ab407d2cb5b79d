mod admitted;

use super::*;

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

/// The version that the layer saw is used for conditions that name no version.
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

/// R-9110-13.2.1-b: nothing exists and nothing is created, so no other writer came first.
#[test]
fn an_absent_target_that_is_not_created_is_no_412() {
    for (seen, creates, refused) in [
        (Current::Absent, false, false),
        (Current::Absent, true, true),
        (Current::Unknown, false, true),
        (tagged("7").into(), false, true),
    ] {
        for fields in [("if-none-match", "*"), ("if-none-match", "\"6\"")] {
            let request = request("PUT", "/", [fields]);
            let conditions =
                crate::semantics::condition::ConditionalFields::from_headers(request.headers())
                    .cloned();
            let context = ExpectedContext {
                creates,
                ..ExpectedContext::new(request.method().clone(), conditions, seen.clone())
            };
            let result = Expected::from(context).confirm_written(None::<()>);
            assert_eq!(result.is_err(), refused, "{seen:?} {creates} {fields:?}");
        }
    }
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
