use std::{borrow::Cow, error::Error, fmt};

use http::request::Parts;
use percent_encoding::percent_decode_str;

use super::{SourceError, ValidatorSource, ask};
use crate::semantics::precondition::Current;

/// A pattern of paths: `/notes/{id}` is `/notes/` and then one segment that is
/// not empty. What a segment stands for is decoded, as routers do it
/// (RFC 3986, section 2.1); the rest is compared as it is sent.
///
/// ```
/// use tower_conditional::source::Route;
///
/// let route = Route::new("/notes/{id}/tags/{tag}")?;
/// assert_eq!(route.capture("/notes/7/tags/dark%20red", "tag").unwrap(), "dark red");
/// assert!(!route.matches("/notes/7"));
/// # Ok::<_, tower_conditional::source::InvalidRoute>(())
/// ```
#[derive(Debug, Clone)]
pub struct Route(Vec<Segment>);

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
    /// Refuses a pattern that does not start with `/`, and braces that are not
    /// around the whole name of a segment, without a name, or around the same
    /// name twice.
    pub fn new(pattern: &str) -> Result<Self, InvalidRoute> {
        let segments = pattern.strip_prefix('/').ok_or(InvalidRoute(()))?;
        let mut route = Vec::new();
        for segment in segments.split('/') {
            let segment = Segment::new(segment)?;
            if matches!(segment, Segment::Capture(_)) && route.contains(&segment) {
                return Err(InvalidRoute(()));
            }
            route.push(segment);
        }
        Ok(Self(route))
    }

    /// Whether `path` is of this form.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.pairs(path).is_some_and(|mut pairs| {
            pairs.all(|(segment, text)| match segment {
                Segment::Literal(literal) => **literal == *text,
                Segment::Capture(_) => !text.is_empty(),
            })
        })
    }

    /// What the segment of `path` stands for that has this name, where the path
    /// matches. Not there if it is no UTF-8.
    #[must_use]
    pub fn capture<'p>(&self, path: &'p str, name: &str) -> Option<Cow<'p, str>> {
        if !self.matches(path) {
            return None;
        }
        let segment = self.pairs(path)?.find_map(|(segment, text)| {
            matches!(segment, Segment::Capture(of) if **of == *name).then_some(text)
        });
        percent_decode_str(segment?).decode_utf8().ok()
    }

    /// Each segment with its text, where there are as many of them.
    fn pairs<'r, 'p>(
        &'r self,
        path: &'p str,
    ) -> Option<impl Iterator<Item = (&'r Segment, &'p str)>> {
        let texts = path.strip_prefix('/')?.split('/');
        (texts.clone().count() == self.0.len()).then(|| self.0.iter().zip(texts))
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
            None if !text.contains(['{', '}']) => Ok(Self::Literal(text.into())),
            _ => Err(InvalidRoute(())),
        }
    }
}

/// A text that is no [`Route`].
#[derive(Debug, Clone, Copy)]
pub struct InvalidRoute(());

impl fmt::Display for InvalidRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a route is `/` and segments such as `notes` or `{id}`, each name once")
    }
}

impl Error for InvalidRoute {}

/// A source for one route; see [`ValidatorSource::at`].
#[derive(Debug, Clone)]
pub struct At<Q> {
    route: Route,
    source: Q,
}

impl<Q> At<Q> {
    pub(super) fn new(route: Route, source: Q) -> Self {
        Self { route, source }
    }
}

impl<Q: ValidatorSource> ValidatorSource for At<Q> {
    type Error = SourceError;

    async fn current(&self, request: &Parts) -> Result<Current, SourceError> {
        if self.route.matches(request.uri.path()) {
            ask(&self.source, request).await
        } else {
            Ok(Current::Unknown)
        }
    }
}
