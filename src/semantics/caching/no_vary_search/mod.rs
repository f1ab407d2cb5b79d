//! `No-Vary-Search`: query parameters that do not change the response
//! (draft-ietf-httpbis-no-vary-search-10).

mod field;
mod query;
#[cfg(test)]
mod tests;

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};

/// The name of the header.
pub const NO_VARY_SEARCH: HeaderName = HeaderName::from_static("no-vary-search");

/// The differences between two queries that do not change the response.
///
/// For example, a cache may use the response to `/?id=1&utm_source=a` for a request to
/// `/?id=1`.
///
/// Names of parameters are given decoded: `a b`, not `a+b`. They are case-sensitive, and are
/// compared without Unicode normalization.
///
/// ```
/// use http::Uri;
/// use tower_conditional::cache_policy::NoVarySearch;
///
/// let policy = NoVarySearch::params(["utm_source", "utm_medium"]).key_order();
/// assert_eq!(policy.to_string(), r#"key-order, params=("utm_medium" "utm_source")"#);
///
/// let a = Uri::from_static("/notes?page=2&tag=x&utm_source=mail");
/// let b = Uri::from_static("/notes?tag=%78&page=2");
/// let c = Uri::from_static("/notes?tag=x&page=3");
/// assert!(policy.matches(&a, &b));
/// assert!(!policy.matches(&a, &c));
/// ```
///
/// The value should be the same for all responses of one path, since a cache may use only the
/// latest. `Vary` applies in addition. Queries are compared as
/// `application/x-www-form-urlencoded`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct NoVarySearch {
    key_order: bool,
    params: Params,
}

/// The parameters that do not change the response, as sorted distinct names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Params {
    /// Only these parameters.
    Ignored(Vec<String>),
    /// All parameters except these.
    Except(Vec<String>),
}

impl Default for Params {
    fn default() -> Self {
        Self::Ignored(Vec::new())
    }
}

impl NoVarySearch {
    /// Creates a value in which every difference is significant, as without the header.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a value in which these parameters are not significant: `params=("utm_source")`.
    #[must_use]
    pub fn params<I>(names: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        Self::from_params(Params::Ignored(sorted(names)))
    }

    /// Creates a value in which no parameter is significant: `except=()`.
    #[must_use]
    pub fn params_all() -> Self {
        Self::from_params(Params::Except(Vec::new()))
    }

    /// Creates a value in which only these parameters are significant: `except=("id")`.
    ///
    /// Before version 04 of the draft, the syntax was `params, except=("id")`. Caches that
    /// implement such a version ignore this header, and compare queries exactly.
    #[must_use]
    pub fn except<I>(names: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        Self::from_params(Params::Except(sorted(names)))
    }

    /// Ignores the order of parameters with different names: `key-order`. Off by default.
    ///
    /// The order of parameters with the same name stays significant.
    #[must_use]
    pub fn key_order(self) -> Self {
        Self {
            key_order: true,
            ..self
        }
    }

    fn from_params(params: Params) -> Self {
        Self {
            key_order: false,
            params,
        }
    }

    /// Parses the header of a response (section 5). Never fails.
    ///
    /// If the header is missing or invalid, every difference is significant. That costs cache
    /// hits, but never gives a wrong response.
    #[must_use]
    pub fn parse(headers: &HeaderMap) -> Self {
        field::parse(headers).unwrap_or_default()
    }

    /// Returns the header value, or `None` if every difference is significant.
    #[must_use]
    pub fn header_value(&self) -> Option<HeaderValue> {
        let text = field::serialize(self)?;
        Some(HeaderValue::from_maybe_shared(text).expect("a structured field is ASCII"))
    }

    /// Returns `true` if every difference is significant.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        *self == Self::default()
    }

    /// Returns `true` if a response to `a` with this header may be used for `b` (section 6).
    ///
    /// Origin and path must be the same. Either both URIs have a scheme and an authority, or
    /// neither does. If every difference is significant, queries are compared byte by byte, and
    /// an empty query differs from a missing one.
    ///
    /// The time is `O(n log n)` in the number of parameters.
    #[must_use]
    pub fn matches(&self, a: &Uri, b: &Uri) -> bool {
        if !query::have_same_target(a, b) {
            return false;
        }
        // The rules for parameters apply only to a value other than the default (section 6).
        if self.is_exact() {
            return a.query() == b.query();
        }
        let [a, b] = [a, b].map(|uri| self.significant_pairs(uri.query()));
        if self.key_order {
            query::sorted(a) == query::sorted(b)
        } else {
            a.eq(b)
        }
    }

    /// Calls `each` with the parts of a query that select the response.
    ///
    /// Two queries have the same parts exactly if [`matches`](Self::matches) returns `true` for two
    /// URIs that differ in nothing else. Only `key-order` needs an allocation.
    #[cfg(feature = "tokio")]
    pub(crate) fn each_significant_part(&self, query: Option<&str>, mut each: impl FnMut(&str)) {
        if self.is_exact() {
            return query.into_iter().for_each(each);
        }
        let each_pair = |(name, value): query::Pair<'_>| {
            each(&name);
            each(&value);
        };
        let pairs = self.significant_pairs(query);
        if self.key_order {
            query::sorted(pairs).into_iter().for_each(each_pair);
        } else {
            pairs.for_each(each_pair);
        }
    }

    fn significant_pairs<'a>(
        &self,
        query: Option<&'a str>,
    ) -> impl Iterator<Item = query::Pair<'a>> {
        query::pairs(query).filter(|(name, _)| self.is_significant(name))
    }

    fn is_significant(&self, name: &str) -> bool {
        let has = |names: &[String]| names.binary_search_by(|own| own.as_str().cmp(name)).is_ok();
        match &self.params {
            Params::Ignored(names) => !has(names),
            Params::Except(names) => has(names),
        }
    }
}

fn sorted<I>(names: I) -> Vec<String>
where
    I: IntoIterator,
    I::Item: Into<String>,
{
    let mut names: Vec<String> = names.into_iter().map(Into::into).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Formats the header value. The text is empty if every difference is significant.
impl fmt::Display for NoVarySearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&field::serialize(self).unwrap_or_default())
    }
}
