//! Parts with one strong tag, with and without findings.

use super::{Answer, Audit, Code, Lines, assert_codes, get, ok, write};

const A: (&str, &str) = ("etag", "\"a\"");
const WEAK: (&str, &str) = ("etag", "W/\"a\"");
const SAME: [Code; 1] = [Code::SameTagOtherBytes];

fn part(audit: &Audit, tag: (&str, &str), range: &str, content: &str) {
    part_of(audit, &[], &[tag, ("content-range", range)], content);
}

fn part_of(audit: &Audit, wanted: Lines<'_>, fields: Lines<'_>, content: &str) {
    let answer = Answer {
        status: 206,
        fields,
        content,
    };
    get(audit, &[&[("range", "bytes=0-")], wanted].concat(), &answer);
}

/// Issue 10, A.2, R-9110-8.8.1-a: a client combines both parts, even if somebody wrote in
/// between.
#[test]
fn parts_under_one_strong_tag_are_of_one_content() {
    let whole = |content: &'static str| {
        move |audit: &Audit| get(audit, &[], &ok(&[A, ("accept-ranges", "bytes")], content))
    };
    let of = |range: &'static str, content: &'static str| {
        move |audit: &Audit| part(audit, A, range, content)
    };
    type See<'a> = &'a dyn Fn(&Audit);
    let rows: [(See<'_>, See<'_>, &[Code]); 12] = [
        (
            &of("bytes 0-4/10", "AAAAA"),
            &of("bytes 0-4/10", "BBBBB"),
            &SAME,
        ),
        (
            &of("bytes 0-4/10", "AAAAA"),
            &of("bytes 0-4/10", "AAAAA"),
            &[],
        ),
        (
            &of("bytes 0-4/10", "AAAAA"),
            &of("bytes 4-5/10", "BB"),
            &SAME,
        ),
        (&of("bytes 0-4/10", "AAAAB"), &of("bytes 4-5/10", "BC"), &[]),
        (
            &of("bytes 0-4/10", "AAAAA"),
            &of("bytes 5-9/10", "BBBBB"),
            &[],
        ),
        (
            &of("bytes 0-4/10", "AAAAA"),
            &of("bytes 5-9/11", "BBBBB"),
            &SAME,
        ),
        (
            &of("bytes 0-4/*", "AAAAA"),
            &of("bytes 5-9/11", "BBBBB"),
            &[],
        ),
        (&whole("AAAAAAAAAA"), &of("bytes 2-3/10", "AA"), &[]),
        (&whole("AAAAAAAAAA"), &of("bytes 2-3/10", "AB"), &SAME),
        (&whole("AAAAAAAAAA"), &of("bytes 2-3/12", "AA"), &SAME),
        (&whole("AAA"), &of("bytes 2-3/*", "AA"), &SAME),
        // The position of these bytes is unknown.
        (&whole("AAAAAAAAAA"), &of("bytes 2-3/10", "B"), &[]),
    ];
    for (at, (one, other, codes)) in rows.into_iter().enumerate() {
        for (first, second) in [(one, other), (other, one)] {
            for disturb in [false, true] {
                let audit = Audit::new().allow([Code::MissingOn206]);
                first(&audit);
                if disturb {
                    write(&audit);
                }
                second(&audit);
                let found = super::codes(&audit);
                assert_eq!(found, codes.iter().copied().collect(), "{at}");
            }
        }
    }
}

#[test]
fn parts_of_other_tags_and_codings_may_differ() {
    let audit = Audit::new().allow([Code::WeakTagWithRanges, Code::PartDiffers]);
    part(&audit, WEAK, "bytes 0-4/10", "AAAAA");
    part(&audit, WEAK, "bytes 0-4/10", "BBBBB");
    part(&audit, A, "bytes 0-4/10", "CCCCC");
    part(&audit, ("etag", "\"b\""), "bytes 0-4/10", "DDDDD");
    let gzip = ("content-encoding", "gzip");
    part_of(
        &audit,
        &[],
        &[A, gzip, ("content-range", "bytes 0-4/9")],
        "EEEEE",
    );
    part_of(&audit, &[], &[("content-range", "bytes 0-4/10")], "FFFFF");
    assert_codes(&audit, &[]);
}

/// The first bytes are kept, of a bounded number of parts.
#[test]
fn parts_are_bounded() {
    let content = "A".repeat(5000);
    let audit = Audit::new();
    get(&audit, &[], &ok(&[A], &content));
    part(&audit, A, "bytes 4000-4001/5000", "BB");
    assert_codes(&audit, &[]);
    part(&audit, A, "bytes 1023-1024/5000", "AB");
    assert_codes(&audit, &[]);
    part(&audit, A, "bytes 1022-1023/5000", "AB");
    assert_codes(&audit, &SAME);

    let audit = Audit::new();
    for at in 0..9 {
        part(&audit, A, &format!("bytes {at}-{at}/100"), "A");
    }
    part(&audit, A, "bytes 0-0/100", "B");
    assert_codes(&audit, &[]);
    part(&audit, A, "bytes 8-8/100", "B");
    assert_codes(&audit, &SAME);
}

/// R-9110-13.1.5-a: `If-Range` is compared strongly.
#[test]
fn a_part_of_another_tag_than_if_range_is_found() {
    let other = [Code::PartOfOther];
    let rows: [(&str, Lines<'_>, &[Code]); 6] = [
        ("\"a\"", &[A], &[]),
        ("\"b\"", &[A], &other),
        ("W/\"a\"", &[A], &other),
        ("\"a\"", &[WEAK], &other),
        ("\"b\"", &[], &[]),
        ("Fri, 31 Jan 2025 12:00:00 GMT", &[A], &[]),
    ];
    for (wanted, fields, codes) in rows {
        let audit = Audit::new().allow([Code::WeakTagWithRanges]);
        part_of(&audit, &[("if-range", wanted)], fields, "x");
        assert_codes(&audit, codes);
    }
}
