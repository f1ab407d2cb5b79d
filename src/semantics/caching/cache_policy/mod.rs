//! What a response says about its use by caches: `Cache-Control`, targeted
//! fields and `Vary` together, put into a head.

use http::{HeaderName, HeaderValue};

use super::{
    cache_control::{
        CDN_CACHE_CONTROL, CacheControl, InvalidCachePolicy, SURROGATE_CONTROL, is_targeted,
    },
    no_vary_search::NoVarySearch,
};
use crate::semantics::field::vary;

mod apply;
mod caching_fields;
mod field_value;
mod recipes;

use field_value::Face;

/// `Cache-Control`, targeted fields and `Vary` of a response.
///
/// The constructors without arguments are recipes, named as one would ask; the [module
/// docs](crate::cache_policy#choosing-a-policy) has a table to choose from. As a response extension
/// it is a handler's choice, in place of what its route says.
///
/// By default both the policy and the handler are heard, and the stricter word
/// counts; see [`CacheControl::stricter`]. A response to a request with
/// `Authorization` and one with `Set-Cookie` become `private`, in targeted
/// fields too. Each of these can be changed, by name.
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
/// // The answer to a request with `Authorization` is for one user.
/// let mut headers = HeaderMap::new();
/// policy.apply(&mut headers, true, now);
/// assert_eq!(headers[header::CACHE_CONTROL], "private, max-age=3600");
///
/// // What the handler said is never loosened.
/// let mut headers = HeaderMap::new();
/// headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
/// policy.apply(&mut headers, false, now);
/// assert_eq!(headers[header::CACHE_CONTROL], "no-store");
///
/// // Every number can be another.
/// let shorter = policy.adjust(|directives| directives.with_max_age(Duration::from_secs(5)))?;
/// # let _ = shorter;
/// # Ok::<_, tower_conditional::cache_policy::InvalidCachePolicy>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct CachePolicy {
    control: Face,
    /// For a response with a word of its own that stands alone.
    guard: Face,
    targeted: Vec<(HeaderName, Face)>,
    vary: Vec<HeaderName>,
    /// The same in one line.
    vary_line: Option<HeaderValue>,
    no_vary_search: Option<HeaderValue>,
    handler: Handler,
    expires: bool,
    share_authorized: bool,
    share_cookies: bool,
}

/// What becomes of the handler's own `Cache-Control`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handler {
    /// The stricter of both counts.
    Joins,
    /// It stands alone.
    Wins,
    /// It is replaced.
    Loses,
}

impl CachePolicy {
    /// A policy with these directives.
    ///
    /// # Errors
    ///
    /// Refuses directives that contradict each other, none at all, and an extension
    /// that was only read in a field, such as a misspelt `max-agee=60`. One that is
    /// meant is added with [`CacheControl::with_extension`].
    pub fn new(directives: CacheControl) -> Result<Self, InvalidCachePolicy> {
        directives.check_configured()?;
        Ok(Self::of(directives))
    }

    /// Where it is known that they do not.
    fn of(directives: CacheControl) -> Self {
        Self {
            control: Face::cache_control(directives),
            guard: Face::cache_control(CacheControl::new()),
            targeted: Vec::new(),
            vary: Vec::new(),
            vary_line: None,
            no_vary_search: None,
            handler: Handler::Joins,
            expires: false,
            share_authorized: false,
            share_cookies: false,
        }
    }

    /// The directives of `Cache-Control`.
    #[must_use]
    pub fn directives(&self) -> &CacheControl {
        self.control.directives()
    }

    /// Changes the directives of `Cache-Control`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn adjust(
        mut self,
        change: impl FnOnce(CacheControl) -> CacheControl,
    ) -> Result<Self, InvalidCachePolicy> {
        let directives = change(self.directives().clone());
        directives.check_configured()?;
        self.control = Face::cache_control(directives);
        Ok(self)
    }

    /// Adds `CDN-Cache-Control`: what content delivery networks do, which then
    /// look neither at `Cache-Control` nor at `Expires` (RFC 9213, section 3.1).
    ///
    /// # Errors
    ///
    /// As [`targeted`](Self::targeted).
    pub fn cdn(self, directives: CacheControl) -> Result<Self, InvalidCachePolicy> {
        self.targeted(CDN_CACHE_CONTROL, directives)
    }

    /// Adds `Surrogate-Control`, the field of the Edge Architecture note, for
    /// surrogates that read it. One that does not passes it on to the client.
    ///
    /// # Errors
    ///
    /// As [`targeted`](Self::targeted).
    pub fn surrogate(self, directives: CacheControl) -> Result<Self, InvalidCachePolicy> {
        self.targeted(SURROGATE_CONTROL, directives)
    }

    /// Adds a targeted field (RFC 9213), such as `Cloudflare-CDN-Cache-Control`.
    /// One of the same name is replaced.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new). Also refuses an extension that cannot be a member of a Structured
    /// Fields Dictionary, and a name that does not end in `-CDN-Cache-Control`, is
    /// `CDN-Cache-Control` or `Surrogate-Control`: restrictions must be copied into every such
    /// field, so all of them have to be recognised.
    #[expect(clippy::needless_pass_by_value, reason = "as all the others take them")]
    pub fn targeted(
        mut self,
        field: HeaderName,
        directives: CacheControl,
    ) -> Result<Self, InvalidCachePolicy> {
        if !is_targeted(&field) {
            return Err(InvalidCachePolicy::Field(field));
        }
        directives.check_configured()?;
        let face = Face::targeted(&field, &directives).ok_or(InvalidCachePolicy::Dictionary)?;
        self.targeted.retain(|(name, _)| *name != field);
        self.targeted.push((field, face));
        Ok(self)
    }

    /// The request fields that choose the representation: they are in `Vary`,
    /// with those that the handler names (RFC 9110, section 12.5.5). More than
    /// one call adds up. `*` is never added.
    ///
    /// `Authorization` need not be here: `private` says it better.
    pub fn vary(mut self, fields: impl IntoIterator<Item = HeaderName>) -> Self {
        for field in fields {
            if field.as_str() != "*" && !self.vary.contains(&field) {
                self.vary.push(field);
            }
        }
        self.vary_line = (!self.vary.is_empty()).then(|| vary::line(&self.vary));
        self
    }

    /// Adds `No-Vary-Search`: which parameters of the query do not change the
    /// response (draft-ietf-httpbis-no-vary-search). It should be the same for
    /// all responses of a path. A handler's own stays.
    pub fn no_vary_search(mut self, parameters: &NoVarySearch) -> Self {
        self.no_vary_search = parameters.header_value();
        self
    }

    /// Adds `Expires`, for caches that know no `max-age`. Off by default.
    pub fn expires(mut self) -> Self {
        self.expires = true;
        self
    }

    /// Replaces what the handler says in `Cache-Control`, `Expires` and the
    /// targeted fields of this policy, though it be stricter.
    pub fn override_handler(mut self) -> Self {
        self.handler = Handler::Loses;
        self
    }

    /// Leaves alone what has an `Expires`, or a `Cache-Control` that says more
    /// than `no-transform`: for a default around routes with policies of their
    /// own. Only what is malformed is written anew, to the strict side.
    pub fn yield_to_handler(mut self) -> Self {
        self.handler = Handler::Wins;
        self
    }

    /// Answers to requests with `Authorization` are the same for everybody, and
    /// may be shared. Without it they become `private` (RFC 9111, section 3.5).
    pub fn share_authorized(mut self) -> Self {
        self.share_authorized = true;
        self
    }

    /// Responses with `Set-Cookie` may be shared, the cookie with them. Without
    /// it they become `private` (RFC 9111, section 7.3).
    pub fn share_cookies(mut self) -> Self {
        self.share_cookies = true;
        self
    }

    /// Whether a cache may use a response with it without asking.
    pub(crate) fn is_fresh(&self) -> bool {
        let faces = self.targeted.iter().map(|(_, face)| face);
        std::iter::once(&self.control)
            .chain(faces)
            .any(|face| face.directives().known().is_fresh())
    }
}
