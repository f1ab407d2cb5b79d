//! Patterns of paths, for sources and for cache rules.

mod segments;
mod table;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, error::Error, fmt, str::FromStr};

use http::request::Parts;
use percent_encoding::percent_decode_str;

use self::segments::PathSegments;
pub(crate) use table::RouteTable;

/// A pattern of paths: `/notes/{id}` is `/notes/` and then one segment that is
/// not empty, and `/files/{*path}` is `/files/` and then all that follows, if
/// anything does. The value of a name is decoded, as routers do it
/// (RFC 3986, section 2.1); the rest is compared as it is sent. The path is the
/// one that the layer sees: below `axum`'s `Router::nest`, without the prefix.
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
    /// The name of all that follows the segments.
    rest: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(Box<str>),
    Capture(Box<str>),
}

impl Route {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// Refuses a pattern that does not start with `/`, braces that are not
    /// around the whole name of a segment, without a name, or around the same
    /// name twice, anything behind `{*rest}`, and `:id` and `*rest`, which stood
    /// for `{id}` and `{*rest}` in older routers.
    pub fn new(pattern: &str) -> Result<Self, InvalidRoute> {
        let texts = pattern.strip_prefix('/').ok_or(InvalidRoute(()))?;
        let mut route = Self {
            segments: Vec::new(),
            rest: None,
        };
        for text in texts.split('/') {
            let segment = Segment::new(text)?;
            let named_before =
                matches!(segment, Segment::Capture(_)) && route.segments.contains(&segment);
            if named_before || route.rest.is_some() {
                return Err(InvalidRoute(()));
            }
            match segment {
                Segment::Capture(name) if name.starts_with('*') => {
                    let name = Box::<str>::from(&name[1..]);
                    if name.is_empty() || route.segments.contains(&Segment::Capture(name.clone())) {
                        return Err(InvalidRoute(()));
                    }
                    route.rest = Some(name);
                }
                segment => route.segments.push(segment),
            }
        }
        Ok(route)
    }

    /// Returns `true` if `path` has this form.
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

    /// Returns `true` if it ends with `{*rest}`.
    fn has_rest(&self) -> bool {
        self.rest.is_some()
    }

    /// Returns the decoded part of `path` with this name. `None` if the path does not match,
    /// or the part is no UTF-8.
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

    /// Parses the part of the request's path with this name, as a handler that takes a
    /// `T` does: `/notes/17`, `/notes/017`, `/notes/%31%37` and `/notes/17/` are all about
    /// the note 17. `None` where the path does not match or means no `T`.
    ///
    /// It is the key that a lock (`PreconditionLayer::lock`) needs, and a
    /// [source](crate::ValidatorSource) that looks for a row.
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
        // Services that take a trailing slash for nothing must not be told two resources.
        let found = found.or_else(|| self.capture(path.strip_suffix('/')?, name));
        found?.parse().ok()
    }

    /// Returns the rest of the path behind the segments, if the path matches. Ends at the
    /// first segment that does not fit, so that a long path costs other routes nothing.
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
    fn new(text: &str) -> Result<Self, InvalidRoute> {
        let name = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'));
        match name {
            Some("") => Err(InvalidRoute(())),
            Some(name) if !name.contains(['{', '}']) => Ok(Self::Capture(name.into())),
            None if !text.contains(['{', '}']) && !text.starts_with([':', '*']) => {
                Ok(Self::Literal(text.into()))
            }
            _ => Err(InvalidRoute(())),
        }
    }
}

/// A text that is no [`Route`].
#[derive(Debug, Clone, Copy)]
pub struct InvalidRoute(());

impl fmt::Display for InvalidRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a route is `/` and segments such as `notes`, `{id}` or a last `{*rest}`, each name once")
    }
}

impl Error for InvalidRoute {}
