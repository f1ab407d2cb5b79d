use std::{fmt, str::FromStr, time::Duration};

use http::{HeaderMap, HeaderValue, header::CACHE_CONTROL};

use super::{
    Extension, InvalidCachePolicy,
    configuration::parse_strict_line,
    raw_directive::{Argument, RawDirective, raw_directives},
    seconds,
    unknown_directive::unknown_in_request,
};

/// A `max-stale` without a number. It is greater than every number that is parsed.
const ANY_AGE: u32 = u32::MAX;

/// The cache directives of a request (RFC 9111, section 5.2.1; RFC 5861).
///
/// They are requests of the client to the caches on the way, which may ignore them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestCacheControl {
    no_cache: bool,
    no_store: bool,
    no_transform: bool,
    only_if_cached: bool,
    max_age: Option<u32>,
    /// Seconds, or [`ANY_AGE`].
    max_stale: Option<u32>,
    min_fresh: Option<u32>,
    stale_if_error: Option<u32>,
    extensions: Vec<Extension>,
}

impl RequestCacheControl {
    /// Creates a value without directives.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            no_cache: false,
            no_store: false,
            no_transform: false,
            only_if_cached: false,
            max_age: None,
            max_stale: None,
            min_fresh: None,
            stale_if_error: None,
            extensions: Vec::new(),
        }
    }

    /// Parses all lines of `Cache-Control` in a request. Never fails.
    ///
    /// Of several numbers, the one that requires a fresher response counts. An invalid `max-age`
    /// counts as 0, and any other invalid number is dropped. `only-if-cached` in a malformed
    /// member is dropped too.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        Self::of_lines(headers.get_all(CACHE_CONTROL))
    }

    fn of_lines<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>) -> Self {
        let mut parsed = Self::new();
        for directive in raw_directives(lines) {
            parsed.add(&directive);
        }
        parsed
    }

    fn add(&mut self, directive: &RawDirective<'_>) {
        let number = seconds::parse(directive.argument);
        match directive.name.to_ascii_lowercase().as_slice() {
            b"no-cache" => self.no_cache = true,
            b"no-store" => self.no_store = true,
            b"no-transform" => self.no_transform = true,
            b"only-if-cached" => self.only_if_cached |= directive.is_well_formed(),
            b"max-age" => {
                // With 0, the client gets a fresh response in every case.
                let number = number.unwrap_or(0);
                self.max_age = Some(self.max_age.map_or(number, |other| other.min(number)));
            }
            b"min-fresh" => self.min_fresh = self.min_fresh.max(number),
            b"stale-if-error" => {
                self.stale_if_error = shorter(self.stale_if_error, number);
            }
            b"max-stale" => self.add_max_stale(directive.argument),
            _ => self.extensions.extend(Extension::from_raw(directive)),
        }
    }

    fn add_max_stale(&mut self, argument: Argument<'_>) {
        let seconds = match argument {
            // Without an argument, any age is acceptable (RFC 9111, section 5.2.1.2).
            Argument::None => Some(ANY_AGE),
            _ => seconds::parse(argument),
        };
        self.max_stale = shorter(self.max_stale, seconds);
    }

    /// Returns `true` if `no-cache` is present: the client wants a revalidated response.
    #[must_use]
    pub const fn is_no_cache(&self) -> bool {
        self.no_cache
    }

    /// Returns `true` if `no-store` is present: caches must store neither request nor response.
    #[must_use]
    pub const fn is_no_store(&self) -> bool {
        self.no_store
    }

    /// Returns `true` if `no-transform` is present: intermediaries must not change the content.
    #[must_use]
    pub const fn is_no_transform(&self) -> bool {
        self.no_transform
    }

    /// Returns `true` if `only-if-cached` is present: caches must not contact the origin, and
    /// answer 504 instead.
    #[must_use]
    pub const fn is_only_if_cached(&self) -> bool {
        self.only_if_cached
    }

    /// Returns the greatest age that the client accepts (`max-age`).
    #[must_use]
    pub const fn max_age(&self) -> Option<Duration> {
        seconds::to_duration(self.max_age)
    }

    /// Returns how long a response may have been stale (`max-stale`).
    ///
    /// [`Duration::MAX`] means that the directive has no number: any stale response is accepted.
    #[must_use]
    pub const fn max_stale(&self) -> Option<Duration> {
        match self.max_stale {
            Some(ANY_AGE) => Some(Duration::MAX),
            seconds => seconds::to_duration(seconds),
        }
    }

    /// Returns how long a response must stay fresh (`min-fresh`).
    #[must_use]
    pub const fn min_fresh(&self) -> Option<Duration> {
        seconds::to_duration(self.min_fresh)
    }

    /// Returns how long a response may have been stale if revalidation fails (`stale-if-error`).
    #[must_use]
    pub const fn stale_if_error(&self) -> Option<Duration> {
        seconds::to_duration(self.stale_if_error)
    }

    /// Returns the other directives, in their order.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }
}

/// Returns the lesser of the numbers that are present.
fn shorter(one: Option<u32>, other: Option<u32>) -> Option<u32> {
    one.map_or(other, |one| Some(other.map_or(one, |other| one.min(other))))
}

impl fmt::Display for RequestCacheControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flag = |present: bool, name: &str| present.then(|| name.to_owned());
        let number =
            |name: &str, seconds: Option<u32>| seconds.map(|seconds| format!("{name}={seconds}"));
        let max_stale = self.max_stale.map(|seconds| match seconds {
            ANY_AGE => "max-stale".to_owned(),
            seconds => format!("max-stale={seconds}"),
        });
        let directives = [
            flag(self.no_cache, "no-cache"),
            flag(self.no_store, "no-store"),
            number("max-age", self.max_age),
            max_stale,
            number("min-fresh", self.min_fresh),
            number("stale-if-error", self.stale_if_error),
            flag(self.only_if_cached, "only-if-cached"),
            flag(self.no_transform, "no-transform"),
        ];
        let extensions = self.extensions.iter().map(ToString::to_string);
        let directives: Vec<_> = directives.into_iter().flatten().chain(extensions).collect();
        f.write_str(&directives.join(", "))
    }
}

impl FromStr for RequestCacheControl {
    type Err = InvalidCachePolicy;

    /// Parses a configuration.
    ///
    /// Every mistake that [`of`](Self::of) would correct is an error here, and so is an unknown
    /// directive.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse_unknown = |name: &[u8]| Some(unknown_in_request(name));
        let line = parse_strict_line(text, is_valid, refuse_unknown)?;
        Ok(Self::of_lines([&line]))
    }
}

/// Returns `true` if the argument is valid for the directive, or `None` if it is unknown.
fn is_valid(name: &[u8], argument: Argument<'_>) -> Option<bool> {
    Some(match name.to_ascii_lowercase().as_slice() {
        b"no-cache" | b"no-store" | b"no-transform" | b"only-if-cached" => {
            argument == Argument::None
        }
        b"max-age" | b"min-fresh" | b"stale-if-error" => seconds::parse(argument).is_some(),
        b"max-stale" => argument == Argument::None || seconds::parse(argument).is_some(),
        _ => return None,
    })
}
