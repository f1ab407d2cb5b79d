//! Rules that hold for any input.

mod cache_tags;
mod date;
mod no_vary_search;
pub(in crate::semantics) mod strategies;

use http::{HeaderMap, HeaderName, HeaderValue, header::VARY};
use proptest::{collection::vec, prelude::*};

use self::strategies::{lines, name};
use super::{
    caching::cache_control,
    field::{list::members, vary},
    validator::{TagMember, entity_tags},
};

fn field(name: &HeaderName, lines: Vec<HeaderValue>) -> HeaderMap {
    lines
        .into_iter()
        .map(|line| (Some(name.clone()), line))
        .fold(HeaderMap::new(), |mut headers, (name, line)| {
            headers.append(name.expect("a name"), line);
            headers
        })
}

proptest! {
    #[test]
    fn members_are_trimmed_and_not_empty(lines in lines()) {
        let is_ows = |byte: Option<&u8>| byte.is_some_and(|byte| b" \t".contains(byte));
        let tags = entity_tags(&lines).filter_map(|member| match member {
            TagMember::Tag(_) => None,
            TagMember::Malformed(junk) => Some(junk),
        });
        for member in members(&lines).chain(tags) {
            prop_assert!(!member.is_empty());
            prop_assert!(!is_ows(member.first()) && !is_ows(member.last()));
        }
    }

    /// R-9110-12.5.5-b, R-9110-12.5.5-c.
    #[test]
    fn merging_vary_is_a_union_in_order(
        before in prop_oneof![
            3 => vec(vec(name(), 0..4), 0..3).prop_map(|lines| {
                lines.iter().map(|names| {
                    names.iter().map(HeaderName::as_str).collect::<Vec<_>>().join(" ,").parse().expect("a value")
                }).collect()
            }),
            1 => lines(),
        ],
        added in vec(name(), 0..4),
    ) {
        let before = field(&VARY, before);
        let mut after = before.clone();
        vary::merge(&mut after, added.clone());
        prop_assert_eq!(vary::is_any(&after), vary::is_any(&before));
        if vary::is_any(&before) {
            prop_assert_eq!(after, before);
            return Ok(());
        }
        let mut union: Vec<HeaderName> = Vec::new();
        for name in vary::names(&before).chain(added.iter().filter(|name| *name != "*").cloned()) {
            if !union.contains(&name) {
                union.push(name);
            }
        }
        let mut merged: Vec<HeaderName> = Vec::new();
        for name in vary::names(&after) {
            if !merged.contains(&name) {
                merged.push(name);
            }
        }
        prop_assert_eq!(merged, union);
        let once = after.clone();
        vary::merge(&mut after, added);
        prop_assert_eq!(after, once);
    }

    /// R-9111-5.2-a: no other line can hide it.
    #[test]
    fn no_store_is_never_hidden(lines in lines(), at: prop::sample::Index) {
        let mut lines = lines;
        lines.insert(at.index(lines.len() + 1), HeaderValue::from_static("max-age=1, No-Store"));
        prop_assert!(cache_control::no_store(&field(&http::header::CACHE_CONTROL, lines)));
    }
}
