mod dictionary;

use std::collections::BTreeSet;

use http::header::{AUTHORIZATION, SET_COOKIE};
use proptest::prelude::*;

use super::{parse, parse_line, policies::policy};
use crate::semantics::caching::cache_control::{CacheControl, DirectiveScope, Syntax};

/// R-9111-5.2.2.4-a: field names are written in one quoted string, never as a token.
#[test]
fn field_names_are_quoted() {
    let new = CacheControl::new;
    for (policy, written) in [
        (
            new().with_no_cache_fields([SET_COOKIE]),
            "no-cache=\"set-cookie\"",
        ),
        (
            new().with_private_fields([SET_COOKIE]),
            "private=\"set-cookie\"",
        ),
        (
            new().with_private_fields([SET_COOKIE, AUTHORIZATION]),
            "private=\"set-cookie, authorization\"",
        ),
        (new().with_no_cache_fields([]), "no-cache"),
        (new().with_private_fields([]), "private"),
        // The last call wins.
        (
            new().with_private_fields([SET_COOKIE]).with_private(),
            "private",
        ),
        (
            new().with_no_cache_fields([SET_COOKIE]).with_no_cache(),
            "no-cache",
        ),
        (
            new().with_private().with_private_fields([SET_COOKIE]),
            "private=\"set-cookie\"",
        ),
    ] {
        assert_eq!(policy.to_string(), written);
        // Names of a directive that was replaced are gone.
        assert_eq!(parse_line(written), policy);
        let plain = policy.directives().private != DirectiveScope::Fields;
        assert_eq!(policy.private_fields().is_empty(), plain);
    }
}

#[test]
fn no_directives_give_no_value() {
    assert_eq!(CacheControl::new().to_value(Syntax::CacheControl), None);
    assert_eq!(CacheControl::new().to_string(), "");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// R-9111-5.2-a, R-9111-5.2.2.1-a.
    #[test]
    fn every_policy_parses_back(policy in policy()) {
        let text = policy.to_string();
        let value = policy.to_value(Syntax::CacheControl);
        prop_assert_eq!(value.as_ref().map_or(&b""[..], |value| value.as_bytes()), text.as_bytes());
        let again = parse([&text]);
        prop_assert_eq!(&again, &policy);
        let names: BTreeSet<_> = policy.extensions().iter().map(|it| it.name().to_ascii_lowercase()).collect();
        let allowed: Vec<_> = names.iter().map(String::as_str).collect();
        let plain = text.parse::<CacheControl>();
        prop_assert!(plain.is_err() || names.is_empty());
        let parsed = CacheControl::parse_with_extensions(&text, &allowed);
        if policy.check_configured().is_ok() && names.len() == policy.extensions().len() {
            prop_assert_eq!(parsed, Ok(policy));
        } else {
            prop_assert!(parsed.is_err());
        }
    }
}
