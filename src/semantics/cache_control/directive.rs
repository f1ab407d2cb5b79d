//! Directives as they stand in the field (RFC 9111, section 5.2), borrowed.

use http::HeaderValue;

use crate::semantics::list::trim_ows;

/// One directive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Directive<'a> {
    /// A token, in the case in which it was sent.
    pub(super) name: &'a str,
    pub(super) argument: Argument<'a>,
    /// As it was sent.
    pub(super) raw: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument<'a> {
    None,
    Token(&'a [u8]),
    /// What stands between the quotes, backslashes included.
    Quoted(&'a [u8]),
    /// Not of this grammar, or behind a quote that is never closed.
    Malformed,
}

impl Directive<'_> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Whether there is nothing wrong with its form.
    pub(super) fn is_sound(&self) -> bool {
        self.argument != Argument::Malformed
    }
}

/// The directives of all lines. What has no token at its start is left out.
pub(super) fn directives<'a, I>(lines: I) -> impl Iterator<Item = Directive<'a>>
where
    I: IntoIterator<Item = &'a HeaderValue>,
{
    lines.into_iter().flat_map(|line| Members {
        rest: line.as_bytes(),
        quotes: true,
    })
}

struct Members<'a> {
    rest: &'a [u8],
    /// Cleared where a quote is never closed: it might hide a restriction, so
    /// what follows is split at every comma, and only restrictions count.
    quotes: bool,
}

impl<'a> Iterator for Members<'a> {
    type Item = Directive<'a>;

    fn next(&mut self) -> Option<Directive<'a>> {
        while !self.rest.is_empty() {
            let end = self.end();
            let member = trim_ows(&self.rest[..end]);
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
            if let Some(directive) = directive(member, self.quotes) {
                return Some(directive);
            }
        }
        None
    }
}

impl Members<'_> {
    fn end(&mut self) -> usize {
        let mut quoted = false;
        let mut at = 0;
        while let Some(byte) = self.rest.get(at) {
            match byte {
                b'"' if self.quotes => quoted = !quoted,
                b'\\' if quoted => at += 1,
                b',' if !quoted => return at,
                _ => {}
            }
            at += 1;
        }
        if quoted {
            self.quotes = false;
            return self.end();
        }
        self.rest.len()
    }
}

fn directive(raw: &[u8], quotes: bool) -> Option<Directive<'_>> {
    let end = raw
        .iter()
        .position(|byte| !is_token(*byte))
        .unwrap_or(raw.len());
    let name = std::str::from_utf8(&raw[..end]).expect("tokens are ASCII");
    let argument = match &raw[end..] {
        _ if name.is_empty() => return None,
        _ if !quotes => Argument::Malformed,
        [] => Argument::None,
        [b'=', argument @ ..] => read(argument),
        _ => Argument::Malformed,
    };
    Some(Directive {
        name,
        argument,
        raw,
    })
}

fn read(argument: &[u8]) -> Argument<'_> {
    match argument {
        [b'"', text @ .., b'"'] if is_quoted_text(text) => Argument::Quoted(text),
        [_, ..] if argument.iter().all(|byte| is_token(*byte)) => Argument::Token(argument),
        _ => Argument::Malformed,
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

/// `tchar` (RFC 9110, section 5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
