//! Generators of policies and header lines for property tests.

use std::time::Duration;

use http::HeaderName;
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::semantics::caching::cache_control::{CacheControl, Extension};

/// Generates few different lengths, so equal ones occur.
fn seconds() -> impl Strategy<Value = Option<Duration>> {
    option::weighted(0.4, select(vec![0, 1, 5, 60, 1 << 31])).prop_map(|seconds| {
        let seconds = seconds?;
        Some(Duration::from_secs(seconds))
    })
}

fn names() -> impl Strategy<Value = Vec<HeaderName>> {
    vec(select(vec!["a", "b", "set-cookie"]), 1..3)
        .prop_map(|names| names.into_iter().map(HeaderName::from_static).collect())
}

/// Generates extensions with names and arguments of every kind.
pub(super) fn extension() -> impl Strategy<Value = Extension> {
    let name = prop_oneof![
        select(vec![
            "x",
            "X",
            "Foo",
            "*",
            "5x",
            "x.y-z_*",
            "!",
            "only-if-cached"
        ])
        .prop_map(str::to_owned),
        "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}",
    ];
    let argument = prop_oneof![
        select(vec![
            "",
            "5",
            "-5",
            "005",
            "1.5",
            "999999999999999",
            "1000000000000000",
            "a",
            "A*",
            "*",
            "a/b",
            "a:b",
            "a b",
            "\"",
            "\\",
            "a\\\"b",
            "a, no-store",
            "?1",
            "é",
            "'a'",
            "@5",
            ":YQ==:",
            "(a)",
        ])
        .prop_map(str::to_owned),
        "[ -~é]{0,8}",
    ];
    (name, option::of(argument)).prop_filter_map("a standard directive", |(name, argument)| {
        Extension::new(&name, argument.as_deref()).ok()
    })
}

/// The values for all setters. Most policies have few of them.
#[derive(Debug, Clone)]
struct Parts {
    flags: [bool; 8],
    seconds: [Option<Duration>; 4],
    no_cache: Option<Vec<HeaderName>>,
    private: Option<Vec<HeaderName>>,
    extensions: Vec<Extension>,
}

/// Generates any policy, with or without contradictions.
pub(super) fn policy() -> impl Strategy<Value = CacheControl> {
    let flag = || prop::bool::weighted(0.2);
    let flags = [
        flag(),
        flag(),
        flag(),
        flag(),
        flag(),
        flag(),
        flag(),
        flag(),
    ];
    let seconds = [seconds(), seconds(), seconds(), seconds()];
    let fields = || option::weighted(0.2, prop_oneof![Just(Vec::new()), names()]);
    (flags, seconds, fields(), fields(), vec(extension(), 0..3)).prop_map(
        |(flags, seconds, no_cache, private, extensions)| {
            build(Parts {
                flags,
                seconds,
                no_cache,
                private,
                extensions,
            })
        },
    )
}

fn build(parts: Parts) -> CacheControl {
    let flags: [fn(CacheControl) -> CacheControl; 8] = [
        CacheControl::with_no_store,
        CacheControl::with_must_understand,
        CacheControl::with_public,
        CacheControl::with_must_revalidate,
        CacheControl::with_proxy_revalidate,
        CacheControl::with_no_transform,
        CacheControl::with_immutable,
        CacheControl::with_private,
    ];
    let seconds: [fn(CacheControl, Duration) -> CacheControl; 4] = [
        CacheControl::with_max_age,
        CacheControl::with_s_maxage,
        CacheControl::with_stale_while_revalidate,
        CacheControl::with_stale_if_error,
    ];
    let mut policy = CacheControl::new();
    if let Some(fields) = parts.no_cache {
        policy = policy.with_no_cache_fields(fields);
    }
    if let Some(fields) = parts.private {
        policy = policy.with_private_fields(fields);
    }
    for (set, present) in flags.into_iter().zip(parts.flags) {
        policy = if present { set(policy) } else { policy };
    }
    for (set, time) in seconds.into_iter().zip(parts.seconds) {
        policy = match time {
            Some(time) => set(policy, time),
            None => policy,
        };
    }
    parts
        .extensions
        .into_iter()
        .fold(policy, CacheControl::with_extension)
}

/// Generates a policy without contradictions.
pub(super) fn consistent_policy() -> impl Strategy<Value = CacheControl> {
    policy().prop_filter("a contradiction", |policy| policy.check().is_ok())
}

/// Generates lines of directives, well-formed and malformed, in any case.
pub(super) fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let name = select(vec![
        "no-store",
        "no-cache",
        "private",
        "public",
        "max-age",
        "s-maxage",
        "must-revalidate",
        "must-understand",
        "immutable",
        "stale-while-revalidate",
        "Stale-If-Error",
        "NO-STORE",
        "no-transform",
        "proxy-revalidate",
        "only-if-cached",
        "max-stale",
        "min-fresh",
        "x",
        "",
    ]);
    let argument = select(vec![
        "",
        "=",
        "=5",
        "=\"5\"",
        "=x",
        "=-1",
        "=\"",
        "=\"a, b\"",
        "=\"a\\\"",
        " = 5",
        "\"",
        "=é",
        "=99999999999",
    ]);
    let end = select(vec![",", ", ", ", ", ",,", ";", " ", "\t,", "\""]);
    let member = (name, argument, end)
        .prop_map(|(name, argument, end)| [name, argument, end].concat().into_bytes());
    let bytes = vec(prop_oneof![b' '..=b'~', Just(b'\t'), 0x80..=0xff_u8], 0..6);
    let member = prop_oneof![8 => member, 1 => bytes];
    vec(vec(member, 0..6).prop_map(|members| members.concat()), 0..4)
}
