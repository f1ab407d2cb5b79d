use std::{fmt, mem, sync::Arc};

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header::CONTENT_TYPE, request::Parts,
};

use crate::{
    route::{InvalidRoute, Route},
    semantics::{
        caching::{cache_control::InvalidCachePolicy, cache_policy::CachePolicy},
        field::{
            media_range::{self, MediaRange},
            method,
        },
    },
};

/// A cache policy and the responses that it is for.
///
/// Without conditions a rule matches successful responses to `GET` and `HEAD`: 200, 203, 204,
/// 206 and 304. Each kind of condition narrows it. If there are several paths, methods,
/// statuses or media types, one of them has to match. All conditions in
/// [`request`](Self::request) and [`header`](Self::header) have to be true.
///
/// A rule by path also matches a fallback's answer. If a fallback answers a missing file with
/// `index.html`, an `immutable_asset` rule keeps that HTML for a year. Let a missing file be a 404.
///
/// ```
/// use tower_conditional::{
///     CachePolicyLayer,
///     cache_policy::{CachePolicy, Rule},
/// };
///
/// let assets = Rule::new(CachePolicy::immutable_asset()).path("/assets/{*file}")?;
/// let images = Rule::new(CachePolicy::transformed()).content_type("image/*")?;
/// let layer = CachePolicyLayer::new(CachePolicy::no_cache())
///     .rule(assets)?
///     .rule(images)?;
/// # let _: CachePolicyLayer = layer;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Rule {
    policy: CachePolicy,
    methods: Vec<Method>,
    paths: Vec<Route>,
    statuses: Vec<StatusMatcher>,
    content_types: Vec<MediaRange>,
    request: Option<RequestCondition>,
    condition_headers: Vec<HeaderName>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StatusMatcher {
    One(StatusCode),
    Errors,
    Redirections,
}

#[derive(Clone)]
struct RequestCondition(Arc<dyn Fn(&Parts) -> bool + Send + Sync>);

impl Rule {
    /// Creates a rule with this policy for successful responses to `GET` and `HEAD`.
    pub fn new(policy: CachePolicy) -> Self {
        Self {
            policy,
            methods: Vec::new(),
            paths: Vec::new(),
            statuses: Vec::new(),
            content_types: Vec::new(),
            request: None,
            condition_headers: Vec::new(),
        }
    }

    /// Adds a path pattern such as `/notes/{id}` or `/assets/{*file}`: see [`Route`]. Defaults
    /// to all paths.
    ///
    /// It is compared with the path that arrives here. Below `axum`'s `Router::nest` that is the
    /// path without the prefix.
    ///
    /// # Errors
    ///
    /// Returns an error if the pattern is not a [`Route`].
    pub fn path(mut self, pattern: &str) -> Result<Self, InvalidRoute> {
        self.paths.push(Route::new(pattern)?);
        Ok(self)
    }

    /// Adds a method. `GET` includes `HEAD` (RFC 9110, section 9.3.2). Defaults to `GET`.
    pub fn method(mut self, method: Method) -> Self {
        self.methods.push(method);
        self
    }

    /// Adds a status. 200 includes 206 and 304. Defaults to 200, 203, 204, 206 and 304.
    pub fn status(mut self, status: StatusCode) -> Self {
        self.statuses.push(StatusMatcher::One(status));
        self
    }

    /// Adds all 4xx and 5xx, which get `no-store` without a rule.
    pub fn errors(mut self) -> Self {
        self.statuses.push(StatusMatcher::Errors);
        self
    }

    /// Adds all 3xx except 304, which get `no-cache` without a rule.
    pub fn redirections(mut self) -> Self {
        self.statuses.push(StatusMatcher::Redirections);
        self
    }

    /// Adds a media type such as `application/json`, or all of a type, such as `image/*`.
    /// Parameters are ignored. Defaults to all media types.
    ///
    /// A 304 usually has no `Content-Type`. If the policy depends on this condition, the 304
    /// gets no `Cache-Control`, and the stored response keeps its own (RFC 9111, section 3.2).
    /// A 206 that does not show its type, such as one with several ranges, gets `no-store`.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is neither.
    pub fn content_type(mut self, range: &str) -> Result<Self, InvalidCachePolicy> {
        let parsed = MediaRange::parse(range);
        let range = parsed.ok_or_else(|| InvalidCachePolicy::ContentType(range.to_owned()))?;
        self.content_types.push(range);
        Ok(self)
    }

    /// Adds a condition on the request, which is evaluated before the service runs.
    ///
    /// Add headers that it reads to [`CachePolicy::vary`], or use [`header`](Self::header). If
    /// several conditions are added, all have to hold. Put alternatives into one condition, or
    /// into rules of their own.
    pub fn request(mut self, condition: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.request = Some(match self.request {
            None => RequestCondition(Arc::new(condition)),
            Some(RequestCondition(other)) => {
                RequestCondition(Arc::new(move |parts| other(parts) && condition(parts)))
            }
        });
        self
    }

    /// Adds a condition on a header of the request, or on its first line if there are several.
    ///
    /// The header is added to the `Vary` of every response that gets a policy from this layer.
    pub fn header(
        mut self,
        field: HeaderName,
        condition: impl Fn(Option<&HeaderValue>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.condition_headers.push(field.clone());
        self.request(move |parts| condition(parts.headers.get(&field)))
    }

    /// Checks that the rule can match, and that its policy is allowed for its methods.
    pub(super) fn check(&self) -> Result<(), InvalidCachePolicy> {
        // A policy cannot make a write fresh (RFC 9110, section 9.3.3).
        let is_never_fresh = |name: &&Method| !method::may_be_fresh(name);
        if let Some(method) = self.methods.iter().find(is_never_fresh)
            && self.policy.is_fresh()
        {
            return Err(InvalidCachePolicy::FreshWrite(method.clone()));
        }
        // A 1xx has no policy, and a rule for 304 alone would replace the policy of the 200.
        let informational = self.statuses.iter().find_map(|statuses| match statuses {
            StatusMatcher::One(one) => one.is_informational().then_some(*one),
            StatusMatcher::Errors | StatusMatcher::Redirections => None,
        });
        let only_304 =
            self.matches_status(StatusCode::NOT_MODIFIED) && !self.matches_status(StatusCode::OK);
        let refused = informational.or(only_304.then_some(StatusCode::NOT_MODIFIED));
        if let Some(status) = refused {
            return Err(InvalidCachePolicy::Status(status));
        }
        Ok(())
    }

    /// Takes the headers that the conditions read out of the rule.
    pub(super) fn take_condition_headers(&mut self) -> Vec<HeaderName> {
        mem::take(&mut self.condition_headers)
    }

    pub(super) fn policy(&self) -> &CachePolicy {
        &self.policy
    }

    /// Takes the path patterns out of the rule. A rule without any matches all paths.
    pub(super) fn take_paths(&mut self) -> Vec<Route> {
        mem::take(&mut self.paths)
    }

    /// Returns `true` if the method matches.
    pub(super) fn matches_method(&self, method: &Method) -> bool {
        let named =
            |own: &Method| own == method || (*own == Method::GET && *method == Method::HEAD);
        if self.methods.is_empty() {
            matches!(*method, Method::GET | Method::HEAD)
        } else {
            self.methods.iter().any(named)
        }
    }

    /// Returns `true` if there is a condition other than method and path.
    pub(super) fn has_condition(&self) -> bool {
        self.request.is_some()
    }

    /// Returns `true` if the condition holds, or if there is none.
    pub(super) fn condition_holds(&self, request: &Parts) -> bool {
        let condition = self.request.as_ref();
        condition.is_none_or(|condition| condition.0(request))
    }

    /// Returns `true` if the status matches. The media type may still differ.
    pub(super) fn matches_status(&self, status: StatusCode) -> bool {
        if self.statuses.is_empty() {
            is_success(status)
        } else {
            self.statuses
                .iter()
                .any(|statuses| statuses.contain(status))
        }
    }

    pub(super) fn has_content_type_condition(&self) -> bool {
        !self.content_types.is_empty()
    }

    /// Decides if the rule matches a response. Returns `None` if a 304 or 206 does not show its
    /// media type. `whole_type` is the type of the representation, if another layer knows it.
    pub(super) fn matches(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        whole_type: Option<&HeaderValue>,
    ) -> Option<bool> {
        if !self.matches_status(status) || !self.has_content_type_condition() {
            return Some(self.matches_status(status));
        }
        let content_type = whole_type.or_else(|| headers.get(CONTENT_TYPE));
        let is_of = |range: &MediaRange| content_type.is_some_and(|value| range.contains(value));
        let found = self.content_types.iter().any(is_of);
        (found || !media_range::is_type_unknown(status, content_type)).then_some(found)
    }
}

pub(super) fn is_success(status: StatusCode) -> bool {
    matches!(status.as_u16(), 200 | 203 | 204 | 206 | 304)
}

/// Returns `true` for 4xx and 5xx. A status above 599 counts as 5xx (RFC 9110, section 15).
pub(super) fn is_error(status: StatusCode) -> bool {
    status.as_u16() >= 400
}

impl StatusMatcher {
    fn contain(self, status: StatusCode) -> bool {
        match self {
            Self::Errors => is_error(status),
            Self::Redirections => status.is_redirection() && status != StatusCode::NOT_MODIFIED,
            Self::One(StatusCode::OK) => matches!(status.as_u16(), 200 | 206 | 304),
            Self::One(one) => one == status,
        }
    }
}

impl fmt::Debug for RequestCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestCondition")
    }
}
