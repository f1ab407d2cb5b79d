use std::{
    fmt,
    future::{Future, ready},
};

use http::{Extensions, Request, Response, StatusCode, request::Parts};
use tower_service::Service;

use super::{SourceError, SourceKnows, StateWanted, caught};
use crate::{
    clock::SharedClock,
    semantics::{
        condition::{
            Current,
            self_get::{self, Meaning},
        },
        validator::Validators,
    },
    service::Ready,
    target,
};

/// Asks a service for the current state, with a `GET` that carries the request's
/// own fields apart from conditions and content.
///
/// It needs no knowledge of the application and has the current representation for
/// a 412. It costs what a `GET` costs. The service must set the same validators on
/// this `GET` as on the client's, so [`EtagLayer`](crate::EtagLayer), if that is
/// where they come from, belongs inside.
///
/// The `GET` and the write are two steps: between them another writer may
/// come. See [`PreconditionLayer`](crate::PreconditionLayer) for what closes
/// that gap.
///
/// The status of the answer tells the state:
///
/// | Status | Meaning |
/// |---|---|
/// | 200, 203, 204 | the current representation |
/// | 404, 410 | there is none |
/// | 405, 501 | nothing is known |
/// | other 4xx | the client's answer, as it is: who may not read learns nothing from a condition, and a 429 keeps its `Retry-After` |
/// | 3xx but 304 | the client's answer, if [writers may read](Self::writers_may_read), since it may lead to the representation; otherwise nothing is known |
/// | all others, and a panic | a failed source |
///
/// # Which service
///
/// [`of`](Self::of) names the service. In `axum` that is the router of the reads:
///
/// ```
/// # use axum::{Router, routing::{get, put}};
/// # use tower_conditional::{PreconditionLayer, source::SelfGet};
/// # async fn read() {}
/// # async fn write() {}
/// let reads: Router = Router::new().route("/notes/{id}", get(read));
/// let guard = PreconditionLayer::self_get(SelfGet::of(reads.clone())).require();
/// let writes = Router::new().route("/notes/{id}", put(write).route_layer(guard));
/// let app = reads.merge(writes);
/// # let _: Router = app;
/// ```
///
/// A named service gets only the [target](crate::target) and those of the request's
/// extensions that [`extension`](Self::extension) names, since what a router noted for
/// its handlers would confuse another. Below `Router::nest` the `GET` has the path
/// without the prefix, as the layer does: name the nested router, not the one around it.
///
/// [`inner_tells_methods_apart`](Self::inner_tells_methods_apart) asks the service
/// inside the layer, which the caller promises to answer a `GET` as a `GET`. It gets
/// the extensions too.
///
/// # Who may see the representation
///
/// A layer inside of the authorisation cannot know whether the sender of a write may
/// read. So a 412 carries neither the representation nor its validators, unless
/// [`writers_may_read`](Self::writers_may_read) promises it.
#[derive(Debug, Clone)]
#[must_use]
pub struct SelfGet<T = InnerService> {
    service: T,
    /// The `GET` to a named service has all extensions of the request.
    keeps_extensions: bool,
    /// Otherwise it has these.
    extensions: Vec<fn(&Extensions, &mut Extensions)>,
    writers_may_read: bool,
    #[cfg(feature = "tokio")]
    limit: Option<std::time::Duration>,
}

/// Stands in a [`SelfGet`] for the service inside the layer.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct InnerService;

impl SelfGet {
    /// Asks the service inside the layer, of which the caller promises that it answers
    /// a `GET` as the service's own `GET`. A router does. A handler does not, nor does
    /// anything inside of `axum`'s `Router::layer`, which puts the layer around each
    /// handler: there the `GET` would run the handler of the write. If in doubt, name
    /// the service with [`of`](Self::of).
    pub fn inner_tells_methods_apart() -> Self {
        Self::asking(InnerService)
    }

    /// Asks this service. The `GET` has none of the request's extensions: what a router
    /// left there, such as the parameters of the path, would count twice. See
    /// [`extension`](Self::extension).
    ///
    /// Its answers must have the type of those of the service inside the layer. In a
    /// [`Stack`](crate::Stack) that is the type of a stack's: name the reads inside of a
    /// `stack()` of their own.
    pub fn of<T>(service: T) -> SelfGet<T> {
        SelfGet::asking(service)
    }

    /// Asks the methods of the route that the layer is on. What the router left in the
    /// request's extensions is for them too.
    #[cfg(feature = "axum")]
    pub(crate) fn on_the_same_route<T>(service: T) -> SelfGet<T> {
        SelfGet {
            keeps_extensions: true,
            ..SelfGet::asking(service)
        }
    }
}

impl<T> SelfGet<T> {
    fn asking(service: T) -> Self {
        Self {
            service,
            keeps_extensions: false,
            extensions: Vec::new(),
            writers_may_read: false,
            #[cfg(feature = "tokio")]
            limit: super::LIMIT,
        }
    }

    /// Promises that whoever gets as far as the layer with a write may read what it
    /// would change: because the same callers may do both, or because the service that
    /// is asked refuses the `GET` of a caller who may not read, authorisation included.
    /// A 412 then carries the current representation and its validators. Without this
    /// promise, which is the default, it carries neither. The validators that a handler
    /// puts into its own [`PreconditionFailed`](crate::handler::PreconditionFailed), by
    /// [`Expected::check`](crate::handler::Expected::check) for example, are sent all the same.
    pub fn writers_may_read(self) -> Self {
        Self {
            writers_may_read: true,
            ..self
        }
    }

    /// Gives the `GET` to a named service the request's extension of this type, if it has
    /// one: what a layer outside found out about the caller, for example. The service
    /// inside the layer gets all of them anyway.
    pub fn extension<X: Clone + Send + Sync + 'static>(mut self) -> Self {
        self.extensions.push(|request, get| {
            if let Some(extension) = request.get::<X>() {
                get.insert(extension.clone());
            }
        });
        self
    }

    /// Sets how long the head of the answer may take. Defaults to 10 seconds. Beyond
    /// that it is a failed source. It needs tokio's timer.
    #[cfg(feature = "tokio")]
    pub fn timeout(self, limit: std::time::Duration) -> Self {
        Self {
            limit: Some(limit),
            ..self
        }
    }

    async fn ask<R, E>(&self, answer: impl Future<Output = Result<R, E>>) -> Result<Got<R>, E> {
        Ok(match self.within(caught(answer)).await {
            Some(Ok(answer)) => Got::Answer(answer?),
            Some(Err(panicked)) => Got::Failed(panicked),
            None => Got::Failed(SourceError::timed_out()),
        })
    }

    #[cfg(feature = "tokio")]
    async fn within<F: Future>(&self, future: F) -> Option<F::Output> {
        super::within(self.limit, future).await
    }

    #[cfg(not(feature = "tokio"))]
    async fn within<F: Future>(&self, future: F) -> Option<F::Output> {
        Some(future.await)
    }
}

/// The result of a `GET`.
// Public, since newer compilers refuse a private type in the future of a public trait.
#[allow(missing_debug_implementations, unnameable_types)] // sealed
pub enum Got<R> {
    Answer(R),
    /// There is nobody to ask.
    Nothing,
    Failed(SourceError),
}

/// The way in which a layer asks the service: [`SelfGet`], for which the request's body
/// type must have a default, or `()` if it does not ask.
#[allow(private_bounds, private_interfaces)] // sealed
#[diagnostic::on_unimplemented(
    message = "a `SelfGet` cannot make a `GET` whose body is `{B}`",
    label = "the `GET` of a `SelfGet` needs an empty body",
    note = "`{B}` must be `Default`, as `UnsyncBoxBody` of http-body-util is: box the body in a layer outside",
    note = "the service inside must be `Send`, as must its future; the same holds for a service that `SelfGet::of` names, which must be `Clone + Sync` too"
)]
pub trait MayAskService<S: Service<Request<B>>, B>: Clone + Send + Sync + 'static {
    /// `true` if the service is asked.
    #[doc(hidden)]
    const ASKS: bool;

    /// Returns `true` if the client may see the service's answer.
    #[doc(hidden)]
    fn may_show(&self) -> bool {
        false
    }

    /// The service's answer to the `GET`. `known` says that a source knows the
    /// state, so that no tag is made from the content.
    #[doc(hidden)]
    fn get(
        &self,
        request: &Parts,
        known: bool,
        service: &mut Ready<S>,
    ) -> impl Future<Output = Result<Got<S::Response>, S::Error>> + Send;
}

#[allow(private_interfaces)]
impl<S, B> MayAskService<S, B> for ()
where
    S: Service<Request<B>, Response: Send, Error: Send>,
{
    const ASKS: bool = false;

    fn get(
        &self,
        _: &Parts,
        _: bool,
        _: &mut Ready<S>,
    ) -> impl Future<Output = Result<Got<S::Response>, S::Error>> + Send {
        ready(Ok(Got::Nothing))
    }
}

#[allow(private_interfaces)]
#[diagnostic::do_not_recommend]
impl<S, B> MayAskService<S, B> for SelfGet
where
    S: Service<Request<B>, Response: Send, Error: Send, Future: Send> + Send,
    B: Default + Send,
{
    const ASKS: bool = true;

    fn may_show(&self) -> bool {
        self.writers_may_read
    }

    async fn get(
        &self,
        request: &Parts,
        known: bool,
        service: &mut Ready<S>,
    ) -> Result<Got<S::Response>, S::Error> {
        let head = marked(self_get::head(request), known);
        let get = Request::from_parts(head, B::default());
        self.ask(service.call(get)).await
    }
}

#[allow(private_interfaces)]
#[diagnostic::do_not_recommend]
impl<S, B, T> MayAskService<S, B> for SelfGet<T>
where
    S: Service<Request<B>, Response: Send, Error: Send> + Clone + Send,
    T: Service<Request<B>, Response = S::Response, Error = S::Error, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    B: Default + Send,
{
    const ASKS: bool = true;

    fn may_show(&self) -> bool {
        self.writers_may_read
    }

    async fn get(
        &self,
        request: &Parts,
        known: bool,
        service: &mut Ready<S>,
    ) -> Result<Got<S::Response>, S::Error> {
        // Both may wait for places in the same limit.
        service.release();
        let mut head = self_get::head(request);
        if !self.keeps_extensions {
            head.extensions = Extensions::new();
            target::carry(&request.extensions, &mut head.extensions);
        }
        for carry in &self.extensions {
            carry(&request.extensions, &mut head.extensions);
        }
        let mut named = Ready::fresh(self.service.clone());
        let get = Request::from_parts(marked(head, known), B::default());
        self.ask(named.call(get)).await
    }
}

/// Tells a [`StateRefLayer`](crate::StateRefLayer) inside that the state is wanted, and an
/// [`EtagLayer`](crate::EtagLayer) whether a source knows it.
fn marked(mut head: Parts, known: bool) -> Parts {
    head.extensions.insert(StateWanted);
    if known {
        head.extensions.insert(SourceKnows);
    }
    head
}

/// The meaning of the service's answer to a `GET`.
pub(crate) enum Asked<R> {
    /// The state, with the answer that told it where there is one.
    State(Current, Option<R>),
    /// The answer that the client gets in place of any verdict.
    Answer(R),
    Failed(SourceError),
}

impl<B> Asked<Response<B>> {
    pub(crate) fn read(got: Got<Response<B>>, clock: &SharedClock) -> Self {
        let response = match got {
            Got::Answer(response) => response,
            Got::Nothing => return Self::State(Current::Unknown, None),
            Got::Failed(error) => return Self::Failed(error),
        };
        match Meaning::of(response.status()) {
            Meaning::Present => {
                let validators = Validators::from_headers(response.headers(), || clock.now());
                Self::State(Current::Present(validators), Some(response))
            }
            Meaning::Absent => Self::State(Current::Absent, Some(response)),
            Meaning::Unknown => Self::State(Current::Unknown, None),
            Meaning::Refused => Self::Answer(response),
            Meaning::Failed => Self::Failed(SourceError::from_source(UnexpectedStatus(
                response.status(),
            ))),
        }
    }
}

/// The service answered the `GET` with a status that tells nothing.
#[derive(Debug)]
struct UnexpectedStatus(StatusCode);

impl fmt::Display for UnexpectedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the service answered its own GET with {}", self.0)
    }
}

impl std::error::Error for UnexpectedStatus {}
