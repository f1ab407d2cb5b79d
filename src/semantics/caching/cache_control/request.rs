use std::{fmt, str::FromStr, time::Duration};

use http::{HeaderMap, HeaderValue, header::CACHE_CONTROL};

use super::{
    Extension, InvalidCachePolicy,
    configuration::strict_line,
    directive::{Argument, Directive, directives},
    seconds, unknown,
};

/// A `max-stale` without a number. No number that is read is as large.
const ANY: u32 = u32::MAX;

/// The directives of a request (RFC 9111, section 5.2.1; RFC 5861): what the
/// client asks of caches on the way. They are advice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestCacheControl {
    no_cache: bool,
    no_store: bool,
    no_transform: bool,
    only_if_cached: bool,
    max_age: Option<u32>,
    /// In seconds, or [`ANY`].
    max_stale: Option<u32>,
    min_fresh: Option<u32>,
    stale_if_error: Option<u32>,
    extensions: Vec<Extension>,
}

impl RequestCacheControl {
    /// No directive at all.
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

    /// What `Cache-Control` of a request says, over all its lines.
    ///
    /// A `max-age` that is no number is 0, and of several numbers the one that
    /// asks for the fresher answer counts. Any other number that cannot be read
    /// is lost, as `only-if-cached` is where the form is broken.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        Self::of_lines(headers.get_all(CACHE_CONTROL))
    }

    fn of_lines<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>) -> Self {
        let mut read = Self::new();
        for directive in directives(lines) {
            read.read(&directive);
        }
        read
    }

    fn read(&mut self, directive: &Directive<'_>) {
        let number = seconds::read(directive.argument);
        match directive.name.to_ascii_lowercase().as_slice() {
            b"no-cache" => self.no_cache = true,
            b"no-store" => self.no_store = true,
            b"no-transform" => self.no_transform = true,
            b"only-if-cached" => self.only_if_cached |= directive.is_sound(),
            b"max-age" => {
                let number = number.unwrap_or(0);
                self.max_age = Some(self.max_age.map_or(number, |other| other.min(number)));
            }
            b"min-fresh" => self.min_fresh = self.min_fresh.max(number),
            b"stale-if-error" => {
                self.stale_if_error = fewest(self.stale_if_error, number);
            }
            b"max-stale" => self.read_max_stale(directive.argument),
            _ => self.extensions.extend(Extension::read(directive)),
        }
    }

    /// Without an argument it is longer than any number.
    fn read_max_stale(&mut self, argument: Argument<'_>) {
        let said = match argument {
            Argument::None => Some(ANY),
            _ => seconds::read(argument),
        };
        self.max_stale = fewest(self.max_stale, said);
    }

    /// `no-cache`: not without asking the origin.
    #[must_use]
    pub const fn is_no_cache(&self) -> bool {
        self.no_cache
    }

    /// `no-store`: neither the request nor the response is to be kept.
    #[must_use]
    pub const fn is_no_store(&self) -> bool {
        self.no_store
    }

    /// `no-transform`: the content as it is.
    #[must_use]
    pub const fn is_no_transform(&self) -> bool {
        self.no_transform
    }

    /// `only-if-cached`: 504 rather than asking the origin.
    #[must_use]
    pub const fn is_only_if_cached(&self) -> bool {
        self.only_if_cached
    }

    /// `max-age`: nothing older.
    #[must_use]
    pub const fn max_age(&self) -> Option<Duration> {
        seconds::duration(self.max_age)
    }

    /// `max-stale`: a stale answer will do. Without a number in the request it is
    /// [`Duration::MAX`]: however stale.
    #[must_use]
    pub const fn max_stale(&self) -> Option<Duration> {
        match self.max_stale {
            Some(ANY) => Some(Duration::MAX),
            seconds => seconds::duration(seconds),
        }
    }

    /// `min-fresh`: only what stays fresh for so long.
    #[must_use]
    pub const fn min_fresh(&self) -> Option<Duration> {
        seconds::duration(self.min_fresh)
    }

    /// `stale-if-error`: a stale answer will do where asking fails.
    #[must_use]
    pub const fn stale_if_error(&self) -> Option<Duration> {
        seconds::duration(self.stale_if_error)
    }

    /// The directives that are not known here, in their order.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }
}

fn fewest(one: Option<u32>, other: Option<u32>) -> Option<u32> {
    one.map_or(other, |one| Some(other.map_or(one, |other| one.min(other))))
}

impl fmt::Display for RequestCacheControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flag = |there: bool, name: &str| there.then(|| name.to_owned());
        let number =
            |name: &str, seconds: Option<u32>| seconds.map(|seconds| format!("{name}={seconds}"));
        let max_stale = self.max_stale.map(|seconds| match seconds {
            ANY => "max-stale".to_owned(),
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

    /// Reads a configuration: what [`of`](Self::of) would put right, and what is not
    /// known, is an error here.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |name: &[u8]| Some(unknown::in_request(name));
        let line = strict_line(text, is_strict, refuse)?;
        Ok(Self::of_lines([&line]))
    }
}

fn is_strict(name: &[u8], argument: Argument<'_>) -> Option<bool> {
    Some(match name.to_ascii_lowercase().as_slice() {
        b"no-cache" | b"no-store" | b"no-transform" | b"only-if-cached" => {
            argument == Argument::None
        }
        b"max-age" | b"min-fresh" | b"stale-if-error" => seconds::read(argument).is_some(),
        b"max-stale" => argument == Argument::None || seconds::read(argument).is_some(),
        _ => return None,
    })
}
