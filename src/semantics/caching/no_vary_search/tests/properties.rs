use http::{HeaderMap, HeaderValue, Uri};
use proptest::{collection::vec, prelude::*, sample::select};
use sfv::{Dictionary, FieldType, Parser};

use crate::semantics::{
    caching::no_vary_search::{NO_VARY_SEARCH, NoVarySearch},
    proptests::strategies::value,
};

/// A value with the arguments of its constructor.
#[derive(Debug, Clone)]
struct Sample {
    policy: NoVarySearch,
    names: Vec<String>,
    except: bool,
    key_order: bool,
}

fn sample() -> impl Strategy<Value = Sample> {
    let name = prop_oneof![
        select(vec!["a", "b", "", " ", "+", "%", "é", "\u{fffd}", "\"\\"]).prop_map(String::from),
        any::<String>(),
    ];
    (vec(name, 0..4), any::<bool>(), any::<bool>()).prop_map(|(names, except, key_order)| {
        let policy = if except {
            NoVarySearch::except(names.clone())
        } else {
            NoVarySearch::params(names.clone())
        };
        let policy = if key_order {
            policy.key_order()
        } else {
            policy
        };
        Sample {
            policy,
            names,
            except,
            key_order,
        }
    })
}

/// Generates URIs from few pieces, so two queries often match.
fn uri() -> impl Strategy<Value = Uri> {
    let pieces = vec![
        "a", "b", "=", "=", "&", "&", "+", "%20", "%2b", "%", "%61", "%f6", "%c3%a9", "é", "?",
    ];
    let query = prop_oneof![
        Just(None),
        vec(select(pieces), 0..8).prop_map(|pieces| Some(pieces.concat())),
    ];
    let base = select(vec!["/", "/", "/b", "http://h/", "https://h:443/"]);
    (base, query).prop_map(|(base, query)| {
        let query = query.map_or(String::new(), |query| format!("?{query}"));
        format!("{base}{query}").parse().expect("a URI")
    })
}

/// The steps of section 6, implemented literally.
fn model(sample: &Sample, a: &Uri, b: &Uri) -> bool {
    let target = |uri: &Uri| {
        let origin = (
            uri.scheme_str().map(String::from),
            uri.host().map(String::from),
        );
        (origin, uri.path().to_owned())
    };
    if target(a) != target(b) {
        return false;
    }
    if sample.names.is_empty() && !sample.except && !sample.key_order {
        return a.query() == b.query();
    }
    let [mut a, mut b] = [a, b].map(|uri| {
        let query = uri.query().unwrap_or_default().as_bytes();
        let mut pairs: Vec<_> = query
            .split(|byte| *byte == b'&')
            .filter(|sequence| !sequence.is_empty())
            .map(|sequence| {
                let mut halves = sequence.splitn(2, |byte| *byte == b'=');
                let [name, value] = [halves.next(), halves.next()];
                (
                    model_decode(name.unwrap_or_default()),
                    model_decode(value.unwrap_or_default()),
                )
            })
            .collect();
        pairs.retain(|(name, _)| sample.names.contains(name) == sample.except);
        pairs
    });
    if sample.key_order {
        a.sort_by_key(|(name, _)| name.clone());
        b.sort_by_key(|(name, _)| name.clone());
    }
    a == b
}

fn model_decode(text: &[u8]) -> String {
    let digit = |at: usize| text.get(at).and_then(|byte| (*byte as char).to_digit(16));
    let (mut at, mut bytes) = (0, Vec::new());
    while let Some(byte) = text.get(at) {
        let escaped = digit(at + 1).zip(digit(at + 2)).filter(|_| *byte == b'%');
        if let Some((high, low)) = escaped {
            bytes.push((high * 16 + low) as u8);
            at += 2;
        } else {
            bytes.push(if *byte == b'+' { b' ' } else { *byte });
        }
        at += 1;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn field(line: HeaderValue) -> HeaderMap {
    HeaderMap::from_iter([(NO_VARY_SEARCH, line)])
}

proptest! {
    /// R-NVS-5-a: any header is parsed, and the result parses back.
    #[test]
    fn any_header_is_parsed(line in value()) {
        let policy = NoVarySearch::parse(&field(line));
        let again = policy.header_value().map_or(HeaderMap::new(), field);
        prop_assert_eq!(NoVarySearch::parse(&again), policy);
    }

    /// R-NVS-3-a: a strict parser accepts every formatted value.
    #[test]
    fn every_value_is_a_structured_field(sample in sample()) {
        let Some(value) = sample.policy.header_value() else {
            prop_assert!(sample.policy.is_exact());
            return Ok(());
        };
        let parsed: Dictionary = Parser::new(value.as_bytes()).parse().expect("a dictionary");
        prop_assert!(!(parsed.contains_key("params") && parsed.contains_key("except")));
        let canonical = parsed.serialize().expect("not empty");
        prop_assert_eq!(canonical.as_bytes(), value.as_bytes());
        prop_assert_eq!(NoVarySearch::parse(&field(value)), sample.policy);
    }

    /// R-NVS-5-a.
    #[test]
    fn queries_are_compared_as_in_the_draft(sample in sample(), a in uri(), b in uri()) {
        let same = sample.policy.matches(&a, &b);
        prop_assert_eq!(same, model(&sample, &a, &b));
        prop_assert_eq!(same, sample.policy.matches(&b, &a));
        prop_assert!(sample.policy.matches(&a, &a));
    }

    /// R-NVS-5-a.
    #[test]
    fn by_default_queries_are_compared_exactly(a in uri(), b in uri()) {
        let exact = NoVarySearch::new();
        prop_assert_eq!(exact.matches(&a, &b), a == b);
        // URIs that are equal match with every value.
        prop_assert!(!exact.matches(&a, &b) || NoVarySearch::params_all().matches(&a, &b));
    }
}
