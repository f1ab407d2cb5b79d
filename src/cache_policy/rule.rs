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

/// Which responses get which policy.
///
/// Without conditions a rule is for the successes of `GET` and `HEAD`: 200, 203,
/// 204, 206 and 304. Each kind of condition narrows it. Several paths, methods,
/// statuses or media types are alternatives, of which one has to fit; of what is
/// said of the request with [`request`](Self::request) and
/// [`header`](Self::header) all has to hold.
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
    statuses: Vec<Statuses>,
    content_types: Vec<MediaRange>,
    request: Option<RequestCondition>,
    consulted: Vec<HeaderName>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Statuses {
    One(StatusCode),
    Errors,
    Redirections,
}

#[derive(Clone)]
struct RequestCondition(Arc<dyn Fn(&Parts) -> bool + Send + Sync>);

impl Rule {
    /// This policy for the successes of `GET` and `HEAD`.
    pub fn new(policy: CachePolicy) -> Self {
        Self {
            policy,
            methods: Vec::new(),
            paths: Vec::new(),
            statuses: Vec::new(),
            content_types: Vec::new(),
            request: None,
            consulted: Vec::new(),
        }
    }

    /// For paths of this form, such as `/notes/{id}` or `/assets/{*file}`; see
    /// [`Route`]. The path is the one that is left to this layer: without the
    /// prefix below `axum`'s `Router::nest`.
    ///
    /// # Errors
    ///
    /// Refuses what is no [`Route`].
    pub fn path(mut self, pattern: &str) -> Result<Self, InvalidRoute> {
        self.paths.push(Route::new(pattern)?);
        Ok(self)
    }

    /// For this method. `GET` is for `HEAD` too (RFC 9110, section 9.3.2).
    pub fn method(mut self, method: Method) -> Self {
        self.methods.push(method);
        self
    }

    /// For this status, and no other success. 200 is for 206 and 304 too.
    pub fn status(mut self, status: StatusCode) -> Self {
        self.statuses.push(Statuses::One(status));
        self
    }

    /// For all 4xx and 5xx, which otherwise get `no-store`.
    pub fn errors(mut self) -> Self {
        self.statuses.push(Statuses::Errors);
        self
    }

    /// For all 3xx but 304, which otherwise get `no-cache`.
    pub fn redirections(mut self) -> Self {
        self.statuses.push(Statuses::Redirections);
        self
    }

    /// For a media type such as `application/json`, or all of a type, as
    /// `image/*`; parameters do not count. A 304 has no `Content-Type`: where
    /// this is all that decides, it gets no `Cache-Control`, and the stored
    /// response keeps the one that it has (RFC 9111, section 3.2). A 206 that does
    /// not show it, as one of several ranges, gets `no-store`.
    ///
    /// # Errors
    ///
    /// Refuses what is neither.
    pub fn content_type(mut self, range: &str) -> Result<Self, InvalidCachePolicy> {
        let parsed = MediaRange::parse(range);
        let range = parsed.ok_or_else(|| InvalidCachePolicy::ContentType(range.to_owned()))?;
        self.content_types.push(range);
        Ok(self)
    }

    /// For requests that this is true of, asked before the service runs. Fields
    /// that it looks at belong into [`CachePolicy::vary`], or use
    /// [`header`](Self::header). All of several have to hold; alternatives go into
    /// one, or are rules of their own.
    pub fn request(mut self, condition: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.request = Some(match self.request {
            None => RequestCondition(Arc::new(condition)),
            Some(RequestCondition(other)) => {
                RequestCondition(Arc::new(move |parts| other(parts) && condition(parts)))
            }
        });
        self
    }

    /// For requests in whose field of this name the condition holds, in the first
    /// line of it if there are several. The field is added to the `Vary` of every
    /// response that this layer gives a policy.
    pub fn header(
        mut self,
        field: HeaderName,
        condition: impl Fn(Option<&HeaderValue>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.consulted.push(field.clone());
        self.request(move |parts| condition(parts.headers.get(&field)))
    }

    /// Whether it can be.
    pub(super) fn check(&self) -> Result<(), InvalidCachePolicy> {
        let never_fresh = |name: &&Method| !method::may_be_fresh(name);
        if let Some(method) = self.methods.iter().find(never_fresh)
            && self.policy.is_fresh()
        {
            return Err(InvalidCachePolicy::FreshWrite(method.clone()));
        }
        let informational = self.statuses.iter().find_map(|statuses| match statuses {
            Statuses::One(one) => one.is_informational().then_some(*one),
            Statuses::Errors | Statuses::Redirections => None,
        });
        let only_304 = self.names(StatusCode::NOT_MODIFIED) && !self.names(StatusCode::OK);
        let refused = informational.or(only_304.then_some(StatusCode::NOT_MODIFIED));
        if let Some(status) = refused {
            return Err(InvalidCachePolicy::Status(status));
        }
        Ok(())
    }

    pub(super) fn consulted(&self) -> &[HeaderName] {
        &self.consulted
    }

    pub(super) fn vary(&mut self, consulted: &[HeaderName]) {
        self.policy = self.policy.clone().vary(consulted.iter().cloned());
    }

    pub(super) fn policy(&self) -> &CachePolicy {
        &self.policy
    }

    /// Takes its patterns of paths out. Without any it is for all paths.
    pub(super) fn take_paths(&mut self) -> Vec<Route> {
        mem::take(&mut self.paths)
    }

    /// Returns `true` if it is for requests with this method.
    pub(super) fn is_for_method(&self, method: &Method) -> bool {
        let named =
            |own: &Method| own == method || (*own == Method::GET && *method == Method::HEAD);
        if self.methods.is_empty() {
            matches!(*method, Method::GET | Method::HEAD)
        } else {
            self.methods.iter().any(named)
        }
    }

    /// Returns `true` if it looks at more of a request than its method and path.
    pub(super) fn has_condition(&self) -> bool {
        self.request.is_some()
    }

    /// Returns `true` if the condition holds, or there is none.
    pub(super) fn condition_holds(&self, request: &Parts) -> bool {
        let condition = self.request.as_ref();
        condition.is_none_or(|condition| condition.0(request))
    }

    /// Whether it is for what has this status, if the content is right.
    pub(super) fn names(&self, status: StatusCode) -> bool {
        if self.statuses.is_empty() {
            is_success(status)
        } else {
            self.statuses
                .iter()
                .any(|statuses| statuses.contain(status))
        }
    }

    pub(super) fn looks_at_content(&self) -> bool {
        !self.content_types.is_empty()
    }

    /// Whether it is for this response; `None` if a 304 or 206 does not tell.
    pub(super) fn is_for(&self, status: StatusCode, headers: &HeaderMap) -> Option<bool> {
        if !self.names(status) || !self.looks_at_content() {
            return Some(self.names(status));
        }
        let content_type = headers.get(CONTENT_TYPE);
        let is_of = |range: &MediaRange| content_type.is_some_and(|value| range.contains(value));
        let found = self.content_types.iter().any(is_of);
        (found || !media_range::is_type_unknown(status, content_type)).then_some(found)
    }
}

pub(super) fn is_success(status: StatusCode) -> bool {
    matches!(status.as_u16(), 200 | 203 | 204 | 206 | 304)
}

/// One beyond 599 is taken for a 5xx (RFC 9110, section 15).
pub(super) fn is_error(status: StatusCode) -> bool {
    status.as_u16() >= 400
}

impl Statuses {
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
