//! The permissions of one policy beyond another: examples, and properties of all policies.

use proptest::prelude::*;

use super::{CacheControl, parse_line, policies::policy};

#[track_caller]
fn beyond(before: &str, now: &str) -> bool {
    let [before, now] = [before, now].map(parse_line);
    now.grants_beyond(&before, [None; 2]).is_some()
}

/// R-9110-15.4.5-a: each pair in this order, and some in the other order too.
#[test]
fn a_policy_is_laxer_by_its_effect() {
    // The second column grants no more, and less unless both are equal.
    let table = [
        ("public", "max-age=0", false),
        ("public", "max-age=0, must-revalidate", false),
        ("no-cache", "no-store", false),
        ("no-cache", "max-age=0, must-revalidate", true),
        ("max-age=0, must-revalidate", "no-cache", true),
        ("private", "no-store", false),
        ("must-revalidate, max-age=60", "no-cache", false),
        ("must-revalidate, max-age=60", "no-store", false),
        ("max-age=60", "max-age=60, s-maxage=10", false),
        ("max-age=60, stale-if-error=86400", "max-age=60", false),
        ("max-age=60", "max-age=60, proxy-revalidate", false),
        ("max-age=60", "max-age=60, private=\"x\"", false),
        ("private=\"x\"", "private=\"x, y\"", false),
        ("private=\"x\"", "private", false),
        ("max-age=60", "max-age=60, no-cache=\"x\"", false),
        ("no-cache=\"x\"", "no-cache", false),
        ("max-age=60, immutable", "max-age=60", false),
        ("max-age=60", "max-age=60, no-transform", false),
        ("no-store, must-understand", "no-store", false),
        ("max-age=60, s-maxage=600", "max-age=60, s-maxage=60", false),
        ("max-age=0", "max-age=0, immutable", true),
        (
            "private, max-age=60",
            "private, max-age=60, s-maxage=9",
            true,
        ),
        ("max-age=60", "max-age=60, x=1", true),
    ];
    for (lax, strict, is_equal) in table {
        assert!(!beyond(lax, strict), "{lax} / {strict}");
        assert_eq!(beyond(strict, lax), !is_equal, "{strict} / {lax}");
    }
}

/// RFC 9111, section 4.2.1: `Expires` counts where there is no `max-age`.
#[test]
fn expires_limits_a_policy_without_a_lifetime() {
    let [open, minute] = ["public", "max-age=60"].map(parse_line);
    let more = |one: &CacheControl, other: &CacheControl, own, others| {
        one.grants_beyond(other, [own, others]).is_some()
    };
    assert!(more(&open, &minute, None, None));
    assert!(more(&open, &minute, Some(61), None));
    assert!(!more(&open, &minute, Some(60), None));
    assert!(more(&minute, &open, None, Some(59)));
    assert!(!more(&minute, &open, None, Some(60)));
    assert!(more(&open, &open, Some(2), Some(1)));
}

/// Returns policies with one restriction more, which has an effect on any policy with fresh
/// content in both kinds of cache.
fn restricted(policy: &CacheControl) -> [CacheControl; 10] {
    let x = || ["x-only-here".parse().unwrap()];
    let add = |names: &[http::HeaderName]| names.iter().cloned().chain(x()).collect::<Vec<_>>();
    let shorter = std::time::Duration::from_secs(1);
    [
        policy.clone().with_no_store(),
        policy.clone().with_private(),
        policy.clone().with_no_cache(),
        policy.clone().with_must_revalidate(),
        policy.clone().with_proxy_revalidate(),
        policy.clone().with_no_transform(),
        policy.clone().with_max_age(shorter),
        policy.clone().with_s_maxage(shorter),
        policy
            .clone()
            .with_private_fields(add(policy.private_fields())),
        policy
            .clone()
            .with_no_cache_fields(add(policy.no_cache_fields())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// R-9110-15.4.5-a: a stricter policy is never reported.
    #[test]
    fn a_stricter_policy_grants_nothing_more(one in policy(), other in policy()) {
        let merged = one.stricter(&other);
        for part in [&one, &other] {
            let more = merged.grants_beyond(part, [None; 2]);
            prop_assert_eq!(more, None, "{} of {} and {}", merged, one, other);
        }
        prop_assert_eq!(one.grants_beyond(&one, [None; 2]), None);
    }

    /// R-9110-15.4.5-a: a laxer policy is always reported.
    #[test]
    fn a_policy_without_a_restriction_grants_more(
        [max_age, s_maxage] in [2u32..100, 2u32..100],
        windows in any::<[Option<u8>; 2]>(),
        [public, immutable, has_s_maxage] in any::<[bool; 3]>(),
        names in any::<[bool; 2]>(),
    ) {
        let names = names.map(|some| if some { "=\"a, b\"" } else { "=\"c\"" });
        let mut text = format!("private{}, no-cache{}, max-age={max_age}", names[0], names[1]);
        let [revalidate, error] = windows;
        for (name, value) in [
            ("stale-while-revalidate", revalidate.map(u32::from)),
            ("stale-if-error", error.map(u32::from)),
            ("s-maxage", has_s_maxage.then_some(s_maxage)),
        ] {
            if let Some(value) = value {
                text.push_str(&format!(", {name}={value}"));
            }
        }
        text.push_str(if public { ", public" } else { "" });
        text.push_str(if immutable { ", immutable" } else { "" });
        let lax = parse_line(&text);
        for strict in restricted(&lax) {
            // `s-maxage` implies `proxy-revalidate`, so that has no effect beside it.
            let has_effect = !(has_s_maxage && strict.is_proxy_revalidate());
            let more = lax.grants_beyond(&strict, [None; 2]).is_some();
            prop_assert_eq!(more, has_effect, "{} after {}", lax, strict);
            prop_assert_eq!(strict.grants_beyond(&lax, [None; 2]), None, "{} / {}", strict, lax);
        }
    }
}
