use std::{fmt, future::Future, pin::Pin, sync::Arc};

use http::{Method, request::Parts};
#[cfg(feature = "tokio")]
use percent_encoding::percent_decode_str;
use tower_layer::Layer;

use super::Precondition;
use crate::{
    clock::{Clock, SystemClock},
    refusal::{RenderRefusal, Renderer},
    semantics::{date::HttpDate, method::is_safe, validators::Validators},
    source::{NoSelfGet, OnSourceError, Placed, SelfGet, Unknown, ValidatorSource},
};

/// Layer that checks the conditions of writes before they are performed.
///
/// See the [module docs](crate::precondition) for an example.
#[must_use]
pub struct PreconditionLayer<Q = Unknown, G = NoSelfGet> {
    config: Config<Q, G>,
}

pub(super) struct Config<Q, G> {
    pub(super) source: Arc<Q>,
    pub(super) self_get: G,
    pub(super) required: Option<Required>,
    pub(super) patch_creates: bool,
    pub(super) weak_if_match: bool,
    pub(super) already_applied: Option<AlreadyApplied>,
    pub(super) on_source_error: OnSourceError,
    pub(super) unchecked: Unchecked,
    pub(super) explain: bool,
    pub(super) renderer: Renderer,
    pub(super) clock: Arc<dyn Clock>,
    #[cfg(feature = "tokio")]
    pub(super) turns: Option<super::turn::Turns>,
}

type Required = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;
type AlreadyApplied =
    Arc<dyn Fn(&Parts, &Validators) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// What the layer does about a conditional write that succeeded though the
/// handler never compared what it [`Expected`](crate::handler::Expected).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unchecked {
    /// Reports it: an event (feature `tracing`) and
    /// [`Outcome::is_unchecked`](crate::Outcome::is_unchecked). The default.
    Report,
    /// Answers 500 in place of the success, for tests. The write has happened.
    Fail,
}

impl PreconditionLayer {
    /// Knows nothing of the current state: the handler compares, with what is
    /// [`Expected`](crate::handler::Expected).
    pub fn handler_checks() -> Self {
        Self::new(Unknown)
    }

    /// Asks the service itself for the current state.
    pub fn self_get<T>(self_get: SelfGet<T>) -> PreconditionLayer<Unknown, SelfGet<T>> {
        Self::handler_checks().with_self_get(self_get)
    }
}

impl<Q: ValidatorSource> PreconditionLayer<Q> {
    /// Checks against what the source says.
    pub fn new(source: Q) -> Self {
        Self {
            config: Config {
                source: Arc::new(source),
                self_get: NoSelfGet,
                required: None,
                patch_creates: false,
                weak_if_match: false,
                already_applied: None,
                on_source_error: OnSourceError::Refuse,
                unchecked: Unchecked::Report,
                explain: false,
                renderer: Renderer::default(),
                clock: Arc::new(SystemClock::default()),
                #[cfg(feature = "tokio")]
                turns: None,
            },
        }
    }
}

impl<Q, G> PreconditionLayer<Q, G> {
    /// The source, for a layer of reads that hands out the tags checked here.
    pub(crate) fn shared_source(&self) -> Arc<Q> {
        Arc::clone(&self.config.source)
    }

    /// Asks the service itself where the source does not know or fails, and
    /// for the representation that a 412 carries. The body type of the
    /// requests must then have a default, for the `GET`. What the source knows
    /// every caller learns, whatever the `GET` would say to them.
    pub fn with_self_get<T>(self, self_get: SelfGet<T>) -> PreconditionLayer<Q, SelfGet<T>> {
        let config = self.config;
        PreconditionLayer {
            config: Config {
                source: config.source,
                self_get,
                required: config.required,
                patch_creates: config.patch_creates,
                weak_if_match: config.weak_if_match,
                already_applied: config.already_applied,
                on_source_error: config.on_source_error,
                unchecked: config.unchecked,
                explain: config.explain,
                renderer: config.renderer,
                clock: config.clock,
                #[cfg(feature = "tokio")]
                turns: config.turns,
            },
        }
    }

    /// Answers 428 to a `PUT`, `PATCH` or `DELETE` without a condition
    /// (RFC 6585, section 3). Off by default. For some routes only, put the
    /// layer around those.
    pub fn require(self) -> Self {
        self.require_if(|request| {
            matches!(request.method, Method::PUT | Method::PATCH | Method::DELETE)
        })
    }

    /// Answers 428 to those unsafe requests without a condition of which the
    /// predicate holds.
    pub fn require_if(mut self, required: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.config.required = Some(Arc::new(required));
        self
    }

    /// The service creates with `PATCH` what does not exist. Off by default:
    /// a `PATCH` of nothing then gets 404 where its condition is false, as a
    /// `DELETE` does, and 412 otherwise.
    pub fn patch_creates(mut self) -> Self {
        self.config.patch_creates = true;
        self
    }

    /// Compares `If-Match` weakly, as FHIR servers and OData services do.
    /// RFC 9110, section 13.1.1 asks for the strong comparison, which is the
    /// default: two states that share a weak tag may differ in what the write
    /// would destroy.
    pub fn weak_if_match(mut self) -> Self {
        self.config.weak_if_match = true;
        self
    }

    /// Answers 204 in place of 412 where `applied` says that this very request
    /// made the current state already (RFC 9110, sections 13.1.1 and 13.1.4).
    /// Off by default: only the application can tell, for example by a request
    /// id or a digest that it stored with the write; that the state looks the
    /// same proves nothing.
    pub fn already_applied<F, Fut>(mut self, applied: F) -> Self
    where
        F: Fn(&Parts, &Validators) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        self.config.already_applied = Some(Arc::new(move |request, current| {
            Box::pin(applied(request, current))
        }));
        self
    }

    /// What to do where the source fails:
    /// [`Refuse`](OnSourceError::Refuse) by default.
    pub fn on_source_error(mut self, on_error: OnSourceError) -> Self {
        self.config.on_source_error = on_error;
        self
    }

    /// What to do where nobody compared: [`Report`](Unchecked::Report) by
    /// default.
    pub fn unchecked(mut self, unchecked: Unchecked) -> Self {
        self.config.unchecked = unchecked;
        self
    }

    /// Performs the writes of one resource one after the other, in this
    /// process, so that nothing can come between check and write. The key of a
    /// request is its path, percent-decoded, since a handler takes `/notes/1`
    /// and `/notes/%31` for the same.
    ///
    /// The check, the handler and the release run in one task, which goes on
    /// when the client leaves. It needs tokio's runtime. Nothing is promised
    /// about other processes, nor about writers that do not come through this
    /// layer: a program with replicas needs
    /// [`Expected`](crate::handler::Expected) or a transaction.
    ///
    /// A slow upload holds the lock for as long as the handler reads it: limit
    /// the time of a request inside.
    #[cfg(feature = "tokio")]
    pub fn lock(self, lock: crate::lock::KeyedLock) -> Self {
        self.lock_by(lock, |request| {
            let path = percent_decode_str(request.uri.path());
            Some(path.decode_utf8_lossy().into_owned())
        })
    }

    /// As [`lock`](Self::lock), with another key; `None` takes no lock.
    #[cfg(feature = "tokio")]
    pub fn lock_by(
        mut self,
        lock: crate::lock::KeyedLock,
        key: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.config.turns = Some(super::turn::Turns::new(lock, key));
        self
    }

    /// What a refusal looks like: by default
    /// [`ProblemJson`](crate::refusal::ProblemJson).
    pub fn refusals(mut self, render: impl RenderRefusal) -> Self {
        self.config.renderer = Renderer::new(render);
        self
    }

    /// Where the time is read: the system's clock by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.config.clock = Arc::new(clock);
        self
    }

    /// Records an [`Outcome`](crate::Outcome) on every answer to a request
    /// whose conditions were looked at. Off by default.
    pub fn explain(mut self) -> Self {
        self.config.explain = true;
        self
    }
}

impl<Q, G> Config<Q, G> {
    pub(super) fn requires(&self, request: &Parts) -> bool {
        self.required
            .as_ref()
            .is_some_and(|required| required(request))
    }

    pub(super) fn now(&self) -> HttpDate {
        self.clock.now().into()
    }

    /// Whether the method makes what is not there.
    pub(super) fn creates(&self, method: &Method) -> bool {
        debug_assert!(!is_safe(method));
        match *method {
            Method::DELETE => false,
            Method::PATCH => self.patch_creates,
            _ => true,
        }
    }
}

// By hand, since a source need not be `Clone`.
impl<Q, G: Clone> Clone for Config<Q, G> {
    fn clone(&self) -> Self {
        Self {
            source: Arc::clone(&self.source),
            self_get: self.self_get.clone(),
            required: self.required.clone(),
            patch_creates: self.patch_creates,
            weak_if_match: self.weak_if_match,
            already_applied: self.already_applied.clone(),
            on_source_error: self.on_source_error,
            unchecked: self.unchecked,
            explain: self.explain,
            renderer: self.renderer.clone(),
            clock: Arc::clone(&self.clock),
            #[cfg(feature = "tokio")]
            turns: self.turns.clone(),
        }
    }
}

impl<Q, G: Clone> Clone for PreconditionLayer<Q, G> {
    fn clone(&self) -> Self {
        Self {
            config: self.config.clone(),
        }
    }
}

impl<Q, G> fmt::Debug for PreconditionLayer<Q, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreconditionLayer")
            .field("required", &self.config.required.is_some())
            .field("weak_if_match", &self.config.weak_if_match)
            .field("on_source_error", &self.config.on_source_error)
            .field("unchecked", &self.config.unchecked)
            .field("renderer", &self.config.renderer)
            .finish_non_exhaustive()
    }
}

#[allow(private_bounds)] // sealed
impl<S, Q, G: Placed + Clone> Layer<S> for PreconditionLayer<Q, G> {
    type Service = Precondition<S, Q, G>;

    /// # Panics
    ///
    /// With [`SelfGet::new`] around one handler of an `axum` router.
    fn layer(&self, inner: S) -> Self::Service {
        self.config.self_get.check_place::<S>();
        Precondition::new(inner, Arc::new(self.config.clone()))
    }
}
