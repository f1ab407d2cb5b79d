//! Path patterns for sources, locks and cache rules.

mod segments;
mod table;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, error::Error, fmt, str::FromStr};

use http::request::Parts;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use self::segments::PathSegments;
pub(crate) use table::RouteTable;

/// A path pattern in the syntax of axum.
///
/// `/notes/{id}` matches `/notes/` and then one segment that is not empty. `/files/{*path}`
/// matches `/files/` and then any rest that is not empty.
///
/// The value of a parameter is percent-decoded (RFC 3986, section 2.1), as in routers. Literal
/// segments are compared without decoding. The path is the one that the layer sees: below
/// `axum`'s `Router::nest` it has no prefix.
///
/// ```
/// use tower_conditional::route::Route;
///
/// let route = Route::new("/notes/{id}/tags/{tag}")?;
/// assert_eq!(route.capture("/notes/7/tags/dark%20red", "tag").unwrap(), "dark red");
/// assert!(!route.matches("/notes/7"));
///
/// let below = Route::new("/files/{*path}")?;
/// assert_eq!(below.capture("/files/css/app.css", "path").unwrap(), "css/app.css");
/// # Ok::<_, tower_conditional::route::InvalidRoute>(())
/// ```
#[derive(Debug, Clone)]
pub struct Route {
    segments: Vec<Segment>,
    /// The name of a last `{*rest}` parameter.
    rest: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(Box<str>),
    Capture(Box<str>),
}

impl Route {
    /// Parses a pattern.
    ///
    /// # Errors
    ///
    /// Returns an error if the pattern does not start with `/`, or has
    ///
    /// - braces that do not enclose the whole name of one segment,
    /// - a parameter without a name, or two with the same name,
    /// - anything behind `{*rest}`,
    /// - `:id` or `*rest`, the syntax of older routers,
    /// - a query, a fragment, or another character that clients send as an escape: `ä` arrives as
    ///   `%C3%A4`, or
    /// - a `%` that begins no escape.
    pub fn new(pattern: &str) -> Result<Self, InvalidRoute> {
        Self::parse(pattern).map_err(|reason| InvalidRoute {
            pattern: pattern.into(),
            reason,
        })
    }

    fn parse(pattern: &str) -> Result<Self, Cow<'static, str>> {
        let texts = pattern
            .strip_prefix('/')
            .ok_or("a route starts with \"/\"")?;
        let mut route = Self {
            segments: Vec::new(),
            rest: None,
        };
        for text in texts.split('/') {
            let segment = Segment::new(text)?;
            if route.rest.is_some() {
                return Err("nothing may follow a rest parameter".into());
            }
            if matches!(segment, Segment::Capture(_)) && route.segments.contains(&segment) {
                return Err(NAME_TWICE.into());
            }
            match segment {
                Segment::Capture(name) if name.starts_with('*') => {
                    let name = Box::<str>::from(&name[1..]);
                    if name.is_empty() {
                        return Err(NO_NAME.into());
                    }
                    if route.segments.contains(&Segment::Capture(name.clone())) {
                        return Err(NAME_TWICE.into());
                    }
                    route.rest = Some(name);
                }
                segment => route.segments.push(segment),
            }
        }
        Ok(route)
    }

    /// Returns `true` if the route matches `path`.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.matches_segments(&mut PathSegments::new(path))
    }

    fn matches_segments(&self, path: &mut PathSegments<'_>) -> bool {
        self.split(path, |_, _| {}).is_some()
    }

    fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Returns `true` if the route ends with `{*rest}`.
    fn has_rest(&self) -> bool {
        self.rest.is_some()
    }

    /// Returns the decoded value of a parameter, or `None` if `path` does not match or the
    /// value is not UTF-8.
    #[must_use]
    pub fn capture<'p>(&self, path: &'p str, name: &str) -> Option<Cow<'p, str>> {
        let mut found = None;
        let rest = self.split(&mut PathSegments::new(path), |of, text| {
            if of == name {
                found = Some(text);
            }
        })?;
        if self.rest.as_deref() == Some(name) {
            found = Some(rest);
        }
        percent_decode_str(found?).decode_utf8().ok()
    }

    /// Parses the value of a parameter in the request's path. Returns `None` if the path does
    /// not match or the value is not a `T`.
    ///
    /// A trailing slash is ignored. So `/notes/17`, `/notes/017`, `/notes/%31%37` and
    /// `/notes/17/` all yield the number 17, as in a handler that takes a number.
    ///
    /// Use it for the key of a lock (`PreconditionLayer::lock`), or in a
    /// [source](crate::ValidatorSource) that looks up a row.
    ///
    /// ```
    /// use http::Request;
    /// use tower_conditional::route::Route;
    ///
    /// let note = Route::new("/notes/{id}")?;
    /// let (request, ()) = Request::put("/notes/017").body(()).unwrap().into_parts();
    /// assert_eq!(note.parameter::<i64>(&request, "id"), Some(17));
    /// # Ok::<_, tower_conditional::route::InvalidRoute>(())
    /// ```
    #[must_use]
    pub fn parameter<T: FromStr>(&self, request: &Parts, name: &str) -> Option<T> {
        let path = request.uri.path();
        let found = self.capture(path, name);
        // A service that ignores a trailing slash has one resource here, which needs one key.
        let found = found.or_else(|| self.capture(path.strip_suffix('/')?, name));
        found?.parse().ok()
    }

    /// Returns the rest of the path behind the segments, if the path matches. Stops at the
    /// first segment that does not match, so a long path costs little.
    fn split<'p>(
        &self,
        path: &mut PathSegments<'p>,
        mut captured: impl FnMut(&str, &'p str),
    ) -> Option<&'p str> {
        let mut left = path.first();
        for segment in &self.segments {
            let cursor = left?;
            left = match segment {
                Segment::Literal(literal) => cursor.after(cursor.end_of(literal, path)?),
                Segment::Capture(name) => {
                    let (text, next) = cursor.segment(usize::MAX, path)?;
                    if text.is_empty() {
                        return None;
                    }
                    captured(name, text);
                    next
                }
            };
        }
        match (left, &self.rest) {
            (None, None) => Some(""),
            (Some(cursor), Some(_)) => Some(cursor.rest()).filter(|rest| !rest.is_empty()),
            _ => None,
        }
    }
}

impl Segment {
    fn new(text: &str) -> Result<Self, Cow<'static, str>> {
        let name = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'));
        match name {
            Some("") => Err(NO_NAME.into()),
            Some(name) if !name.contains(['{', '}']) => Ok(Self::Capture(name.into())),
            None if !text.contains(['{', '}']) => match text.strip_prefix(':') {
                Some(name) => Err(format!("parameters are written \"{{{name}}}\"").into()),
                None if text == "*" => Err(NO_NAME.into()),
                None if text.starts_with('*') => {
                    Err(format!("a rest parameter is written \"{{{text}}}\"").into())
                }
                None => check_literal(text).map(|()| Self::Literal(text.into())),
            },
            _ => Err("braces enclose the whole of one segment".into()),
        }
    }
}

/// Refuses text that no path has on the wire, since a route with it would never match.
fn check_literal(text: &str) -> Result<(), Cow<'static, str>> {
    for (at, character) in text.char_indices() {
        match character {
            '?' => return Err("leave the query out, since a route is a path".into()),
            '#' => return Err("leave the fragment out, since clients do not send it".into()),
            '%' => {
                let digits = text.as_bytes().get(at + 1..at + 3);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return Err("\"%\" begins an escape of two digits: write \"%25\"".into());
                }
            }
            // RFC 3986, section 3.3. Clients send some characters that it does not have, such as "|".
            '"' | '<' | '>' | '`' => return Err(write_escaped(character)),
            _ if !character.is_ascii_graphic() => return Err(write_escaped(character)),
            _ => {}
        }
    }
    Ok(())
}

fn write_escaped(character: char) -> Cow<'static, str> {
    let mut bytes = [0; 4];
    let escaped = utf8_percent_encode(character.encode_utf8(&mut bytes), NON_ALPHANUMERIC);
    format!("clients send {character:?} as an escape: write \"{escaped}\"").into()
}

const NO_NAME: &str = "a parameter needs a name";
const NAME_TWICE: &str = "two parameters have the same name";

/// An error returned by [`Route::new`] for a pattern that is not a route.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidRoute {
    pattern: Box<str>,
    reason: Cow<'static, str>,
}

impl fmt::Display for InvalidRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid route \"{}\": {}", self.pattern, self.reason)
    }
}

impl Error for InvalidRoute {}
