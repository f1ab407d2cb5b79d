//! Directives as they stand in the field (RFC 9111, section 5.2), borrowed.

use std::iter;

use http::HeaderValue;

use crate::semantics::field::list::{is_tchar, members, trim_ows};

/// One directive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Directive<'a> {
    /// A token, in the case in which it was sent.
    pub(super) name: &'a [u8],
    pub(super) argument: Argument<'a>,
    /// The member as it was sent.
    pub(super) raw: &'a [u8],
    /// The same for all words of a malformed member, so it is looked for once.
    pub(super) hides_lifetime: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument<'a> {
    None,
    Token(&'a [u8]),
    /// What stands between the quotes, backslashes included.
    Quoted(&'a [u8]),
    /// Not of this grammar, or a word in a member that is not.
    Malformed,
}

impl Directive<'_> {
    pub(super) fn is(&self, name: &[u8]) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Whether there is nothing wrong with its form.
    pub(super) fn is_sound(&self) -> bool {
        self.argument != Argument::Malformed
    }

    /// Whether a lifetime stands somewhere in it, as in `x-max-age=5`. Some caches
    /// look for that text, and not for a directive of this name.
    pub(super) fn hides_lifetime(&self) -> bool {
        self.hides_lifetime
            .unwrap_or_else(|| hides_lifetime(self.raw))
    }
}

/// See [`Directive::hides_lifetime`].
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

/// The directives of all lines.
///
/// A member that is not of this grammar might hide a restriction, be it behind
/// a quote that is never closed, a `;` in place of a comma or a space beyond
/// ASCII. Each word in it counts as a directive, as a
/// [`Malformed`](Argument::Malformed) one.
pub(super) fn directives<'a, I>(lines: I) -> impl Iterator<Item = Directive<'a>>
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
            if let Some(sound) = directive(member) {
                return Some(sound);
            }
            words = Some(malformed(member));
        }
    })
}

fn malformed(member: &[u8]) -> impl Iterator<Item = Directive<'_>> {
    let hides_lifetime = Some(hides_lifetime(member));
    member
        .split(|byte| !is_tchar(*byte) && *byte != b'=')
        .map(|word| split_name(word).0)
        .filter(|name| !name.is_empty())
        .map(move |name| Directive {
            name,
            argument: Argument::Malformed,
            raw: member,
            hides_lifetime,
        })
}

/// `None` if it is not of the grammar.
fn directive(member: &[u8]) -> Option<Directive<'_>> {
    let (name, argument) = split_name(member);
    let argument = match argument {
        _ if name.is_empty() => return None,
        [] => Argument::None,
        [b'=', argument @ ..] => read(argument)?,
        _ => return None,
    };
    Some(Directive {
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

fn read(argument: &[u8]) -> Option<Argument<'_>> {
    match argument {
        [b'"', text @ .., b'"'] if is_quoted_text(text) => Some(Argument::Quoted(text)),
        [_, ..] if argument.iter().all(|byte| is_tchar(*byte)) => Some(Argument::Token(argument)),
        _ => None,
    }
}

fn is_quoted_text(text: &[u8]) -> bool {
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return false,
            b'\\' if bytes.next().is_none() => return false,
            _ => {}
        }
    }
    true
}
