//! Cache policies: `Cache-Control`, targeted headers and `Vary` of a response.

use http::{HeaderName, HeaderValue};

use super::{
    cache_control::{
        CDN_CACHE_CONTROL, CacheControl, InvalidCachePolicy, SURROGATE_CONTROL, is_targeted,
    },
    no_vary_search::NoVarySearch,
};
use crate::semantics::field::{OrderedSet, vary};

mod apply;
mod cache_headers;
mod field_policy;
mod handler_policy;
mod recipes;

#[cfg(feature = "tokio")]
pub(crate) use cache_headers::has_policy;
use field_policy::FieldPolicy;

/// A cache policy: the `Cache-Control`, targeted headers and `Vary` of a response.
///
/// The constructors without arguments are recipes. The [module
/// docs](crate::cache_policy#choosing-a-policy) have a table to choose from. A handler can insert
/// a policy as a response extension, which replaces the policy of its route.
///
/// By default, if handler and policy both set a directive, the stricter value wins: see
/// [`CacheControl::stricter`]. A response with `Set-Cookie`, or to a request with
/// `Authorization`, becomes `private`. That includes targeted headers. Both defaults can be
/// changed.
///
/// ```
/// use std::time::Duration;
/// use http::{HeaderMap, HeaderValue, header};
/// use tower_conditional::{cache_policy::CachePolicy, validator::HttpDate};
///
/// let policy = CachePolicy::shared_and_public();
/// let now = || HttpDate::EPOCH;
///
/// let mut headers = HeaderMap::new();
/// policy.apply(&mut headers, false, now);
/// assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=3600");
///
/// // The response to a request with `Authorization` is for one user.
/// let mut headers = HeaderMap::new();
/// policy.apply(&mut headers, true, now);
/// assert_eq!(headers[header::CACHE_CONTROL], "private, max-age=3600");
///
/// // The directives of a handler are never made laxer.
/// let mut headers = HeaderMap::new();
/// headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
/// policy.apply(&mut headers, false, now);
/// assert_eq!(headers[header::CACHE_CONTROL], "no-store");
///
/// // Every directive can be changed.
/// let shorter = policy.adjust(|directives| directives.with_max_age(Duration::from_secs(5)))?;
/// # let _ = shorter;
/// # Ok::<_, tower_conditional::cache_policy::InvalidCachePolicy>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct CachePolicy {
    cache_control: FieldPolicy,
    targeted: Vec<(HeaderName, FieldPolicy)>,
    vary: OrderedSet<HeaderName>,
    /// The header value of `vary`.
    vary_line: Option<HeaderValue>,
    no_vary_search: Option<HeaderValue>,
    precedence: Precedence,
    expires: bool,
    share_authorized: bool,
    share_cookies: bool,
}

/// The precedence of policy and handler if both set directives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Precedence {
    /// The stricter value of each directive wins.
    Stricter,
    /// The handler's headers are kept, and the policy is not applied.
    Handler,
    /// The handler's headers are replaced.
    Policy,
}

impl CachePolicy {
    /// Creates a policy with these directives.
    ///
    /// # Errors
    ///
    /// Returns an error if the directives contradict each other, or if there are none. An
    /// extension that was parsed from a header is an error too, since it may be a misspelt
    /// `max-agee=60`. Add an extension with [`CacheControl::with_extension`].
    pub fn new(directives: CacheControl) -> Result<Self, InvalidCachePolicy> {
        directives.check_configured()?;
        Ok(Self::from_valid(directives))
    }

    /// Creates a policy with directives that were checked.
    fn from_valid(directives: CacheControl) -> Self {
        Self {
            cache_control: FieldPolicy::cache_control(directives),
            targeted: Vec::new(),
            vary: OrderedSet::new(),
            vary_line: None,
            no_vary_search: None,
            precedence: Precedence::Stricter,
            expires: false,
            share_authorized: false,
            share_cookies: false,
        }
    }

    /// Returns the directives of `Cache-Control`.
    #[must_use]
    pub fn directives(&self) -> &CacheControl {
        self.cache_control.directives()
    }

    /// Changes the directives of `Cache-Control` with a function.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`new`](Self::new).
    pub fn adjust(
        mut self,
        change: impl FnOnce(CacheControl) -> CacheControl,
    ) -> Result<Self, InvalidCachePolicy> {
        let directives = change(self.directives().clone());
        directives.check_configured()?;
        self.cache_control = FieldPolicy::cache_control(directives);
        Ok(self)
    }

    /// Adds `CDN-Cache-Control`, the directives for content delivery networks.
    ///
    /// A network that reads it ignores `Cache-Control` and `Expires` (RFC 9213, section 3.1).
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`targeted`](Self::targeted).
    pub fn cdn(self, directives: CacheControl) -> Result<Self, InvalidCachePolicy> {
        self.targeted(CDN_CACHE_CONTROL, directives)
    }

    /// Adds `Surrogate-Control` of the Edge Architecture note, for surrogates that read it.
    ///
    /// Other surrogates pass the header on to the client.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`targeted`](Self::targeted).
    pub fn surrogate(self, directives: CacheControl) -> Result<Self, InvalidCachePolicy> {
        self.targeted(SURROGATE_CONTROL, directives)
    }

    /// Adds a targeted header (RFC 9213), such as `Cloudflare-CDN-Cache-Control`. Replaces one of
    /// the same name.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`new`](Self::new), and one for an extension that a Structured
    /// Fields Dictionary cannot hold. The name must be `CDN-Cache-Control` or
    /// `Surrogate-Control`, or end in `-CDN-Cache-Control`. Restrictions are copied to every
    /// targeted header, so each must be recognizable.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "all setters take the directives by value"
    )]
    pub fn targeted(
        mut self,
        field: HeaderName,
        directives: CacheControl,
    ) -> Result<Self, InvalidCachePolicy> {
        if !is_targeted(&field) {
            return Err(InvalidCachePolicy::Field(field));
        }
        directives.check_configured()?;
        let policy = FieldPolicy::targeted(&field, &directives)?;
        self.targeted.retain(|(name, _)| *name != field);
        self.targeted.push((field, policy));
        Ok(self)
    }

    /// Adds names to `Vary`: the request headers that select the representation (RFC 9110,
    /// section 12.5.5).
    ///
    /// The names that a handler sets are kept. Several calls add up. `*` is never added. Do not
    /// add `Authorization`: use `private` instead.
    pub fn vary(mut self, fields: impl IntoIterator<Item = HeaderName>) -> Self {
        let fields = fields.into_iter();
        self.vary
            .extend(fields.filter(|field| field.as_str() != "*"));
        let names = self.vary.as_slice();
        self.vary_line = (!names.is_empty()).then(|| vary::to_value(names));
        self
    }

    /// Sets `No-Vary-Search`, the query parameters that do not change the response
    /// (draft-ietf-httpbis-no-vary-search). Defaults to none.
    ///
    /// The value should be the same for all responses of a path. If a handler sets the header,
    /// it is kept.
    pub fn no_vary_search(mut self, parameters: &NoVarySearch) -> Self {
        self.no_vary_search = parameters.header_value();
        self
    }

    /// Adds `Expires`, for caches that do not implement `max-age`. Off by default.
    pub fn expires(mut self) -> Self {
        self.expires = true;
        self
    }

    /// Replaces the handler's `Cache-Control`, `Expires` and the targeted headers of this policy,
    /// even if they are stricter.
    ///
    /// By default, the stricter value of each directive wins.
    pub fn override_handler(mut self) -> Self {
        self.precedence = Precedence::Policy;
        self
    }

    /// Keeps the headers of a handler that sets a cache policy. For a default around routes with
    /// their own policies.
    ///
    /// That is a response with `Expires`, or with another directive in `Cache-Control` than
    /// `no-transform`. Malformed headers are still rewritten in a strict form. By default, the
    /// stricter value of each directive wins.
    pub fn yield_to_handler(mut self) -> Self {
        self.precedence = Precedence::Handler;
        self
    }

    /// Allows shared caches to store responses to requests with `Authorization`. For responses
    /// that are the same for all users.
    ///
    /// By default, such responses become `private` (RFC 9111, section 3.5).
    pub fn share_authorized(mut self) -> Self {
        self.share_authorized = true;
        self
    }

    /// Allows shared caches to store responses with `Set-Cookie`. The cookie is then shared too.
    ///
    /// By default, such responses become `private` (RFC 9111, section 7.3).
    pub fn share_cookies(mut self) -> Self {
        self.share_cookies = true;
        self
    }

    /// Returns `true` if some cache may use a response with this policy without revalidation.
    pub(crate) fn is_fresh(&self) -> bool {
        let targeted = self.targeted.iter().map(|(_, policy)| policy);
        std::iter::once(&self.cache_control)
            .chain(targeted)
            .any(|policy| policy.directives().directives().is_fresh())
    }
}
