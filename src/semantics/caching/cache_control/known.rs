//! The directives of a response that have a meaning here, without an
//! allocation.

use http::HeaderValue;

use super::{
    Syntax,
    directive::{Argument, Directive, directives},
    seconds,
};
use crate::semantics::field::list::is_tchar;

/// What the standard directives say. Seconds are at most 2³¹.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) no_store: bool,
    pub(crate) must_understand: bool,
    pub(crate) no_cache: Scope,
    pub(crate) private: Scope,
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

/// What the lines of a field say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lines {
    pub(crate) known: Known,
    /// Whether every cache reads the same in them: in one line, nothing malformed,
    /// no argument where none belongs, numbers as they are written here, and none
    /// of them twice, of which many take the first (RFC 9111, section 4.2.1).
    pub(crate) clear: bool,
}

/// How much of a response `no-cache` and `private` are about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    #[default]
    Nothing,
    /// The fields in the argument.
    Fields,
    Everything,
}

impl Known {
    /// Nothing said.
    pub(crate) const NOTHING: Self = Self {
        no_store: false,
        must_understand: false,
        no_cache: Scope::Nothing,
        private: Scope::Nothing,
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

    /// Takes a directive in. `None` if it is none of these, or else whether every
    /// cache reads the same in it.
    pub(super) fn read(&mut self, directive: &Directive<'_>) -> Option<bool> {
        let argument = directive.argument;
        // What grants something counts only if nothing is wrong with it.
        let bare = argument == Argument::None;
        let mut name = [0; 24];
        match lowercase(directive.name, &mut name) {
            b"no-store" => self.no_store = true,
            b"must-understand" => self.must_understand |= bare,
            b"no-cache" => return Some(self.no_cache.widen(argument)),
            b"private" => return Some(self.private.widen(argument)),
            b"public" => self.public |= bare,
            b"must-revalidate" => self.must_revalidate = true,
            b"proxy-revalidate" => self.proxy_revalidate = true,
            b"no-transform" => self.no_transform = true,
            // Its argument is to be ignored (RFC 8246, section 2).
            b"immutable" => self.immutable |= directive.is_sound(),
            b"max-age" => return Some(shorten(&mut self.max_age, argument)),
            b"s-maxage" => return Some(shorten(&mut self.s_maxage, argument)),
            b"stale-while-revalidate" => {
                return Some(shorten(&mut self.stale_while_revalidate, argument));
            }
            b"stale-if-error" => return Some(shorten(&mut self.stale_if_error, argument)),
            _ => return None,
        }
        Some(bare)
    }

    /// Whether nothing is said of caching, which `no-transform` is not about.
    pub(crate) fn is_silent(self) -> bool {
        let caching = Self {
            no_transform: false,
            ..self
        };
        caching == Self::NOTHING
    }

    /// For how long a shared cache may use the response.
    pub(crate) const fn shared_lifetime(&self) -> Option<u32> {
        match self.s_maxage {
            Some(seconds) => Some(seconds),
            None => self.max_age,
        }
    }

    /// Whether any cache may reuse it on its own, fresh or stale (RFC 9111,
    /// section 4).
    pub(crate) fn is_fresh(&self) -> bool {
        let lasts = |seconds: Option<u32>| seconds.is_some_and(|seconds| seconds > 0);
        let shared = self.private != Scope::Everything;
        let ends = self.max_age.is_some() || (shared && self.s_maxage.is_some());
        self.no_cache != Scope::Everything
            && (!self.no_store || self.must_understand)
            && (lasts(self.max_age) || (shared && lasts(self.s_maxage)) || (ends && self.stale()))
    }
}

impl Lines {
    pub(crate) fn of<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>, syntax: Syntax) -> Self {
        let mut all = Self {
            known: Known::NOTHING,
            clear: true,
        };
        let mut count = 0;
        for directive in directives(lines.into_iter().inspect(|_| count += 1)) {
            let clear = all.known.read(&directive);
            all.clear &= clear.unwrap_or_else(|| {
                // A Dictionary may have members that are no directives.
                let sound = directive.is_sound() || syntax == Syntax::Targeted;
                sound && !directive.hides_lifetime()
            });
        }
        // Some caches read the first line, or the last.
        all.clear &= count < 2;
        all
    }
}

impl Scope {
    /// Whether every cache reads the same in a directive with this argument: about
    /// the whole response without one, or about some fields and there once.
    fn widen(&mut self, argument: Argument<'_>) -> bool {
        let before = *self;
        let scope = Self::of(argument);
        *self = before.max(scope);
        match scope {
            Self::Nothing | Self::Fields => before == Self::Nothing,
            Self::Everything => before != Self::Fields && argument == Argument::None,
        }
    }

    fn of(argument: Argument<'_>) -> Self {
        match fields(argument) {
            Some(_) => Self::Fields,
            None => Self::Everything,
        }
    }
}

/// The field names of `no-cache` or `private`; `None` if it is about the whole
/// response, as one with a malformed argument is.
pub(super) fn fields(argument: Argument<'_>) -> Option<impl Iterator<Item = &str>> {
    let (Argument::Token(list) | Argument::Quoted(list)) = argument else {
        return None;
    };
    let list = std::str::from_utf8(list).ok()?;
    let names = list
        .split(',')
        .map(|name| name.trim_matches([' ', '\t']))
        .filter(|name| !name.is_empty());
    let valid = |name: &str| name.len() < 1 << 16 && name.bytes().all(is_tchar);
    (names.clone().next().is_some() && names.clone().all(valid)).then_some(names)
}

/// A lifetime that cannot be read has run out (RFC 9111, section 4.2.1), as has
/// a window, and of several the shortest counts. Whether it is the first, and every
/// cache reads this number.
fn shorten(time: &mut Option<u32>, argument: Argument<'_>) -> bool {
    let seconds = seconds::read(argument);
    let clear = seconds.is_some_and(|seconds| seconds::is_usual(argument, seconds));
    let seconds = seconds.unwrap_or(0);
    let before = time.replace(time.map_or(seconds, |other| other.min(seconds)));
    clear && before.is_none()
}

/// In lower case, or empty if it is longer than every name known here.
fn lowercase<'b>(name: &[u8], buffer: &'b mut [u8; 24]) -> &'b [u8] {
    let Some(buffer) = buffer.get_mut(..name.len()) else {
        return b"";
    };
    buffer.copy_from_slice(name);
    buffer.make_ascii_lowercase();
    buffer
}
