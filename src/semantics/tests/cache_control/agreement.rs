//! What another implementation reads in the same fields: that of the crate
//! `headers`. Well-formed fields mean the same to both. Of every odd or broken
//! member the table says what it means here, in well-formed words that the other
//! one reads too, and in which class of differences it falls.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use headers::Header;
use http::{HeaderMap, HeaderValue, header::CACHE_CONTROL};

use super::field;
use crate::{
    semantics::caching::cache_control::{CacheControl, RequestCacheControl},
    test_support::Random,
};

/// Why `headers` reads something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// It knows names in lower case only.
    Case,
    /// It knows no flag with an argument; here a restriction counts all the same.
    Argument,
    /// A number that is none loses it the whole field; here it is 0, or lost
    /// where it would grant something.
    NoNumber,
    /// It ignores a number that is not there; here it is 0.
    MissingNumber,
    /// It takes a sign; here that is no number.
    Sign,
    /// It does not clamp at 2³¹, and beyond 64 bits there is no number.
    Great,
    /// The last of several numbers counts; here the one that asks for more.
    Twice,
    /// It knows `max-stale` with a number only.
    AnyStale,
    /// It takes a comma for the only separator of words.
    Separator,
    /// It ignores what has white space before `=`.
    Space,
    /// It trims any number of quotes from a number.
    Quotes,
    /// It lets a quote begin anywhere, and hide what follows.
    Misplaced,
    /// It lets an unclosed quote hide the rest of the line.
    Unclosed,
    /// It knows no backslash, so that it takes a wrong quote for the last one.
    Backslash,
    /// It ignores a line with bytes beyond ASCII.
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

/// In `max-stale` as long as one likes.
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

/// What both of them can say.
#[derive(Debug, Default, PartialEq)]
struct Said {
    flags: BTreeSet<&'static str>,
    numbers: BTreeMap<&'static str, u64>,
}

fn said<const F: usize, const N: usize>(
    flags: [(&'static str, bool); F],
    numbers: [(&'static str, Option<Duration>); N],
) -> Said {
    let flags = flags.into_iter().filter(|(_, there)| *there);
    let numbers = numbers.into_iter();
    Said {
        flags: flags.map(|(name, _)| name).collect(),
        numbers: numbers
            .filter_map(|(name, time)| Some((name, time?.as_secs())))
            .collect(),
    }
}

fn ours(headers: &HeaderMap) -> Said {
    let response = CacheControl::of(headers);
    let request = RequestCacheControl::of(headers);
    said(
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

/// `proxy-revalidate` has no getter there, but is written.
fn theirs(headers: &HeaderMap) -> Said {
    let mut lines = headers.get_all(CACHE_CONTROL).iter();
    let Ok(all) = headers::CacheControl::decode(&mut lines) else {
        return Said::default();
    };
    let mut written = Vec::<HeaderValue>::new();
    all.encode(&mut written);
    let proxy = written.iter().any(|line| {
        line.to_str()
            .is_ok_and(|line| line.contains("proxy-revalidate"))
    });
    said(
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
    /// What it means here, in words that both know.
    words: Vec<String>,
    classes: BTreeSet<Class>,
}

/// One to three lines with some members each, `odd` of them odd.
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
            // It would close the quote.
            if unclosed && text.contains(&b'"') {
                continue;
            }
            odd -= usize::from(is_odd);
            all.classes.extend(class);
            line.extend_from_slice(text);
            line.extend_from_slice(random.pick(&[b",".as_slice(), b", ", b"\t,  ", b",,"]));
            let words = words.iter().filter_map(|word| {
                if unclosed {
                    behind_a_quote(word)
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

/// Only restrictions count there, and no lifetime does.
fn behind_a_quote(word: &str) -> Option<String> {
    match word.split_once('=') {
        Some((name @ ("max-age" | "s-maxage"), _)) => Some(format!("{name}=0")),
        Some(_) => None,
        None => {
            let grants = ["public", "immutable", "must-understand", "only-if-cached"];
            (!grants.contains(&word)).then(|| word.to_owned())
        }
    }
}

/// Each word once, of numbers the one that asks for more; and whether two were
/// not the same.
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

/// R-9111-5.2-a: 10 000 fields, well-formed, odd and broken. Well-formed ones
/// mean the same to both; a difference has a class, and every class occurs by
/// itself.
#[test]
fn another_implementation_agrees_or_differs_for_a_known_reason() {
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
