//! Parsing of directives in a configuration, where every mistake is an error.

use std::str::FromStr;

use http::HeaderValue;

use super::{
    CacheControl, Extension, InvalidCachePolicy,
    directives::field_names,
    raw_directive::{Argument, raw_directives},
    seconds,
    unknown_directive::unknown_in_response,
};
use crate::semantics::field::list::members;

impl FromStr for CacheControl {
    type Err = InvalidCachePolicy;

    /// Parses a configuration.
    ///
    /// Every mistake that [`of`](Self::of) would correct is an error here. So are unknown
    /// directives, contradictions, and text without a directive.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse_with_extensions(text, &[])
    }
}

impl CacheControl {
    /// Parses a configuration that may contain extensions with these names, in any case
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
    /// Returns an error if a directive is unknown, malformed or occurs twice. Contradictions and
    /// text without a directive are errors too.
    pub fn parse_with_extensions(
        text: &str,
        extensions: &[&str],
    ) -> Result<Self, InvalidCachePolicy> {
        let is_allowed = |name: &[u8]| {
            let mut allowed = extensions.iter().map(|allowed| allowed.as_bytes());
            allowed.any(|allowed| allowed.eq_ignore_ascii_case(name))
        };
        let policy = Self::parse_strict(text, is_allowed)?;
        policy.check_configured()?;
        Ok(policy)
    }

    /// Parses text without any mistake. Text without a directive is accepted.
    pub(crate) fn parse_strict(
        text: &str,
        is_extension: impl Fn(&[u8]) -> bool,
    ) -> Result<Self, InvalidCachePolicy> {
        let line = parse_strict_line(text, is_valid, |name| {
            (!is_extension(name)).then(|| unknown_in_response(name))
        })?;
        let mut parsed = Self::of_lines([&line]);
        parsed.extensions = parsed
            .extensions
            .into_iter()
            .map(Extension::into_configured)
            .collect();
        parsed.check().map_err(InvalidCachePolicy::Contradiction)?;
        Ok(parsed)
    }

    /// Checks that these directives can be a policy.
    pub(crate) fn check_configured(&self) -> Result<(), InvalidCachePolicy> {
        if self.is_empty() {
            return Err(InvalidCachePolicy::Empty);
        }
        // An extension from a header may be a misspelt standard directive.
        let mut extensions = self.extensions.iter();
        if let Some(unknown) = extensions.find(|extension| !extension.is_configured()) {
            return Err(unknown_in_response(unknown.name().as_bytes()));
        }
        self.check().map_err(InvalidCachePolicy::Contradiction)
    }
}

/// Returns `text` as a header value if each directive is valid and occurs once.
///
/// `is_valid` returns `None` for an unknown directive. `refuse_unknown` may then return an error.
pub(super) fn parse_strict_line(
    text: &str,
    is_valid: fn(&[u8], Argument<'_>) -> Option<bool>,
    refuse_unknown: impl Fn(&[u8]) -> Option<InvalidCachePolicy>,
) -> Result<HeaderValue, InvalidCachePolicy> {
    let invalid = |directive: &[u8]| {
        InvalidCachePolicy::Directive(String::from_utf8_lossy(directive).into_owned())
    };
    let line = HeaderValue::from_str(text).map_err(|_| invalid(text.as_bytes()))?;
    let mut names: Vec<&[u8]> = Vec::new();
    for directive in raw_directives([&line]) {
        let is_duplicate = names.iter().any(|name| directive.is(name));
        if is_duplicate || !directive.is_well_formed() {
            return Err(invalid(directive.raw));
        }
        match is_valid(directive.name, directive.argument) {
            Some(true) => {}
            Some(false) => return Err(invalid(directive.raw)),
            None => {
                if let Some(error) = refuse_unknown(directive.name) {
                    return Err(error);
                }
                // Some caches would take it for a lifetime.
                if directive.hides_lifetime() {
                    return Err(invalid(directive.raw));
                }
            }
        }
        names.push(directive.name);
    }
    // A member without a name, such as `=5`, gives no directive.
    if members([&line]).count() != names.len() {
        return Err(invalid(text.as_bytes()));
    }
    Ok(line)
}

/// Returns `true` if the argument is valid for the directive, or `None` if it is unknown.
fn is_valid(name: &[u8], argument: Argument<'_>) -> Option<bool> {
    Some(match name.to_ascii_lowercase().as_slice() {
        b"no-cache" | b"private" => argument == Argument::None || field_names(argument).is_some(),
        b"max-age" | b"s-maxage" | b"stale-while-revalidate" | b"stale-if-error" => {
            seconds::parse(argument).is_some()
        }
        b"no-store" | b"must-understand" | b"public" | b"must-revalidate" | b"proxy-revalidate"
        | b"no-transform" | b"immutable" => argument == Argument::None,
        _ => return None,
    })
}
