//! The standard directives of a response, parsed without an allocation.

use http::HeaderValue;

use super::{
    Syntax,
    raw_directive::{Argument, RawDirective, raw_directives},
    seconds,
};
use crate::semantics::field::list::is_tchar;

/// The standard directives of a response. Seconds are at most 2³¹.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Directives {
    pub(crate) no_store: bool,
    pub(crate) must_understand: bool,
    pub(crate) no_cache: DirectiveScope,
    pub(crate) private: DirectiveScope,
    pub(crate) public: bool,
    pub(crate) must_revalidate: bool,
    pub(crate) proxy_revalidate: bool,
    pub(crate) no_transform: bool,
    pub(crate) immutable: bool,
    pub(crate) max_age: Option<u32>,
    pub(crate) s_maxage: Option<u32>,
    pub(crate) stale_while_revalidate: Option<u32>,
    pub(crate) stale_if_error: Option<u32>,
}

/// The directives in all lines of `Cache-Control` or of a targeted header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ParsedField {
    pub(crate) directives: Directives,
    /// `true` if every cache parses the same directives.
    ///
    /// That requires one line in which each directive is well-formed. Flags must have no
    /// argument, and numbers the usual format. No number or list of names may occur twice, since
    /// many caches use the first (RFC 9111, section 4.2.1). A repeated flag says nothing new.
    pub(crate) unambiguous: bool,
}

/// The part of a response that `no-cache` or `private` applies to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DirectiveScope {
    /// No part: the directive is absent.
    #[default]
    Nothing,
    /// The headers in the argument.
    Fields,
    /// The whole response.
    Everything,
}

impl Directives {
    /// No directive.
    pub(crate) const NONE: Self = Self {
        no_store: false,
        must_understand: false,
        no_cache: DirectiveScope::Nothing,
        private: DirectiveScope::Nothing,
        public: false,
        must_revalidate: false,
        proxy_revalidate: false,
        no_transform: false,
        immutable: false,
        max_age: None,
        s_maxage: None,
        stale_while_revalidate: None,
        stale_if_error: None,
    };

    /// Adds a directive. If it is a duplicate, the stricter one wins.
    ///
    /// Returns `None` if the directive is unknown. Otherwise returns `true` if every cache
    /// understands it in the same way.
    pub(super) fn add(&mut self, directive: &RawDirective<'_>) -> Option<bool> {
        let argument = directive.argument;
        let bare = argument == Argument::None;
        let mut name = [0; 24];
        match lowercase(directive.name, &mut name) {
            // A restriction counts even if it is malformed. A permission must be well-formed.
            b"no-store" => self.no_store = true,
            b"must-understand" => self.must_understand |= bare,
            b"no-cache" => return Some(self.no_cache.widen(argument)),
            b"private" => return Some(self.private.widen(argument)),
            b"public" => self.public |= bare,
            b"must-revalidate" => self.must_revalidate = true,
            b"proxy-revalidate" => self.proxy_revalidate = true,
            b"no-transform" => self.no_transform = true,
            // An argument must be ignored (RFC 8246, section 2).
            b"immutable" => self.immutable |= directive.is_well_formed(),
            b"max-age" => return Some(keep_shortest(&mut self.max_age, argument)),
            b"s-maxage" => return Some(keep_shortest(&mut self.s_maxage, argument)),
            b"stale-while-revalidate" => {
                return Some(keep_shortest(&mut self.stale_while_revalidate, argument));
            }
            b"stale-if-error" => return Some(keep_shortest(&mut self.stale_if_error, argument)),
            _ => return None,
        }
        Some(bare)
    }

    /// Returns `true` if no directive concerns caching. `no-transform` does not.
    pub(crate) fn is_silent_on_caching(self) -> bool {
        let caching = Self {
            no_transform: false,
            ..self
        };
        caching == Self::NONE
    }

    /// Returns the seconds for which a shared cache may use the response.
    pub(crate) const fn shared_lifetime(&self) -> Option<u32> {
        // `s-maxage` overrides `max-age` in shared caches (RFC 9111, section 5.2.2.10).
        match self.s_maxage {
            Some(seconds) => Some(seconds),
            None => self.max_age,
        }
    }

    /// Returns `true` if some cache may use the response without revalidation, fresh or stale
    /// (RFC 9111, section 4).
    pub(crate) fn is_fresh(&self) -> bool {
        let is_positive = |seconds: Option<u32>| seconds.is_some_and(|seconds| seconds > 0);
        let shared = self.private != DirectiveScope::Everything;
        let has_lifetime = self.max_age.is_some() || (shared && self.s_maxage.is_some());
        self.no_cache != DirectiveScope::Everything
            // A cache that implements `must-understand` ignores `no-store` (section 5.2.2.3).
            && (!self.no_store || self.must_understand)
            && (is_positive(self.max_age)
                || (shared && is_positive(self.s_maxage))
                // A stale window counts from the end of a lifetime, which may be zero.
                || (has_lifetime && self.has_stale_window()))
    }
}

impl ParsedField {
    /// Parses all lines of a header.
    pub(crate) fn parse<'a>(
        lines: impl IntoIterator<Item = &'a HeaderValue>,
        syntax: Syntax,
    ) -> Self {
        let mut field = Self {
            directives: Directives::NONE,
            unambiguous: true,
        };
        let mut count = 0;
        for directive in raw_directives(lines.into_iter().inspect(|_| count += 1)) {
            let unambiguous = field.directives.add(&directive);
            field.unambiguous &= unambiguous.unwrap_or_else(|| {
                // A Dictionary may have members that are not directives (RFC 9213, section 2.1).
                let valid = directive.is_well_formed() || syntax == Syntax::Targeted;
                valid && !directive.hides_lifetime()
            });
        }
        // Some caches read only the first line, or only the last.
        field.unambiguous &= count < 2;
        field
    }
}

impl DirectiveScope {
    /// Extends the scope by a directive with this argument.
    ///
    /// Returns `true` if every cache understands it in the same way. A directive for the whole
    /// response must have no argument, and one for some fields must be the only one.
    fn widen(&mut self, argument: Argument<'_>) -> bool {
        let before = *self;
        let scope = Self::of_argument(argument);
        *self = before.max(scope);
        match scope {
            Self::Nothing | Self::Fields => before == Self::Nothing,
            Self::Everything => before != Self::Fields && argument == Argument::None,
        }
    }

    fn of_argument(argument: Argument<'_>) -> Self {
        match field_names(argument) {
            Some(_) => Self::Fields,
            // A malformed list restricts the whole response, so a mistake never makes it laxer.
            None => Self::Everything,
        }
    }
}

/// Returns the field names of `no-cache` or `private`.
///
/// Returns `None` if the directive applies to the whole response: without an argument, or with a
/// malformed one.
pub(super) fn field_names(argument: Argument<'_>) -> Option<impl Iterator<Item = &str>> {
    let (Argument::Token(list) | Argument::Quoted(list)) = argument else {
        return None;
    };
    let list = std::str::from_utf8(list).ok()?;
    let names = list
        .split(',')
        .map(|name| name.trim_matches([' ', '\t']))
        .filter(|name| !name.is_empty());
    // `HeaderName` accepts fewer than 65,536 bytes.
    let valid = |name: &str| name.len() < 1 << 16 && name.bytes().all(is_tchar);
    (names.clone().next().is_some() && names.clone().all(valid)).then_some(names)
}

/// Replaces a number of seconds if the argument is less.
///
/// Returns `true` if every cache reads the same number: it is the first, in the usual format.
fn keep_shortest(time: &mut Option<u32>, argument: Argument<'_>) -> bool {
    let seconds = seconds::parse(argument);
    let usual = seconds.is_some_and(|seconds| seconds::is_unambiguous(argument, seconds));
    // An invalid lifetime counts as expired (RFC 9111, section 4.2.1), and so does a window.
    let seconds = seconds.unwrap_or(0);
    let before = time.replace(time.map_or(seconds, |other| other.min(seconds)));
    usual && before.is_none()
}

/// Returns the name in lower case, or an empty name if it is longer than every standard one.
fn lowercase<'b>(name: &[u8], buffer: &'b mut [u8; 24]) -> &'b [u8] {
    let Some(buffer) = buffer.get_mut(..name.len()) else {
        return b"";
    };
    buffer.copy_from_slice(name);
    buffer.make_ascii_lowercase();
    buffer
}
