use std::{fmt, future::Future, sync::Arc};

use http::{Method, request::Parts};
use tower_layer::Layer;

#[cfg(feature = "tokio")]
use super::lock::WriteLock;
use super::{
    Precondition,
    config::{OnUnchecked, PreconditionConfig},
};
use crate::{
    clock::{Clock, SharedClock},
    refusal::{RenderRefusal, Renderer},
    semantics::{condition::Requirement, field::method::changes_target, validator::Validators},
    source::{OnSourceError, SelfGet, ValidatorSource},
};

/// Layer that checks the preconditions of writes before they are performed.
///
/// `Q` is the source, `G` a [`SelfGet`] and `L` the lock. `()` stands for none.
///
/// See the [module docs](crate::precondition) for an example.
#[must_use]
pub struct PreconditionLayer<Q = (), G = (), L = ()> {
    // Shared with the services, since axum may apply a layer once per request.
    config: Arc<PreconditionConfig<Q, G>>,
    lock: L,
}

impl PreconditionLayer {
    /// Creates a layer that does not know the current state. The handler compares, with
    /// [`Expected`](crate::handler::Expected).
    pub fn handler_checks() -> Self {
        Self::new(())
    }

    /// Creates a layer that asks the service itself for the current state.
    pub fn self_get<T>(self_get: SelfGet<T>) -> PreconditionLayer<(), SelfGet<T>> {
        Self::handler_checks().with_self_get(self_get)
    }
}

impl<Q: ValidatorSource> PreconditionLayer<Q> {
    /// Creates a layer that checks against the state that the source tells.
    pub fn new(source: Q) -> Self {
        Self {
            config: Arc::new(PreconditionConfig {
                source: Arc::new(source),
                self_get: (),
                required: None,
                requirement: Requirement::Condition,
                proceeds_when_unknown: false,
                creates: None,
                weak_if_match: false,
                hands_over_expected: true,
                already_applied: None,
                on_source_error: OnSourceError::Refuse,
                on_unchecked: OnUnchecked::Report,
                explain: false,
                renderer: Renderer::default(),
                clock: SharedClock::default(),
            }),
            lock: (),
        }
    }
}

impl<Q, G, L> PreconditionLayer<Q, G, L> {
    /// Returns the source, for a layer of reads that hands out the same tags.
    pub(crate) fn shared_source(&self) -> Arc<Q> {
        Arc::clone(&self.config.source)
    }

    /// Sets the service that is asked if the source does not know the state or fails. It is
    /// also asked for the representation that a 412 carries. The body type of the requests
    /// must then have a default, for the `GET`.
    ///
    /// Every 412 has the tag that the source knows. Under
    /// [`writers_may_read`](SelfGet::writers_may_read) it has none if the `GET` was
    /// refused, found nothing or failed. If an extractor of the source rejects the request,
    /// no service is asked.
    pub fn with_self_get<T>(self, self_get: SelfGet<T>) -> PreconditionLayer<Q, SelfGet<T>, L> {
        PreconditionLayer {
            config: Arc::new(self.config.with_self_get(self_get)),
            lock: self.lock,
        }
    }
}

impl<Q, G: Clone, L> PreconditionLayer<Q, G, L> {
    fn config_mut(&mut self) -> &mut PreconditionConfig<Q, G> {
        Arc::make_mut(&mut self.config)
    }

    /// Answers 428 to a `PUT`, `PATCH` or `DELETE` without a condition (RFC 6585, section
    /// 3). Off by default. To require conditions on some routes only, put the layer around
    /// those.
    pub fn require(self) -> Self {
        self.require_if(|request| changes_target(&request.method))
    }

    /// Answers 428 to a request without a condition if the predicate holds for it. Safe
    /// requests are never refused. Off by default.
    pub fn require_if(mut self, required: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.config_mut().required = Some(Arc::new(required));
        self
    }

    /// Requires a condition that names one exact state: a tag in `If-Match`, or
    /// `If-None-Match: *`. Off by default.
    ///
    /// Requests that need a condition are those of [`require_if`](Self::require_if) if it
    /// is set, and those of [`require`](Self::require) otherwise. Two other conditions are
    /// then not enough, and the answer is 428. `If-Unmodified-Since` cannot tell two writes
    /// of one second apart. `If-Match: *` lets every writer through that finds something.
    pub fn require_tag(mut self) -> Self {
        self.config_mut().requirement = Requirement::Tag;
        if self.config.required.is_none() {
            return self.require();
        }
        self
    }

    /// Lets a conditional write reach the handler if nobody knows the current state, even
    /// if a condition is required. It does the same for a write without a key for the
    /// lock (`PreconditionLayer::lock`). Set it if the handler compares with
    /// [`Expected`](crate::handler::Expected).
    ///
    /// By default such a write is refused with 412: another spelling of the path may be the
    /// reason that a source does not know it. A layer without any source does not need
    /// this; see [`handler_checks`](PreconditionLayer::handler_checks).
    pub fn proceed_when_unknown(mut self) -> Self {
        self.config_mut().proceeds_when_unknown = true;
        self
    }

    /// Sets the methods with which the service creates an absent resource. Defaults to
    /// `PUT`, `POST` and `MKCOL`.
    ///
    /// If nothing exists, a false condition is a 412 for these methods, and a missing one a
    /// 428. For all others the answer is 404: a request that gets 404 without a condition
    /// gets it with one, too (RFC 9110, section 13.2.1).
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

    /// Compares `If-Match` weakly, as FHIR servers and OData services do. Off by default:
    /// RFC 9110, section 13.1.1 asks for the strong comparison. Two states that share a
    /// weak tag may differ in the part that the write destroys.
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
        self.config_mut().hands_over_expected = false;
        self
    }

    /// Answers 204 in place of 412 if `applied` finds that this very request made the
    /// current state (RFC 9110, sections 13.1.1 and 13.1.4). Off by default.
    ///
    /// Only the application can find that out, for example by a request id or a digest that
    /// it stored with the write. An equal state proves nothing. The 204 has no validators,
    /// which a client could take for those of the content that it sent (section 9.3.4).
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
    /// Defaults to [`Report`](OnUnchecked::Report).
    pub fn on_unchecked(mut self, on_unchecked: OnUnchecked) -> Self {
        self.config_mut().on_unchecked = on_unchecked;
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
        self.config_mut().clock = SharedClock::new(clock);
        self
    }

    /// Records an [`Outcome`](crate::Outcome) on every answer to a request whose conditions
    /// were evaluated. Off by default.
    pub fn explain(mut self) -> Self {
        self.config_mut().explain = true;
        self
    }
}

#[cfg(feature = "tokio")]
impl<Q, G> PreconditionLayer<Q, G> {
    /// Performs the writes of one resource one after the other, within this process. No
    /// other write can then come between check and write.
    ///
    /// Other processes, and writers that do not come through this layer, are not kept out.
    /// A program with replicas needs [`Expected`](crate::handler::Expected) or a
    /// transaction against lost updates. The lock needs tokio's runtime.
    ///
    /// ## The key
    ///
    /// `key` names the resource that a request is about. Two spellings of one resource must
    /// have one key, or both writers win. So read the path as the handler does.
    /// [`Route::parameter`](crate::route::Route::parameter) does that for a number or a
    /// UUID:
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
    /// Several layers may write the same resources, for example on other routes or for
    /// another version of an API. They take clones of one lock and give a resource the same
    /// key.
    ///
    /// The key may also name the caller, from an extension that a layer outside added.
    /// Callers with resources of their own then do not wait for each other.
    ///
    /// A `PUT`, `PATCH` or `DELETE` takes the lock, and so does every request with a
    /// condition. A conditional write without a key is refused with 412, unless
    /// [`proceed_when_unknown`](Self::proceed_when_unknown) is set. Other requests without
    /// a key pass.
    ///
    /// ## The content
    ///
    /// The content of the request is read before the lock is taken, up to
    /// [`max_read_ahead_bytes`](Self::max_read_ahead_bytes). So a slow upload holds up no
    /// other write. If the content is not there at once, or for `Expect: 100-continue`, the
    /// conditions are checked before it is read, and once more under the lock. So a stale
    /// upload need not be sent.
    ///
    /// The service inside gets the content as a [`RequestBody`](crate::body::RequestBody),
    /// which handlers of `axum` take like any other body.
    ///
    /// ## Timeout and disconnects
    ///
    /// A write may hold the lock for the lock's
    /// [`hold_timeout`](crate::lock::KeyedLock::hold_timeout). After that it is dropped and
    /// answered with 500, since its effect is unknown.
    ///
    /// If the client disconnects, the check, the handler and the release go on; see
    /// [`detached`](Self::detached).
    pub fn lock<K: ToString>(
        self,
        lock: crate::lock::KeyedLock,
        key: impl Fn(&Parts) -> Option<K> + Send + Sync + 'static,
    ) -> PreconditionLayer<Q, G, WriteLock> {
        PreconditionLayer {
            config: self.config,
            lock: WriteLock::new(lock, move |request| Some(key(request)?.to_string())),
        }
    }
}

#[cfg(feature = "tokio")]
impl<Q, G> PreconditionLayer<Q, G, WriteLock> {
    /// Sets the most bytes of a request's content that are read before the lock is taken.
    /// Defaults to 2 MiB. Each frame counts with the memory that it takes. The rest of
    /// longer content is read under the lock.
    pub fn max_read_ahead_bytes(mut self, bytes: usize) -> Self {
        self.lock.max_read_ahead_bytes = bytes;
        self
    }

    /// Sets the handle that counts writes under the lock. With it, a program can await the
    /// writes of disconnected clients before it ends. By default there is no such handle.
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
            .field("requirement", &self.config.requirement)
            .field("proceeds_when_unknown", &self.config.proceeds_when_unknown)
            .field("creates", &self.config.creates)
            .field("weak_if_match", &self.config.weak_if_match)
            .field("hands_over_expected", &self.config.hands_over_expected)
            .field("on_source_error", &self.config.on_source_error)
            .field("on_unchecked", &self.config.on_unchecked)
            .field("renderer", &self.config.renderer)
            .field("lock", &self.lock)
            .finish_non_exhaustive()
    }
}

// The service needs `Clone`. With the bound here, the compiler names it if it is missing.
impl<S: Clone, Q, G, L: Clone> Layer<S> for PreconditionLayer<Q, G, L> {
    type Service = Precondition<S, Q, G, L>;

    fn layer(&self, inner: S) -> Self::Service {
        Precondition::new(inner, Arc::clone(&self.config), self.lock.clone())
    }
}
