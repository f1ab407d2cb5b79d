use std::{
    collections::HashSet,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::semantics::validator::{EntityTag, TagRef, VersionTags, version::split_plain};

const SECRET: &[u8] = b"sixteen bytes or";

fn plain() -> VersionTags {
    VersionTags::plain()
}

fn keyed(secret: impl AsRef<[u8]>) -> VersionTags {
    VersionTags::keyed(secret).expect("a long secret")
}

fn after(seconds: u64, nanos: u32) -> SystemTime {
    UNIX_EPOCH + Duration::new(seconds, nanos)
}

fn before(seconds: u64, nanos: u32) -> SystemTime {
    UNIX_EPOCH - Duration::new(seconds, nanos)
}

/// Returns one tag of each kind, from versions that look alike.
fn one_of_each(tags: &VersionTags) -> [EntityTag; 6] {
    [
        tags.number(1),
        tags.uuid([0; 16]),
        tags.timestamp(after(1, 500_000_000)),
        tags.timestamp(after(1, 0)),
        tags.bytes(b"1"),
        tags.collection(1, 1),
    ]
}

/// R-9110-8.8.3-a, R-9110-8.8.3-b: the texts are part of the public contract.
#[test]
fn plain_tags_show_the_version() {
    let table = [
        (plain().number(42), "\"42\""),
        (plain().number(0), "\"0\""),
        (plain().number(i64::MIN), "\"-9223372036854775808\""),
        (plain().number(i64::MAX), "\"9223372036854775807\""),
        (
            plain().uuid(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8_u128.to_be_bytes()),
            "\"67e55044-10b1-426f-9247-bb680e5fe0c8\"",
        ),
        (
            plain().uuid(1_u128.to_be_bytes()),
            "\"00000000-0000-0000-0000-000000000001\"",
        ),
        (plain().bytes(b""), "\"\""),
        (plain().bytes(&2001_u64.to_be_bytes()), "\"AAAAAAAAB9E\""),
        (plain().bytes(&[0xff; 3]), "\"____\""),
        (plain().collection(3, 42), "\"3-42\""),
        (plain().collection(0, 0), "\"0-0\""),
        (
            plain().collection(u64::MAX, i64::MIN),
            "\"18446744073709551615--9223372036854775808\"",
        ),
    ];
    for (tag, text) in table {
        assert_eq!(tag.as_header_value(), text);
    }
}

#[test]
fn a_timestamp_has_the_digits_that_it_needs() {
    let table = [
        (after(1_763_715_600, 123_456_000), "\"1763715600.123456\""),
        (after(0, 1), "\"0.000000001\""),
        (after(0, 100_000_000), "\"0.1\""),
        (after(1, 999_999_999), "\"1.999999999\""),
        (before(0, 500_000_000), "\"-0.5\""),
        (before(1, 1), "\"-1.000000001\""),
        (before(2_208_988_800, 10), "\"-2208988800.00000001\""),
    ];
    for (written, text) in table {
        let tag = plain().timestamp(written);
        assert_eq!(tag.as_header_value(), text);
    }
}

/// R-9110-8.8.1-a, R-9110-8.8.3-c: two writes in one second have the same timestamp.
#[test]
fn whole_seconds_are_never_strong() {
    let table = [
        (after(1_763_715_600, 0), "W/\"1763715600\""),
        (UNIX_EPOCH, "W/\"0\""),
        (before(1, 0), "W/\"-1\""),
    ];
    for (written, text) in table {
        assert_eq!(plain().timestamp(written).as_header_value(), text);
        assert!(keyed(SECRET).timestamp(written).is_weak());
    }
}

/// The earliest and the latest times of the platform have tags.
#[test]
fn extreme_times_have_tags() {
    for exponent in 0..64 {
        let by = Duration::new(1 << exponent, 1);
        for written in [UNIX_EPOCH.checked_add(by), UNIX_EPOCH.checked_sub(by)] {
            let Some(written) = written else { continue };
            let tag = plain().timestamp(written);
            assert!(TagRef::parse(tag.as_header_value().as_bytes()).is_some());
        }
    }
}

/// R-9110-8.8.1-a: a long version is hashed and never cut.
#[test]
fn long_versions_differ_in_every_byte() {
    for tags in [plain(), keyed(SECRET)] {
        let mut seen = HashSet::new();
        for length in [63, 64, 65, 66, 1000] {
            let mut version = vec![7; length];
            assert!(seen.insert(tags.bytes(&version).opaque().to_vec()));
            version[length - 1] = 8;
            assert!(seen.insert(tags.bytes(&version).opaque().to_vec()));
        }
    }
    let long = plain().bytes(&[0; 65]);
    // From another implementation of SHA-256.
    assert_eq!(
        long.as_header_value(),
        "\"sha256:mM5C3u9R1AJp1UL1MUvvLHRo1AGtXYUWi_q0wBCPdfc\""
    );
}

/// HMAC-SHA-256 of the parts with their lengths, from another implementation.
#[test]
fn keyed_tags_are_computed_as_documented() {
    assert_eq!(
        keyed(SECRET).number(42).as_header_value(),
        "\"M6VbrNQifDTh5SXvZPhZuw\""
    );
}

#[test]
fn keyed_tags_depend_on_the_secret_the_kind_and_the_version() {
    let secrets = [SECRET, b"sixteen bytes of"];
    let mut seen = HashSet::new();
    for secret in secrets {
        for tag in one_of_each(&keyed(secret)) {
            assert_eq!(tag.opaque().len(), 22);
            assert!(seen.insert(tag.opaque().to_vec()));
        }
        assert!(seen.insert(keyed(secret).number(2).opaque().to_vec()));
        let bytes_as_number = keyed(secret).bytes(&1_i64.to_be_bytes());
        assert!(seen.insert(bytes_as_number.opaque().to_vec()));
    }
    let (one, same) = (one_of_each(&keyed(SECRET)), one_of_each(&keyed(SECRET)));
    for (one, same) in one.iter().zip(&same) {
        assert_eq!(one.as_header_value(), same.as_header_value());
    }
}

#[test]
fn a_short_secret_is_refused() {
    for length in 0..16 {
        let refused = VersionTags::keyed(vec![1; length]).expect_err("too short");
        assert_eq!(
            refused.to_string(),
            format!("a secret of {length} bytes can be guessed: it needs at least 16 bytes")
        );
    }
    assert!(VersionTags::keyed([1; 16]).is_ok());
    assert!(VersionTags::keyed([1; 200]).is_ok());
}

#[test]
fn a_secret_is_not_shown() {
    let shown = |secret: &[u8]| format!("{:?}", keyed(secret));
    assert_eq!(
        shown(b"one secret that is long"),
        shown(b"another long one")
    );
}

/// R-9110-8.8.3-a: only a tag that was sent is parsed.
#[test]
fn numbers_are_parsed_in_one_spelling_only() {
    let table: &[(&str, Option<i64>)] = &[
        ("\"0\"", Some(0)),
        ("\"42\"", Some(42)),
        ("\"-42\"", Some(-42)),
        ("\"9223372036854775807\"", Some(i64::MAX)),
        ("\"-9223372036854775808\"", Some(i64::MIN)),
        ("\"9223372036854775808\"", None),
        ("\"-9223372036854775809\"", None),
        ("\"99999999999999999999999999999999\"", None),
        ("W/\"42\"", None),
        ("\"\"", None),
        ("\"-\"", None),
        ("\"+42\"", None),
        ("\"-+42\"", None),
        ("\"--42\"", None),
        ("\"042\"", None),
        ("\"-042\"", None),
        ("\"00\"", None),
        ("\"-0\"", None),
        ("\"4_2\"", None),
        ("\"42.0\"", None),
        ("\"4e2\"", None),
        ("\"0x2a\"", None),
        ("\"42-gzip\"", None),
        ("\"1-2\"", None),
    ];
    for (text, number) in table {
        let tag = TagRef::parse(text.as_bytes()).expect("a tag");
        assert_eq!(plain().parse_number(tag), *number, "{text}");
    }
    // Arabic digits, and bytes that are not UTF-8.
    for strange in ["\"٤٢\"".as_bytes(), b"\"4\xff\""] {
        let tag = TagRef::parse(strange).expect("a tag");
        assert_eq!(plain().parse_number(tag), None);
    }
}

fn parsed(tags: &VersionTags, text: &str) -> Option<i64> {
    tags.parse_number(TagRef::parse(text.as_bytes()).expect("a tag"))
}

/// Issue 10, B.5, R-9110-8.8.3-a: equal versions of two resources have different tags, of each
/// kind, plain and keyed. Equal versions of one resource have equal tags.
#[test]
fn a_tag_is_bound_to_its_scope() {
    for tags in [plain(), keyed(SECRET)] {
        let mut seen = HashSet::new();
        let scopes = ["notes/4", "notes/5", "notes", "notes/", ""];
        for scoped in scopes.map(|scope| tags.scope(scope)) {
            for tag in one_of_each(&scoped) {
                assert!(TagRef::parse(tag.as_header_value().as_bytes()).is_some());
                assert!(seen.insert(tag.to_string()), "{tag}");
            }
        }
        for tag in one_of_each(&tags) {
            assert!(seen.insert(tag.to_string()), "{tag}");
        }
        let twice = [(); 2].map(|()| one_of_each(&tags.scope("notes/4")));
        for (one, same) in twice[0].iter().zip(&twice[1]) {
            assert_eq!(one.as_header_value(), same.as_header_value());
            assert_eq!(one.is_weak(), same.is_weak());
        }
    }
}

/// Issue 10, B.5: the texts are part of the public contract. Another implementation computed
/// SHA-256 and HMAC-SHA-256 of the parts with their lengths.
#[test]
fn a_scoped_tag_shows_version_and_scope() {
    let tags = plain().scope("notes/17");
    let table = [
        (tags.number(42), "\"42-dhLgLmJWxIC26A\""),
        (
            tags.number(i64::MIN),
            "\"-9223372036854775808-dhLgLmJWxIC26A\"",
        ),
        (
            tags.uuid(1_u128.to_be_bytes()),
            "\"00000000-0000-0000-0000-000000000001-dhLgLmJWxIC26A\"",
        ),
        (tags.bytes(b""), "\"-dhLgLmJWxIC26A\""),
        (tags.bytes(&[0xff; 3]), "\"____-dhLgLmJWxIC26A\""),
        (
            tags.bytes(&[0; 65]),
            "\"sha256:mM5C3u9R1AJp1UL1MUvvLHRo1AGtXYUWi_q0wBCPdfc-dhLgLmJWxIC26A\"",
        ),
        (tags.collection(3, 42), "\"3-42-dhLgLmJWxIC26A\""),
        (
            tags.timestamp(after(1, 500_000_000)),
            "\"1.5-dhLgLmJWxIC26A\"",
        ),
        (tags.timestamp(after(1, 0)), "W/\"1-dhLgLmJWxIC26A\""),
        (plain().scope("").number(42), "\"42-81jWbXyHoG5jWA\""),
        (
            plain().scope("tenant").scope("notes/17").number(42),
            "\"42-5sCSIUjHqc9esw\"",
        ),
        (
            keyed(SECRET).scope("notes/17").number(42),
            "\"XMzLggR0I7jpzhPT2XC9VQ\"",
        ),
    ];
    for (tag, text) in table {
        assert_eq!(tag.as_header_value(), text);
    }
    // The longest tag.
    let longest = tags.bytes(&[7; 64]);
    assert_eq!(longest.opaque().len(), 86 + 15);
}

/// Issue 10, B.5: different pairs of collection and id never have the same scope.
#[test]
fn members_of_collections_have_different_tags() {
    let tag = |collection, id| VersionTags::of(collection, id).number(7).to_string();
    let scoped = VersionTags::plain().scope("notes").scope("1").number(7);
    assert_eq!(tag("notes", "1"), scoped.to_string());
    assert_eq!(
        tag("notes", "1"),
        VersionTags::of("notes", 1).number(7).to_string()
    );
    assert_ne!(tag("notes", "1"), tag("notes", "2"));
    assert_ne!(tag("notes", "1"), tag("texts", "1"));
    // The two parts do not run together.
    assert_ne!(tag("notes", "1/2"), tag("notes/1", "2"));
}

#[test]
fn a_scope_within_a_scope_is_another_scope() {
    let scopes = [
        plain(),
        plain().scope("a"),
        plain().scope("b"),
        plain().scope("ab"),
        plain().scope("a").scope("b"),
        plain().scope("b").scope("a"),
        plain().scope("").scope("ab"),
        plain().scope("ab").scope(""),
        plain().scope("a").scope("b").scope(""),
    ];
    let tags: HashSet<_> = scopes
        .iter()
        .map(|tags| tags.number(1).opaque().to_vec())
        .collect();
    assert_eq!(tags.len(), scopes.len());
}

/// Issue 10, B.5: a number is parsed only from a tag of the same scope, in the spelling that was
/// sent.
#[test]
fn numbers_are_parsed_from_tags_of_their_scope() {
    let tags = plain().scope("notes/17");
    let table = [
        ("\"42-dhLgLmJWxIC26A\"", Some(42)),
        ("\"-42-dhLgLmJWxIC26A\"", Some(-42)),
        ("\"0-dhLgLmJWxIC26A\"", Some(0)),
        ("\"42\"", None),
        ("\"42-\"", None),
        ("\"-dhLgLmJWxIC26A\"", None),
        ("\"dhLgLmJWxIC26A\"", None),
        ("\"42dhLgLmJWxIC26A\"", None),
        ("\"42--dhLgLmJWxIC26A\"", None),
        ("\"042-dhLgLmJWxIC26A\"", None),
        ("\"+42-dhLgLmJWxIC26A\"", None),
        ("\"-0-dhLgLmJWxIC26A\"", None),
        ("\"3-42-dhLgLmJWxIC26A\"", None),
        ("\"9223372036854775808-dhLgLmJWxIC26A\"", None),
        ("W/\"42-dhLgLmJWxIC26A\"", None),
        // Another scope, other bits behind the 80, another case, padding.
        ("\"42-81jWbXyHoG5jWA\"", None),
        ("\"42-dhLgLmJWxIC26B\"", None),
        ("\"42-dhLgLmJWxIC26a\"", None),
        ("\"42-dhLgLmJWxIC26A==\"", None),
        ("\"42-dhLgLmJWxIC26A-gzip\"", None),
    ];
    for (text, number) in table {
        assert_eq!(parsed(&tags, text), number, "{text}");
    }
    // A scoped tag is no tag without a scope, and keyed tags show no number.
    assert_eq!(parsed(&plain(), "\"42-dhLgLmJWxIC26A\""), None);
    for keyed in [keyed(SECRET), keyed(SECRET).scope("notes/17")] {
        let tag = keyed.number(42);
        assert_eq!(keyed.parse_number(tag.as_ref()), None);
        assert_eq!(parsed(&keyed, "\"42\""), None);
        assert_eq!(parsed(&keyed, "\"42-dhLgLmJWxIC26A\""), None);
    }
}

/// Issue 10, B.5: `CodingTagLayer` never takes the end of a scope for the suffix of a coding.
#[test]
fn no_scope_ends_like_a_coding() {
    for number in 0..1000 {
        let tag = plain().scope(format!("notes/{number}")).number(1);
        let last = tag.opaque().last().copied();
        assert!(last.is_some_and(|last| b"AQgw".contains(&last)), "{tag}");
    }
}

/// A tag of another form has no number to compare.
#[test]
fn only_a_plain_strong_tag_splits() {
    let split = |text: &str| {
        let tag = TagRef::parse(text.as_bytes()).expect("a tag");
        split_plain(tag).map(|(number, suffix)| (number, suffix.len()))
    };
    let scoped = plain().scope("notes/17").number(5).to_string();
    assert_eq!(split("\"5\""), Some((5, 0)));
    assert_eq!(split(&scoped), Some((5, 15)));
    assert_eq!(split("W/\"5\""), None);
    assert_eq!(split(&scoped.replacen('-', ".", 1)), None);
}
