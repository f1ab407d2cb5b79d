//! Directives as they occur in a header, borrowed from it (RFC 9111, section 5.2).

use std::iter;

use http::HeaderValue;

use crate::semantics::field::list::{is_tchar, members, trim_ows};

/// A directive as it occurs in a header, not interpreted yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawDirective<'a> {
    /// The name, a token in its original case.
    pub(super) name: &'a [u8],
    pub(super) argument: Argument<'a>,
    /// The whole list member.
    pub(super) raw: &'a [u8],
    /// The result of [`hides_lifetime`](Self::hides_lifetime) if it is known.
    ///
    /// All words of a malformed member share one result, so the member is searched only once.
    pub(super) hides_lifetime: Option<bool>,
}

/// The argument of a directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument<'a> {
    None,
    Token(&'a [u8]),
    /// The text between the quotes, including backslashes.
    Quoted(&'a [u8]),
    /// An argument outside of the grammar, or a word in a malformed member.
    Malformed,
}

impl RawDirective<'_> {
    pub(super) fn is(&self, name: &[u8]) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Returns `true` if the directive follows the grammar.
    pub(super) fn is_well_formed(&self) -> bool {
        self.argument != Argument::Malformed
    }

    /// Returns `true` if the member contains the text of a lifetime, as in `x-max-age=5`.
    ///
    /// Some caches search for that text, not for a directive of that name.
    pub(super) fn hides_lifetime(&self) -> bool {
        self.hides_lifetime
            .unwrap_or_else(|| hides_lifetime(self.raw))
    }
}

/// Returns `true` if the text contains a lifetime. See [`RawDirective::hides_lifetime`].
pub(super) fn hides_lifetime(text: &[u8]) -> bool {
    const LIFETIMES: [&[u8]; 4] = [
        b"max-age",
        b"s-maxage",
        b"stale-while-revalidate",
        b"stale-if-error",
    ];
    let equals = text.iter().enumerate().filter(|(_, byte)| **byte == b'=');
    equals.map(|(at, _)| trim_ows(&text[..at])).any(|before| {
        LIFETIMES.iter().any(|name| {
            let end = before.len().checked_sub(name.len());
            end.is_some_and(|end| before[end..].eq_ignore_ascii_case(name))
        })
    })
}

/// Returns the directives of all lines.
///
/// A malformed member might hide a restriction: behind an unclosed quote, a `;` in place of a
/// comma, or a space beyond ASCII. Each word in such a member is returned as a
/// [`Malformed`](Argument::Malformed) directive.
pub(super) fn raw_directives<'a, I>(lines: I) -> impl Iterator<Item = RawDirective<'a>>
where
    I: IntoIterator<Item = &'a HeaderValue>,
{
    let mut members = members(lines);
    let mut words = None;
    iter::from_fn(move || {
        loop {
            if let Some(word) = words.as_mut().and_then(Iterator::next) {
                return Some(word);
            }
            let member = members.next()?;
            if let Some(directive) = parse_directive(member) {
                return Some(directive);
            }
            // The words of a malformed member come next, before the following member.
            words = Some(malformed_words(member));
        }
    })
}

fn malformed_words(member: &[u8]) -> impl Iterator<Item = RawDirective<'_>> {
    let hides_lifetime = Some(hides_lifetime(member));
    member
        // `=` is no separator: in `x=no-store` only `x` may be a directive.
        .split(|byte| !is_tchar(*byte) && *byte != b'=')
        .map(|word| split_name(word).0)
        .filter(|name| !name.is_empty())
        .map(move |name| RawDirective {
            name,
            argument: Argument::Malformed,
            raw: member,
            hides_lifetime,
        })
}

/// Parses a member. Returns `None` if it does not follow the grammar.
fn parse_directive(member: &[u8]) -> Option<RawDirective<'_>> {
    let (name, argument) = split_name(member);
    let argument = match argument {
        _ if name.is_empty() => return None,
        [] => Argument::None,
        [b'=', argument @ ..] => parse_argument(argument)?,
        _ => return None,
    };
    Some(RawDirective {
        name,
        argument,
        raw: member,
        hides_lifetime: None,
    })
}

fn split_name(member: &[u8]) -> (&[u8], &[u8]) {
    let end = member.iter().position(|byte| !is_tchar(*byte));
    member.split_at(end.unwrap_or(member.len()))
}

fn parse_argument(argument: &[u8]) -> Option<Argument<'_>> {
    match argument {
        [b'"', text @ .., b'"'] if is_quoted_text(text) => Some(Argument::Quoted(text)),
        [_, ..] if argument.iter().all(|byte| is_tchar(*byte)) => Some(Argument::Token(argument)),
        _ => None,
    }
}

/// Returns `true` if the text may stand between quotes: each quote in it is escaped.
fn is_quoted_text(text: &[u8]) -> bool {
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return false,
            // The last backslash would escape the closing quote.
            b'\\' if bytes.next().is_none() => return false,
            _ => {}
        }
    }
    true
}
