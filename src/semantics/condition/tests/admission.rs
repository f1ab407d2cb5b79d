use http::{
    HeaderMap, HeaderValue, Method,
    header::{IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE},
};

use crate::semantics::{
    condition::{Condition, ConditionalFields, Current, Requirement, WriteAdmission},
    field::HttpDate,
    tests::headers,
    validator::{EntityTag, Validators},
};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const NOW: HttpDate = HttpDate::from_unix_seconds(1_795_176_000);

fn tagged() -> Current {
    EntityTag::strong("1").unwrap().into()
}

fn dated() -> Current {
    let date = HttpDate::from_unix_seconds(784_111_777);
    Validators::new().with_last_modified(date).into()
}

/// R-9110-13.2.1-b, R-6585-3-a, R-9110-13.1.1-c, R-9110-13.1.2-f, R-9110-13.1.4-a: the decision
/// depends on the state, the conditions, the requirement, and if the method creates.
#[test]
fn writes_are_admitted_or_refused() {
    use WriteAdmission::{Absent, Admit, Failed, Required};

    type Lines<'a> = &'a [(&'a str, &'a str)];
    const FAILED: WriteAdmission = Failed(Condition::IfMatch);
    let tag = ("if-match", "\"1\"");
    let stale = ("if-match", "\"0\"");
    let any = ("if-match", "*");
    let create = ("if-none-match", "*");
    let date = ("if-unmodified-since", DATE);
    let earlier = ("if-unmodified-since", EARLIER);
    let table: [(Current, Lines<'_>, [WriteAdmission; 4]); 21] = [
        // For a method that creates: condition not required, required. Then the same for a
        // method that does not create.
        (Current::Unknown, &[], [Admit, Required, Admit, Required]),
        (Current::Absent, &[], [Admit, Required, Admit, Absent]),
        (tagged(), &[], [Admit, Required, Admit, Required]),
        (Current::Unknown, &[stale], [Admit; 4]),
        (Current::Absent, &[tag], [FAILED, FAILED, Absent, Absent]),
        (Current::Absent, &[any], [FAILED, FAILED, Absent, Absent]),
        (tagged(), &[tag], [Admit; 4]),
        (tagged(), &[any], [Admit; 4]),
        (tagged(), &[stale], [FAILED; 4]),
        (tagged(), &[("if-match", "W/\"1\"")], [FAILED; 4]),
        (tagged(), &[("if-match", "junk")], [FAILED; 4]),
        (tagged(), &[("if-match", "")], [FAILED; 4]),
        (tagged(), &[create], [Failed(Condition::IfNoneMatch); 4]),
        (Current::Absent, &[create], [Admit; 4]),
        (dated(), &[date], [Admit; 4]),
        (
            dated(),
            &[earlier],
            [Failed(Condition::IfUnmodifiedSince); 4],
        ),
        (
            dated(),
            &[earlier, earlier],
            [Admit, Required, Admit, Required],
        ),
        // Without a modification date to compare with, a date is no condition.
        (tagged(), &[date], [Admit, Required, Admit, Required]),
        (Current::Absent, &[date], [Admit, Required, Admit, Absent]),
        (Current::Unknown, &[date], [Admit; 4]),
        (
            Current::Unknown,
            &[("if-unmodified-since", "junk")],
            [Admit, Required, Admit, Required],
        ),
    ];
    for (current, fields, expected) in table {
        let headers = headers(fields.iter().copied());
        let conditions = ConditionalFields::from_headers(&headers);
        let admit = |required, creates| {
            conditions.admit(&Method::PATCH, current.as_ref(), required, creates, || NOW)
        };
        let found = [
            admit(Requirement::Nothing, true),
            admit(Requirement::Condition, true),
            admit(Requirement::Nothing, false),
            admit(Requirement::Condition, false),
        ];
        assert_eq!(found, expected, "{current:?} {fields:?}");
    }
}

/// R-9110-13.1.1-a: `If-Match` is compared weakly only if that is configured.
#[test]
fn if_match_can_be_weak() {
    let weak = Current::from(EntityTag::weak("1").unwrap());
    for (tags, weakly, expected) in [
        ("W/\"1\"", false, false),
        ("W/\"1\"", true, true),
        ("\"1\"", false, false),
        ("\"1\"", true, true),
        ("W/\"0\", W/\"1\"", true, true),
        ("W/\"0\"", true, false),
        ("w/\"1\"", true, false),
    ] {
        let headers = headers([("if-match", tags)]);
        let conditions = ConditionalFields::from_headers(&headers).with_weak_if_match(weakly);
        let admitted = conditions.admit(
            &Method::PUT,
            weak.as_ref(),
            Requirement::Nothing,
            true,
            || NOW,
        );
        assert_eq!(
            admitted == WriteAdmission::Admit,
            expected,
            "{tags} {weakly}"
        );
    }
}

/// Issue 11, A.12: neither a date nor `*` distinguishes two writes in one second.
#[test]
fn a_tag_can_be_required() {
    let tag: EntityTag = "\"1\"".parse().unwrap();
    let dated = Validators::from(tag).with_last_modified(HttpDate::from_unix_seconds(0));
    let current = Current::Present(dated);
    for (name, value, admitted) in [
        (IF_MATCH, "\"1\"", WriteAdmission::Admit),
        (
            IF_MATCH,
            "\"0\"",
            WriteAdmission::Failed(Condition::IfMatch),
        ),
        (IF_MATCH, "*", WriteAdmission::Required),
        (
            IF_NONE_MATCH,
            "*",
            WriteAdmission::Failed(Condition::IfNoneMatch),
        ),
        (IF_NONE_MATCH, "\"0\"", WriteAdmission::Required),
        (IF_UNMODIFIED_SINCE, DATE, WriteAdmission::Required),
    ] {
        let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
        let fields = ConditionalFields::from_headers(&headers);
        let admit = |current: &Current, creates| {
            fields.admit(
                &Method::PUT,
                current.as_ref(),
                Requirement::Tag,
                creates,
                || NOW,
            )
        };
        assert_eq!(admit(&current, true), admitted, "{value}");
        if admitted == WriteAdmission::Required {
            assert_eq!(
                admit(&Current::Absent, false),
                WriteAdmission::Absent,
                "{value}"
            );
        }
    }
}
