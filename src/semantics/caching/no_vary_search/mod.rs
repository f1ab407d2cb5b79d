//! `No-Vary-Search`: which parameters of a query change nothing about the
//! response (draft-ietf-httpbis-no-vary-search-10).

mod field;
mod query;

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};

/// The field's name.
pub const NO_VARY_SEARCH: HeaderName = HeaderName::from_static("no-vary-search");

/// What a query may differ in and still select the same response.
///
/// Names of parameters are what they are after decoding: `a b`, not `a+b`. They
/// are compared with case, and without Unicode normalization.
///
/// A cache may then give the answer to `/?id=1&utm_source=a` to whoever asks
/// for `/?id=1`.
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
/// The value should be the same for all responses of one path: a cache may look
/// at the latest alone. It says nothing about `Vary`, which
/// applies as well, and only something about queries that are
/// `application/x-www-form-urlencoded`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct NoVarySearch {
    key_order: bool,
    params: Params,
}

/// Sorted names, each once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Params {
    /// These do not matter.
    Ignored(Vec<String>),
    /// All but these do not matter.
    Except(Vec<String>),
}

impl Default for Params {
    fn default() -> Self {
        Self::Ignored(Vec::new())
    }
}

impl NoVarySearch {
    /// Everything matters, as if the field were not there.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These parameters do not matter: `params=("utm_source")`.
    #[must_use]
    pub fn params<I>(names: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        Self::with(Params::Ignored(sorted(names)))
    }

    /// No parameter matters: `except=()`.
    #[must_use]
    pub fn params_all() -> Self {
        Self::with(Params::Except(Vec::new()))
    }

    /// No parameter matters, except for these: `except=("id")`.
    ///
    /// Caches that follow a draft before version 04, when this was spelled
    /// `params, except=("id")`, see a field that they do not understand and
    /// compare queries exactly.
    #[must_use]
    pub fn except<I>(names: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        Self::with(Params::Except(sorted(names)))
    }

    /// In addition, the order of parameters with different names does not
    /// matter: `key-order`. Those with one name keep their order.
    #[must_use]
    pub fn key_order(self) -> Self {
        Self {
            key_order: true,
            ..self
        }
    }

    fn with(params: Params) -> Self {
        Self {
            key_order: false,
            params,
        }
    }

    /// Reads the field from a response (section 5).
    ///
    /// Whatever is wrong with it, as with one that is not there, everything
    /// matters: that costs hits and gives no wrong answer.
    #[must_use]
    pub fn parse(headers: &HeaderMap) -> Self {
        field::parse(headers).unwrap_or_default()
    }

    /// The field's value; none where everything matters.
    #[must_use]
    pub fn header_value(&self) -> Option<HeaderValue> {
        let text = field::serialize(self)?;
        Some(HeaderValue::from_maybe_shared(text).expect("a structured field is ASCII"))
    }

    /// Whether everything matters.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a response to `a` with this field may be given to `b`
    /// (section 6).
    ///
    /// That is never so across origins or paths. A scheme and an authority
    /// have to be in both or in neither. Where everything matters, queries are
    /// compared byte by byte, and none is not an empty one.
    ///
    /// Takes `O(n log n)` in the number of parameters.
    #[must_use]
    pub fn matches(&self, a: &Uri, b: &Uri) -> bool {
        if !query::same_target(a, b) {
            return false;
        }
        if self.is_exact() {
            return a.query() == b.query();
        }
        let [a, b] = [a, b].map(|uri| query::pairs(uri).filter(|(name, _)| self.matters(name)));
        if self.key_order {
            query::sorted(a) == query::sorted(b)
        } else {
            a.eq(b)
        }
    }

    fn matters(&self, name: &str) -> bool {
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

/// The field's value; nothing where everything matters.
impl fmt::Display for NoVarySearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&field::serialize(self).unwrap_or_default())
    }
}
