//! Directives that an operator wrote: what is put right in a field is an error here.

use std::str::FromStr;

use http::HeaderValue;

use super::{
    CacheControl, Extension, InvalidCachePolicy,
    directive::{Argument, directives},
    known::fields,
    seconds, unknown,
};
use crate::semantics::field::list::members;

impl FromStr for CacheControl {
    type Err = InvalidCachePolicy;

    /// Reads a configuration. What [`of`](Self::of) would put right, what is not
    /// known or does not go together, and a text without directives are errors
    /// here.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse_with_extensions(text, &[])
    }
}

impl CacheControl {
    /// Reads a configuration that may have extensions of these names, in any case
    /// (RFC 9111, section 5.2.3).
    ///
    /// ```
    /// use tower_conditional::cache_policy::CacheControl;
    ///
    /// let error = "max-agee=60".parse::<CacheControl>().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     r#"unknown directive "max-agee": did you mean "max-age"?"#,
    /// );
    /// let policy = CacheControl::parse_with_extensions("max-age=60, x-pop=fra", &["x-pop"])?;
    /// assert_eq!(policy.to_string(), "max-age=60, x-pop=fra");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`from_str`](Self::from_str): refuses any other directive that is not
    /// known, one that is malformed or stands twice, directives that contradict each
    /// other, and a text without any.
    pub fn parse_with_extensions(
        text: &str,
        extensions: &[&str],
    ) -> Result<Self, InvalidCachePolicy> {
        let is_allowed = |name: &[u8]| {
            let mut allowed = extensions.iter().map(|allowed| allowed.as_bytes());
            allowed.any(|allowed| allowed.eq_ignore_ascii_case(name))
        };
        let policy = Self::strict(text, is_allowed)?;
        policy.check_configured()?;
        Ok(policy)
    }

    /// A text in which nothing had to be put right.
    pub(crate) fn strict(
        text: &str,
        is_extension: impl Fn(&[u8]) -> bool,
    ) -> Result<Self, InvalidCachePolicy> {
        let line = strict_line(text, is_strict, |name| {
            (!is_extension(name)).then(|| unknown::in_response(name))
        })?;
        let mut read = Self::of_lines([&line]);
        read.extensions = read
            .extensions
            .into_iter()
            .map(Extension::allowed)
            .collect();
        read.check().map_err(InvalidCachePolicy::Contradiction)?;
        Ok(read)
    }

    /// Whether it can be a policy: extensions that were only read in a field may be
    /// misspelt.
    pub(crate) fn check_configured(&self) -> Result<(), InvalidCachePolicy> {
        if self.is_empty() {
            return Err(InvalidCachePolicy::Empty);
        }
        let mut extensions = self.extensions.iter();
        if let Some(found) = extensions.find(|extension| !extension.is_deliberate()) {
            return Err(unknown::in_response(found.name().as_bytes()));
        }
        self.check().map_err(InvalidCachePolicy::Contradiction)
    }
}

/// `text` as a field, if each directive in it is valid and there only once.
/// `is_valid` is `None` for a directive that is not known, which `refuse` may
/// give an error for.
pub(super) fn strict_line(
    text: &str,
    is_valid: fn(&[u8], Argument<'_>) -> Option<bool>,
    refuse: impl Fn(&[u8]) -> Option<InvalidCachePolicy>,
) -> Result<HeaderValue, InvalidCachePolicy> {
    let invalid = |directive: &[u8]| {
        InvalidCachePolicy::Directive(String::from_utf8_lossy(directive).into_owned())
    };
    let line = HeaderValue::from_str(text).map_err(|_| invalid(text.as_bytes()))?;
    let mut names: Vec<&[u8]> = Vec::new();
    for directive in directives([&line]) {
        let twice = names.iter().any(|name| directive.is(name));
        if twice || !directive.is_sound() {
            return Err(invalid(directive.raw));
        }
        match is_valid(directive.name, directive.argument) {
            Some(true) => {}
            Some(false) => return Err(invalid(directive.raw)),
            None => {
                if let Some(refused) = refuse(directive.name) {
                    return Err(refused);
                }
                if directive.hides_lifetime() {
                    return Err(invalid(directive.raw));
                }
            }
        }
        names.push(directive.name);
    }
    // What has no name is no directive.
    if members([&line]).count() != names.len() {
        return Err(invalid(text.as_bytes()));
    }
    Ok(line)
}

fn is_strict(name: &[u8], argument: Argument<'_>) -> Option<bool> {
    Some(match name.to_ascii_lowercase().as_slice() {
        b"no-cache" | b"private" => argument == Argument::None || fields(argument).is_some(),
        b"max-age" | b"s-maxage" | b"stale-while-revalidate" | b"stale-if-error" => {
            seconds::read(argument).is_some()
        }
        b"no-store" | b"must-understand" | b"public" | b"must-revalidate" | b"proxy-revalidate"
        | b"no-transform" | b"immutable" => argument == Argument::None,
        _ => return None,
    })
}
