use std::{fmt, future::Future, sync::Arc};

use http::{Method, request::Parts};
use tower_layer::Layer;

#[cfg(feature = "tokio")]
use super::lock::Locked;
use super::{
    Precondition,
    config::{Config, Unchecked},
};
use crate::{
    clock::{Clock, SystemClock},
    refusal::{RenderRefusal, Renderer},
    semantics::{condition::Requirement, field::method::changes_target, validator::Validators},
    source::{OnSourceError, SelfGet, ValidatorSource},
};

/// Layer that checks the conditions of writes before they are performed.
///
/// `Q` is the source, `G` a [`SelfGet`] and `L` the lock. `()` stands for none.
///
/// See the [module docs](crate::precondition) for an example.
#[must_use]
pub struct PreconditionLayer<Q = (), G = (), L = ()> {
    // Shared with the services, since axum may apply a layer for each request.
    config: Arc<Config<Q, G>>,
    lock: L,
}

impl PreconditionLayer {
    /// Knows nothing of the current state: the handler compares, with what is
    /// [`Expected`](crate::handler::Expected).
    pub fn handler_checks() -> Self {
        Self::new(())
    }

    /// Asks the service itself for the current state.
    pub fn self_get<T>(self_get: SelfGet<T>) -> PreconditionLayer<(), SelfGet<T>> {
        Self::handler_checks().with_self_get(self_get)
    }
}

impl<Q: ValidatorSource> PreconditionLayer<Q> {
    /// Checks against what the source says.
    pub fn new(source: Q) -> Self {
        Self {
            config: Arc::new(Config {
                source: Arc::new(source),
                self_get: (),
                required: None,
                requires: Requirement::Condition,
                proceeds_when_unknown: false,
                creates: None,
                weak_if_match: false,
                hands_over: true,
                already_applied: None,
                on_source_error: OnSourceError::Refuse,
                unchecked: Unchecked::Report,
                explain: false,
                renderer: Renderer::default(),
                clock: Arc::new(SystemClock::default()),
            }),
            lock: (),
        }
    }
}

impl<Q, G, L> PreconditionLayer<Q, G, L> {
    /// The source, for a layer of reads that hands out the tags checked here.
    pub(crate) fn shared_source(&self) -> Arc<Q> {
        Arc::clone(&self.config.source)
    }

    /// Asks a service where the source does not know or fails, and for the
    /// representation that a 412 carries. The body type of the requests must then have
    /// a default, for the `GET`. The tag that the source knows stands in every 412, but
    /// under [`writers_may_read`](SelfGet::writers_may_read) not in one whose `GET` was
    /// refused, found nothing or failed. No service is asked if an extractor of the source
    /// rejects the request.
    pub fn with_self_get<T>(self, self_get: SelfGet<T>) -> PreconditionLayer<Q, SelfGet<T>, L> {
        PreconditionLayer {
            config: Arc::new(self.config.with_self_get(self_get)),
            lock: self.lock,
        }
    }
}

impl<Q, G: Clone, L> PreconditionLayer<Q, G, L> {
    fn config_mut(&mut self) -> &mut Config<Q, G> {
        Arc::make_mut(&mut self.config)
    }

    /// Answers 428 to a `PUT`, `PATCH` or `DELETE` without a condition
    /// (RFC 6585, section 3). Off by default. For some routes only, put the
    /// layer around those.
    pub fn require(self) -> Self {
        self.require_if(|request| changes_target(&request.method))
    }

    /// Requires a condition of the requests for which the predicate holds: without one they
    /// get 428. Safe requests never do.
    pub fn require_if(mut self, required: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.config_mut().required = Some(Arc::new(required));
        self
    }

    /// As [`require`](Self::require), or as [`require_if`](Self::require_if) if that is
    /// set, and accepts a condition only if it names a state exactly: a tag in `If-Match`,
    /// or `If-None-Match: *`. `If-Unmodified-Since` cannot tell two writes of one second
    /// apart, and `If-Match: *` lets every writer through that finds something; each
    /// alone is then 428. Off by default.
    pub fn require_tag(mut self) -> Self {
        self.config_mut().requires = Requirement::Tag;
        if self.config.required.is_none() {
            return self.require();
        }
        self
    }

    /// Lets a conditional write go to the handler where nobody knows the current state,
    /// even if a condition is required, or no key for the lock (`Self::lock`): because
    /// the handler compares what is [`Expected`](crate::handler::Expected).
    ///
    /// By default such a write is refused with 412 (another spelling of the path may be
    /// the reason that a source does not know it). A layer without any source needs no
    /// permission: see [`handler_checks`](Self::handler_checks).
    pub fn proceed_when_unknown(mut self) -> Self {
        self.config_mut().proceeds_when_unknown = true;
        self
    }

    /// Sets the methods with which the service makes what is absent. Defaults to
    /// `PUT`, `POST` and `MKCOL`.
    ///
    /// Where nothing exists, a false or missing condition is 412 or 428 for these
    /// methods, and 404 for all others: what would be 404 without a condition is
    /// 404 with one (RFC 9110, section 13.2.1).
    ///
    /// ```
    /// use http::Method;
    /// use tower_conditional::{PreconditionLayer, source::SelfGet};
    ///
    /// # let reads = tower::service_fn(|_: http::Request<()>| async { Ok::<_, ()>(http::Response::new(())) });
    /// // Notes are made by POST to the collection; PUT only replaces them.
    /// let notes = PreconditionLayer::self_get(SelfGet::of(reads.clone())).creates([Method::POST]);
    /// // JSON Merge Patch (RFC 7396) may make what it patches.
    /// let settings = PreconditionLayer::self_get(SelfGet::of(reads))
    ///     .creates([Method::PUT, Method::PATCH]);
    /// # let _ = (notes, settings);
    /// ```
    pub fn creates(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.config_mut().creates = Some(methods.into_iter().collect());
        self
    }

    /// Compares `If-Match` weakly, as FHIR servers and OData services do.
    /// RFC 9110, section 13.1.1 asks for the strong comparison, which is the
    /// default: two states that share a weak tag may differ in what the write
    /// would destroy.
    pub fn weak_if_match(mut self) -> Self {
        self.config_mut().weak_if_match = true;
        self
    }

    /// Checks conditions without adding [`Expected`](crate::handler::Expected) to the
    /// request, and reports no unchecked writes. Off by default.
    ///
    /// Use it if the handler prevents lost updates by other means, or if there is only one
    /// writer. It saves the allocations of the extension. A 412 by the handler lists no
    /// expected tags.
    pub fn check_only(mut self) -> Self {
        self.config_mut().hands_over = false;
        self
    }

    /// Answers 204 in place of 412 where `applied` says that this very request
    /// made the current state already (RFC 9110, sections 13.1.1 and 13.1.4).
    /// The 204 has no validators, which a client could take for those of the
    /// content that it sent (section 9.3.4).
    ///
    /// Off by default: only the application can tell, for example by a request
    /// id or a digest that it stored with the write; that the state looks the
    /// same proves nothing.
    pub fn already_applied<F, Fut>(mut self, applied: F) -> Self
    where
        F: Fn(&Parts, &Validators) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        self.config_mut().already_applied = Some(Arc::new(move |request, current| {
            Box::pin(applied(request, current))
        }));
        self
    }

    /// Sets the reaction to a source that fails. Defaults to
    /// [`Refuse`](OnSourceError::Refuse).
    pub fn on_source_error(mut self, on_error: OnSourceError) -> Self {
        self.config_mut().on_source_error = on_error;
        self
    }

    /// Sets the reaction to a write that succeeded although its handler did not compare.
    /// Defaults to [`Report`](Unchecked::Report).
    pub fn unchecked(mut self, unchecked: Unchecked) -> Self {
        self.config_mut().unchecked = unchecked;
        self
    }

    /// Sets how refusals are rendered. Defaults to [`ProblemJson`](crate::refusal::ProblemJson).
    pub fn refusals(mut self, render: impl RenderRefusal) -> Self {
        self.config_mut().renderer = Renderer::new(render);
        self
    }

    /// Sets the clock used to evaluate dates. Defaults to
    /// [`SystemClock`](crate::clock::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.config_mut().clock = Arc::new(clock);
        self
    }

    /// Records an [`Outcome`](crate::Outcome) on every answer to a request
    /// whose conditions were looked at. Off by default.
    pub fn explain(mut self) -> Self {
        self.config_mut().explain = true;
        self
    }
}

#[cfg(feature = "tokio")]
impl<Q, G> PreconditionLayer<Q, G> {
    /// Performs the writes of one resource one after the other, in this process, so
    /// that nothing can come between check and write.
    ///
    /// `key` names the resource that a request is about. Two spellings of one resource
    /// must have one key, or both writers win: take what the handler makes of the path,
    /// not the path. [`Route::parameter`](crate::route::Route::parameter) reads a number
    /// or a UUID as a handler does:
    ///
    /// ```
    /// use tower_conditional::{lock::KeyedLock, route::Route, PreconditionLayer};
    ///
    /// let note = Route::new("/notes/{id}")?;
    /// let layer = PreconditionLayer::handler_checks()
    ///     .lock(KeyedLock::new(), move |request| note.parameter::<i64>(request, "id"))
    ///     .require();
    /// # let _ = layer;
    /// # Ok::<_, tower_conditional::route::InvalidRoute>(())
    /// ```
    ///
    /// Layers that write the same resources, on other routes or of another version of an
    /// API, take clones of one lock and give a resource the same key.
    ///
    /// The key may name the caller too, from an extension that a layer outside left: then
    /// nobody waits for another caller's writes, where each has resources of their own.
    ///
    /// Only requests with a condition take the lock, and `PUT`, `PATCH` and `DELETE`. A
    /// conditional write without a key is refused with 412, unless
    /// [`proceed_when_unknown`](Self::proceed_when_unknown) is set; other requests
    /// without one pass.
    ///
    /// The service inside gets the content as a [`RequestBody`](crate::body::RequestBody),
    /// which the handlers of `axum` take like any other.
    ///
    /// The content of the request is read before the lock is taken, up to
    /// [`max_content`](Self::max_content), so that a slow upload holds nobody up. Where
    /// it is not there at once, and for `Expect: 100-continue`, the conditions are
    /// looked at before, so that a stale upload need not be sent, and then again. A
    /// write may hold the lock for the lock's
    /// [`hold_timeout`](crate::lock::KeyedLock::hold_timeout), and is given up after
    /// that: 500, since nobody knows what became of it.
    ///
    /// The check, the handler and the release go on when the client leaves; see
    /// [`detached`](Self::detached). It needs tokio's runtime. Nothing is promised about
    /// other processes, nor about writers that do not come through this layer: a program
    /// with replicas needs [`Expected`](crate::handler::Expected) or a transaction.
    pub fn lock<K: ToString>(
        self,
        lock: crate::lock::KeyedLock,
        key: impl Fn(&Parts) -> Option<K> + Send + Sync + 'static,
    ) -> PreconditionLayer<Q, G, Locked> {
        PreconditionLayer {
            config: self.config,
            lock: Locked::new(lock, move |request| Some(key(request)?.to_string())),
        }
    }
}

#[cfg(feature = "tokio")]
impl<Q, G> PreconditionLayer<Q, G, Locked> {
    /// Sets how many bytes of a request's content are read before the lock is taken.
    /// Defaults to 2 MiB. Each frame counts with the memory that it takes. The rest of
    /// longer content is read under the lock.
    pub fn max_content(mut self, bytes: usize) -> Self {
        self.lock.max_content = bytes;
        self
    }

    /// Sets the handle that counts writes under the lock, so that a program can await
    /// those whose client has left before it ends. By default nobody can.
    pub fn detached(mut self, detached: crate::detached::Detached) -> Self {
        self.lock.detached = detached;
        self
    }
}

impl<Q, G, L: Clone> Clone for PreconditionLayer<Q, G, L> {
    fn clone(&self) -> Self {
        Self {
            config: Arc::clone(&self.config),
            lock: self.lock.clone(),
        }
    }
}

impl<Q, G, L: fmt::Debug> fmt::Debug for PreconditionLayer<Q, G, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreconditionLayer")
            .field("required", &self.config.required.is_some())
            .field("requires", &self.config.requires)
            .field("proceeds_when_unknown", &self.config.proceeds_when_unknown)
            .field("creates", &self.config.creates)
            .field("weak_if_match", &self.config.weak_if_match)
            .field("hands_over", &self.config.hands_over)
            .field("on_source_error", &self.config.on_source_error)
            .field("unchecked", &self.config.unchecked)
            .field("renderer", &self.config.renderer)
            .field("lock", &self.lock)
            .finish_non_exhaustive()
    }
}

// `Clone` is what the service needs. Asked for here, the compiler names it where it is missing.
impl<S: Clone, Q, G, L: Clone> Layer<S> for PreconditionLayer<Q, G, L> {
    type Service = Precondition<S, Q, G, L>;

    fn layer(&self, inner: S) -> Self::Service {
        Precondition::new(inner, Arc::clone(&self.config), self.lock.clone())
    }
}
