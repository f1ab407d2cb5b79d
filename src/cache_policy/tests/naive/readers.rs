//! Caches that read `Cache-Control` with less care than RFC 9111 requires.

use std::collections::HashMap;

use http::HeaderMap;

use crate::{
    cache_policy::tests::*,
    semantics::{caching::cache_control::CacheControl, field::HttpDate},
};

/// The time in seconds for which a cache uses a response. `u64::MAX` is without a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Use {
    pub(super) fresh: u64,
    pub(super) while_revalidating: u64,
    pub(super) if_error: u64,
}

impl Use {
    pub(super) const NONE: Self = Self {
        fresh: 0,
        while_revalidating: 0,
        if_error: 0,
    };

    /// Returns the time that directives grant to a shared or a private cache.
    pub(super) fn granted(by: &CacheControl, shared: bool) -> Self {
        let kept = !by.is_no_store() || by.is_must_understand();
        if !kept || by.is_no_cache() || (shared && by.is_private()) {
            return Self::NONE;
        }
        let lifetime = by.s_maxage().filter(|_| shared).or(by.max_age());
        // A lifetime without a stale window ends there. A stale window for the lifetime of
        // other caches has no effect.
        let ends = lifetime.is_some() || by.is_must_revalidate();
        let of_others = lifetime.is_none() && by.s_maxage().is_some();
        let stale = |window: Option<Duration>| match window {
            _ if of_others => u64::MAX,
            Some(window) => window.as_secs(),
            None if ends => 0,
            None => u64::MAX,
        };
        Self {
            fresh: lifetime.map_or(u64::MAX, |lifetime| lifetime.as_secs()),
            while_revalidating: stale(by.stale_while_revalidate()),
            if_error: stale(by.stale_if_error()),
        }
    }

    pub(super) fn is_within(self, other: Self) -> bool {
        self.fresh <= other.fresh
            && (self.fresh == u64::MAX || self.while_revalidating <= other.while_revalidating)
            && (self.fresh == u64::MAX || self.if_error <= other.if_error)
    }
}

pub(super) struct Reader {
    pub(super) name: &'static str,
    /// `true` for a shared cache.
    pub(super) shared: bool,
    /// Reads lines of directives, and the seconds from now to `Expires` if that is a date.
    pub(super) read: fn(&[String], Option<u64>) -> Use,
}

pub(super) const READERS: [Reader; 5] = [
    Reader {
        name: "varnish",
        shared: true,
        read: varnish,
    },
    Reader {
        name: "nginx",
        shared: true,
        read: nginx,
    },
    Reader {
        name: "parse_int",
        shared: false,
        read: parse_int,
    },
    Reader {
        name: "first_line",
        shared: false,
        read: first_line,
    },
    Reader {
        name: "expires",
        shared: false,
        read: |_, expires| lasting(expires),
    },
];

fn lasting(seconds: Option<u64>) -> Use {
    Use {
        fresh: seconds.unwrap_or(u64::MAX),
        ..Use::NONE
    }
}

/// `strtoul`: white space, a sign, and all digits that follow.
fn strtoul(text: &str) -> u64 {
    let text = text.trim_start();
    let text = text.strip_prefix('+').unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit());
    let digits = &text[..end.unwrap_or(text.len())];
    match digits.parse() {
        Ok(number) => number,
        Err(_) if digits.is_empty() => 0,
        Err(_) => u64::from(u32::MAX),
    }
}

/// Varnish: it joins all lines and uses the first of two values. A number is the digits at the
/// start, and a directive without an argument is ignored.
fn varnish(lines: &[String], expires: Option<u64>) -> Use {
    let all = lines.join(", ").to_ascii_lowercase();
    if ["no-cache", "no-store", "private"]
        .iter()
        .any(|word| all.contains(word))
    {
        return Use::NONE;
    }
    let number = |name: &str| {
        all.split(',').find_map(|directive| {
            let rest = directive.trim_start().strip_prefix(name)?;
            let argument = rest.trim_start().strip_prefix('=')?;
            Some(strtoul(argument))
        })
    };
    let lifetime = number("s-maxage").or_else(|| number("max-age"));
    Use {
        while_revalidating: number("stale-while-revalidate").unwrap_or(0),
        ..lasting(lifetime.or(expires))
    }
}

/// nginx: it reads line by line and uses the last value. A directive is a text at any position.
fn nginx(lines: &[String], expires: Option<u64>) -> Use {
    let mut all = lasting(expires);
    for line in lines {
        let line = line.to_ascii_lowercase();
        if ["no-cache", "no-store", "private"]
            .iter()
            .any(|word| line.contains(word))
        {
            return Use::NONE;
        }
        // `Err` is a response that is not stored.
        let number = |name: &str| {
            let (_, argument) = line.split_once(name)?;
            let end = argument.find([',', ';', ' ']).unwrap_or(argument.len());
            let digits = &argument[..end];
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            Some(is_number.then(|| strtoul(digits)).ok_or(()))
        };
        match number("s-maxage=").or_else(|| number("max-age=")) {
            Some(Err(())) | Some(Ok(0)) => return Use::NONE,
            Some(Ok(seconds)) => all.fresh = seconds,
            None => {}
        }
        match number("stale-while-revalidate=") {
            Some(Err(())) => return Use::NONE,
            Some(Ok(seconds)) => all.while_revalidating = seconds,
            None => {}
        }
        match number("stale-if-error=") {
            Some(Err(())) => return Use::NONE,
            Some(Ok(seconds)) => all.if_error = seconds,
            None => {}
        }
    }
    all
}

/// A simple parser as in scripts: it splits at commas, removes quotes, and uses `parseInt` and the
/// last of two values.
fn parse_int(lines: &[String], expires: Option<u64>) -> Use {
    let all = lines.join(", ").to_ascii_lowercase();
    let mut words = HashMap::new();
    for directive in all.split(',') {
        let (name, argument) = directive.split_once('=').unwrap_or((directive, "true"));
        words.insert(name.trim(), argument.trim().trim_matches('"'));
    }
    if words.contains_key("no-store") || words.contains_key("no-cache") {
        return Use::NONE;
    }
    let number = |name: &str| {
        let argument = words.get(name)?;
        let starts = argument.bytes().next().is_some_and(|b| b.is_ascii_digit());
        starts.then(|| strtoul(argument))
    };
    Use {
        while_revalidating: number("stale-while-revalidate").unwrap_or(0),
        if_error: number("stale-if-error").unwrap_or(0),
        ..lasting(number("max-age").or(expires))
    }
}

/// A cache that reads the first line and ignores malformed directives.
fn first_line(lines: &[String], expires: Option<u64>) -> Use {
    let line = lines.first().map(|line| line.to_ascii_lowercase());
    let line = line.unwrap_or_default();
    let words: Vec<_> = line.split(',').map(str::trim).collect();
    if words.contains(&"no-store") || words.contains(&"no-cache") {
        return Use::NONE;
    }
    let number = |name: &str| {
        words.iter().find_map(|word| {
            let argument = word.strip_prefix(name)?.strip_prefix('=')?;
            let is_number = argument.bytes().all(|byte| byte.is_ascii_digit());
            argument.parse().ok().filter(|_| is_number)
        })
    };
    Use {
        while_revalidating: number("stale-while-revalidate").unwrap_or(0),
        if_error: number("stale-if-error").unwrap_or(0),
        ..lasting(number("max-age").or(expires))
    }
}

/// Returns the lines of a header.
pub(super) fn lines(headers: &HeaderMap, field: &HeaderName) -> Vec<String> {
    let lines = headers.get_all(field).iter();
    lines
        .map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned())
        .collect()
}

/// Returns the seconds to `Expires`, if it is a single date.
pub(super) fn expires(headers: &HeaderMap, from: HttpDate) -> Option<u64> {
    let date = only_date(headers, &EXPIRES)?;
    Some(
        date.unix_seconds()
            .saturating_sub(from.unix_seconds())
            .max(0)
            .cast_unsigned(),
    )
}

pub(super) fn date(headers: &HeaderMap) -> Option<HttpDate> {
    only_date(headers, &DATE)
}

fn only_date(headers: &HeaderMap, field: &HeaderName) -> Option<HttpDate> {
    let mut lines = headers.get_all(field).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return None;
    };
    HttpDate::parse(
        line.as_bytes(),
        HttpDate::from_unix_seconds(super::NOW.cast_signed()),
    )
}
