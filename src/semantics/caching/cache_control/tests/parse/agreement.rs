//! Comparison with the parser of the crate `headers`.
//!
//! Both parsers agree on well-formed headers. For each unusual or malformed member, a table has
//! its class of difference. It also has the meaning here, as well-formed directives that both
//! parsers understand.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use headers::Header;
use http::{HeaderMap, HeaderValue, header::CACHE_CONTROL};

use crate::{
    semantics::caching::cache_control::{CacheControl, RequestCacheControl, tests::field},
    test_support::Random,
};

/// A reason why `headers` parses something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// `headers` recognizes names in lower case only.
    Case,
    /// `headers` ignores a flag with an argument. Here a restriction still counts.
    Argument,
    /// `headers` rejects the whole header for an invalid number. Here it is 0, or dropped if it
    /// would be a permission.
    NoNumber,
    /// `headers` ignores a missing number. Here it is 0.
    MissingNumber,
    /// `headers` accepts a sign. Here the number is invalid.
    Sign,
    /// `headers` does not clamp at 2³¹, and rejects numbers of more than 64 bits.
    Great,
    /// `headers` uses the last of several numbers. Here the strictest counts.
    Twice,
    /// `headers` requires a number for `max-stale`.
    AnyStale,
    /// `headers` separates words only at commas.
    Separator,
    /// `headers` ignores a directive with white space before `=`.
    Space,
    /// `headers` trims any number of quotes from a number.
    Quotes,
    /// `headers` allows a quote anywhere, which hides the text after it.
    Misplaced,
    /// `headers` lets an unclosed quote hide the rest of the line.
    Unclosed,
    /// `headers` ignores backslashes, so a quoted string ends at an escaped quote.
    Backslash,
    /// `headers` ignores a line with bytes beyond ASCII.
    OtherBytes,
}

use Class::*;

const CLASSES: [Class; 15] = [
    Case,
    Argument,
    NoNumber,
    MissingNumber,
    Sign,
    Great,
    Twice,
    AnyStale,
    Separator,
    Space,
    Quotes,
    Misplaced,
    Unclosed,
    Backslash,
    OtherBytes,
];

/// The number of a `max-stale` without an argument.
const ANY: u64 = u64::MAX;

type Member = (&'static [u8], &'static [&'static str]);

const WELL_FORMED: &[Member] = &[
    (b"no-store", &["no-store"]),
    (b"no-cache", &["no-cache"]),
    (b"private", &["private"]),
    (b"public", &["public"]),
    (b"immutable", &["immutable"]),
    (b"no-transform", &["no-transform"]),
    (b"must-revalidate", &["must-revalidate"]),
    (b"proxy-revalidate", &["proxy-revalidate"]),
    (b"must-understand", &["must-understand"]),
    (b"only-if-cached", &["only-if-cached"]),
    (b"max-age=5", &["max-age=5"]),
    (b"max-age=\"5\"", &["max-age=5"]),
    (b"max-age=2147483648", &["max-age=2147483648"]),
    (b"s-maxage=60", &["s-maxage=60"]),
    (b"s-maxage=0", &["s-maxage=0"]),
    (b"min-fresh=7", &["min-fresh=7"]),
    (b"max-stale=8", &["max-stale=8"]),
    (b"stale-if-error=9", &[]),
    (b"private=\"set-cookie\"", &[]),
    (b"no-cache=\"a, b\"", &[]),
    (b"x", &[]),
    (b"x=no-store", &[]),
    (b"x=\"a, no-store\"", &[]),
    (b"No-Such=\"Thing\"", &[]),
    (b"", &[]),
];

const ODD: &[(Class, &[Member])] = &[
    (
        Case,
        &[
            (b"No-Store", &["no-store"]),
            (b"PRIVATE", &["private"]),
            (b"Max-Age=5", &["max-age=5"]),
            (b"S-MaxAge=60", &["s-maxage=60"]),
        ],
    ),
    (
        Argument,
        &[
            (b"no-store=1", &["no-store"]),
            (b"must-revalidate=x", &["must-revalidate"]),
            (b"private=\"\"", &["private"]),
            (b"no-cache=\"a b\"", &["no-cache"]),
            (b"immutable=1", &["immutable"]),
        ],
    ),
    (
        NoNumber,
        &[
            (b"max-age=x", &["max-age=0"]),
            (b"max-age=-5", &["max-age=0"]),
            (b"max-age=\"\"", &["max-age=0"]),
            (b"s-maxage=1.5", &["s-maxage=0"]),
            (b"min-fresh=x", &[]),
            (b"max-stale=x", &[]),
        ],
    ),
    (
        MissingNumber,
        &[
            (b"max-age", &["max-age=0"]),
            (b"s-maxage=", &["s-maxage=0"]),
        ],
    ),
    (Sign, &[(b"max-age=+5", &["max-age=0"])]),
    (
        Great,
        &[
            (b"max-age=2147483649", &["max-age=2147483648"]),
            (b"s-maxage=99999999999999999999", &["s-maxage=2147483648"]),
        ],
    ),
    (
        AnyStale,
        &[(b"max-stale", &["max-stale=18446744073709551615"])],
    ),
    (
        Separator,
        &[
            (b"private; no-transform", &["private", "no-transform"]),
            (b"max-age=5;no-store", &["max-age=0", "no-store"]),
            (b"public must-revalidate", &["must-revalidate"]),
        ],
    ),
    (
        Space,
        &[
            (b"max-age = 5", &["max-age=0"]),
            (b"s-maxage =5", &["s-maxage=0"]),
            (b"no-store\t=1", &["no-store"]),
        ],
    ),
    (Quotes, &[(b"max-age=\"\"5\"\"", &["max-age=0"])]),
    (
        Misplaced,
        &[
            (b"x\"a, no-store\"", &["no-store"]),
            (b"\"private\"", &["private"]),
        ],
    ),
    (Unclosed, &[(b"x=\"a", &[])]),
    (Backslash, &[(b"x=\"\\\"\"", &[])]),
    (OtherBytes, &[(b"x=\"\xe9\"", &[]), (b"x=\xe9", &[])]),
];

/// The directives that both parsers support.
#[derive(Debug, Default, PartialEq)]
struct CommonDirectives {
    flags: BTreeSet<&'static str>,
    numbers: BTreeMap<&'static str, u64>,
}

fn common_directives<const F: usize, const N: usize>(
    flags: [(&'static str, bool); F],
    numbers: [(&'static str, Option<Duration>); N],
) -> CommonDirectives {
    let flags = flags.into_iter().filter(|(_, present)| *present);
    let numbers = numbers.into_iter();
    CommonDirectives {
        flags: flags.map(|(name, _)| name).collect(),
        numbers: numbers
            .filter_map(|(name, time)| Some((name, time?.as_secs())))
            .collect(),
    }
}

fn ours(headers: &HeaderMap) -> CommonDirectives {
    let response = CacheControl::of(headers);
    let request = RequestCacheControl::of(headers);
    common_directives(
        [
            ("no-store", response.is_no_store()),
            ("no-cache", response.is_no_cache()),
            ("private", response.is_private()),
            ("public", response.is_public()),
            ("immutable", response.is_immutable()),
            ("no-transform", response.is_no_transform()),
            ("must-revalidate", response.is_must_revalidate()),
            ("proxy-revalidate", response.is_proxy_revalidate()),
            ("must-understand", response.is_must_understand()),
            ("only-if-cached", request.is_only_if_cached()),
        ],
        [
            ("max-age", response.max_age()),
            ("s-maxage", response.s_maxage()),
            ("min-fresh", request.min_fresh()),
            (
                "max-stale",
                request.max_stale().map(|stale| match stale {
                    Duration::MAX => Duration::from_secs(ANY),
                    most => most,
                }),
            ),
        ],
    )
}

/// Parses with `headers`. `proxy-revalidate` has no getter there, but is formatted.
fn theirs(headers: &HeaderMap) -> CommonDirectives {
    let mut lines = headers.get_all(CACHE_CONTROL).iter();
    let Ok(all) = headers::CacheControl::decode(&mut lines) else {
        return CommonDirectives::default();
    };
    let mut written = Vec::<HeaderValue>::new();
    all.encode(&mut written);
    let proxy = written.iter().any(|line| {
        line.to_str()
            .is_ok_and(|line| line.contains("proxy-revalidate"))
    });
    common_directives(
        [
            ("no-store", all.no_store()),
            ("no-cache", all.no_cache()),
            ("private", all.private()),
            ("public", all.public()),
            ("immutable", all.immutable()),
            ("no-transform", all.no_transform()),
            ("must-revalidate", all.must_revalidate()),
            ("proxy-revalidate", proxy),
            ("must-understand", all.must_understand()),
            ("only-if-cached", all.only_if_cached()),
        ],
        [
            ("max-age", all.max_age()),
            ("s-maxage", all.s_max_age()),
            ("min-fresh", all.min_fresh()),
            ("max-stale", all.max_stale()),
        ],
    )
}

#[derive(Debug, Default)]
struct Generated {
    lines: Vec<Vec<u8>>,
    /// The meaning here, as well-formed directives.
    words: Vec<String>,
    classes: BTreeSet<Class>,
}

/// Generates one to three lines with some members each, of which at most `odd` are unusual.
fn generate(random: &mut Random, mut odd: usize) -> Generated {
    let mut all = Generated::default();
    for _ in 0..=random.below(3) {
        let mut line = Vec::new();
        let mut unclosed = false;
        for _ in 0..random.below(6) {
            let is_odd = odd > 0 && random.below(2) == 0;
            let (class, (text, words)) = if is_odd {
                let (class, members) = random.pick(ODD);
                (Some(class), random.pick(members))
            } else {
                (None, random.pick(WELL_FORMED))
            };
            // A quote in this member would close the open one.
            if unclosed && text.contains(&b'"') {
                continue;
            }
            odd -= usize::from(is_odd);
            all.classes.extend(class);
            line.extend_from_slice(text);
            line.extend_from_slice(random.pick(&[b",".as_slice(), b", ", b"\t,  ", b",,"]));
            let words = words.iter().filter_map(|word| {
                if unclosed {
                    meaning_behind_a_quote(word)
                } else {
                    Some((*word).to_owned())
                }
            });
            all.words.extend(words);
            unclosed |= class == Some(Unclosed);
        }
        all.lines.push(line);
    }
    all
}

/// Returns the meaning of a directive behind an unclosed quote: only restrictions count.
fn meaning_behind_a_quote(word: &str) -> Option<String> {
    match word.split_once('=') {
        Some((name @ ("max-age" | "s-maxage"), _)) => Some(format!("{name}=0")),
        Some(_) => None,
        None => {
            let grants = ["public", "immutable", "must-understand", "only-if-cached"];
            (!grants.contains(&word)).then(|| word.to_owned())
        }
    }
}

/// Removes duplicates, keeping the strictest number. Also returns `true` if numbers differed.
fn without_duplicates(words: &[String]) -> (String, bool) {
    let mut flags = BTreeSet::new();
    let mut numbers = BTreeMap::<&str, BTreeSet<u64>>::new();
    for word in words {
        match word.split_once('=') {
            Some((name, number)) => {
                let number = number.parse().expect("a number");
                numbers.entry(name).or_default().insert(number);
            }
            None => drop(flags.insert(word.clone())),
        }
    }
    let twice = numbers.values().any(|numbers| numbers.len() > 1);
    let numbers = numbers.into_iter().map(|(name, numbers)| {
        let number = match name {
            "min-fresh" => numbers.last(),
            _ => numbers.first(),
        };
        format!("{name}={}", number.expect("a number"))
    });
    let words: Vec<_> = flags.into_iter().chain(numbers).collect();
    (words.join(", "), twice)
}

/// R-9111-5.2-a: of 10,000 headers, both parsers agree on the well-formed ones. Each difference
/// has a class, and each class occurs alone.
#[test]
fn the_crate_headers_agrees_or_differs_for_a_known_reason() {
    let mut random = Random::new(9_111);
    let mut agreed = 0;
    let mut differences = BTreeMap::<Class, u32>::new();
    for round in 0..10_000 {
        let odd = [0, 1, 1, 4][round % 4];
        let mut generated = generate(&mut random, odd);
        let (words, twice) = without_duplicates(&generated.words);
        generated.classes.extend(twice.then_some(Twice));

        let headers = field(&generated.lines);
        let [ours, theirs] = [ours(&headers), theirs(&headers)];
        let text: Vec<_> = generated
            .lines
            .iter()
            .map(|line| line.escape_ascii().to_string())
            .collect();
        assert_eq!(ours, self::theirs(&field([words])), "{text:?}");
        if ours == theirs {
            agreed += 1;
            continue;
        }
        assert!(
            !generated.classes.is_empty(),
            "{text:?}: {ours:?} / {theirs:?}"
        );
        if let [class] = *generated.classes.iter().copied().collect::<Vec<_>>() {
            *differences.entry(class).or_default() += 1;
        }
    }
    for class in CLASSES {
        assert!(
            differences.get(&class) > Some(&4),
            "{class:?} of {differences:?}"
        );
    }
    assert!(agreed > 3_000, "{agreed}");
}
