use std::{
    fmt,
    future::{Future, ready},
    time::Duration,
};

use http::{Extensions, Request, Response, request::Parts};
use tower_service::Service;

use super::{NoContentTag, SelfGetRequest, SourceError, catch_panic};
use crate::{
    body::BrokenContent,
    clock::SharedClock,
    observe::exchange,
    semantics::{
        condition::{
            Current,
            self_get::{self, SelfGetStatus},
        },
        validator::Validators,
    },
    service::HeldService,
    target,
};

/// A source that gets the current state from a service, with a `GET`.
///
/// The `GET` carries the request's own headers, without its conditions and content. The
/// response is also the current representation for a 412. The `GET` costs as much as a
/// client's.
///
/// The service must set the same validators on this `GET` as on the client's. If they come
/// from [`EtagLayer`](crate::EtagLayer), put that layer inside.
///
/// The `GET` and the write are two steps, and another writer may come in between.
/// [`precondition`](crate::precondition#preventing-lost-updates) lists ways to make them one
/// step.
///
/// The status of the response determines the state:
///
/// | Status | Meaning |
/// |---|---|
/// | 200, 203, 204 | the current representation; if its content breaks while it is read for a tag, the source failed |
/// | 404, 410 | no representation exists |
/// | 405, 501 | the state is unknown |
/// | other 4xx | the client gets this response unchanged: a caller who may not read learns nothing, and a 429 keeps its `Retry-After` |
/// | 3xx except 304 | if [writers may read](Self::writers_may_read), the client gets this response, which may lead to the representation; otherwise the state is unknown |
/// | all others, and a panic | the source failed |
///
/// # Choosing the service
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
/// A named service gets the [target](crate::target) and the extensions that
/// [`extension`](Self::extension) names. It gets no other extensions: the path parameters that
/// one router added would confuse another router. Below `Router::nest` the `GET` has the path
/// without the prefix, as the layer sees it. So name the nested router, not the outer one.
///
/// [`inner_tells_methods_apart`](Self::inner_tells_methods_apart) calls the service inside the
/// layer. With it you promise that this service answers a `GET` as a `GET`. The service gets
/// all extensions.
///
/// # Access to the representation
///
/// The layer cannot know whether a client that may write may also read. So a 412 carries
/// neither the representation nor its validators. [`writers_may_read`](Self::writers_may_read)
/// changes that.
#[derive(Debug, Clone)]
#[must_use]
pub struct SelfGet<T = InnerService> {
    service: T,
    /// `true` if the `GET` to a named service has all extensions of the request.
    keeps_extensions: bool,
    /// The functions that copy one extension each, used if `keeps_extensions` is `false`.
    copy_extensions: Vec<fn(&Extensions, &mut Extensions)>,
    writers_may_read: bool,
    #[cfg(feature = "tokio")]
    timeout: Option<Duration>,
}

/// A placeholder in a [`SelfGet`] for the service inside the layer.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct InnerService;

impl SelfGet {
    /// Creates a source that calls the service inside the layer.
    ///
    /// With it you promise that this service distinguishes methods, as a router does. A handler
    /// does not: the `GET` would perform the write. The same holds inside `axum`'s
    /// `Router::layer`, which wraps each handler. If in doubt, name the service with
    /// [`of`](Self::of).
    pub fn inner_tells_methods_apart() -> Self {
        Self::new(InnerService)
    }

    /// Creates a source that calls this service.
    ///
    /// The `GET` has none of the request's extensions: a router would append its path
    /// parameters to those already there. [`extension`](Self::extension) adds single
    /// extensions.
    ///
    /// The service must have the same response type as the service inside the layer. In a
    /// [`Stack`](crate::Stack) that is the response type of a stack: wrap the reads in a
    /// `stack()` of their own.
    pub fn of<T>(service: T) -> SelfGet<T> {
        SelfGet::new(service)
    }

    /// Creates a source that calls the methods of the route that the layer is on. They get all
    /// extensions of the request, since the router added them for this route.
    #[cfg(feature = "axum")]
    pub(crate) fn on_the_same_route<T>(service: T) -> SelfGet<T> {
        SelfGet {
            keeps_extensions: true,
            ..SelfGet::new(service)
        }
    }
}

impl<T> SelfGet<T> {
    fn new(service: T) -> Self {
        Self {
            service,
            keeps_extensions: false,
            copy_extensions: Vec::new(),
            writers_may_read: false,
            #[cfg(feature = "tokio")]
            timeout: super::DEFAULT_TIMEOUT,
        }
    }

    /// Promises that every caller whose write reaches the layer may also read the resource.
    /// Defaults to no promise.
    ///
    /// The promise holds if the same callers may read and write. It also holds if the service
    /// itself refuses the `GET` of a caller who may not read.
    ///
    /// With the promise, a 412 carries the current representation and its validators. Without
    /// it, a 412 carries neither. A handler's own
    /// [`PreconditionFailed`](crate::handler::PreconditionFailed) always carries the validators
    /// that the handler put into it, for example by
    /// [`Expected::check`](crate::handler::Expected::check).
    pub fn writers_may_read(self) -> Self {
        Self {
            writers_may_read: true,
            ..self
        }
    }

    /// Adds the request's extension of this type to the `GET` to a named service, such as
    /// the identity of the caller. Defaults to no extensions.
    ///
    /// The service inside the layer gets all extensions anyway.
    pub fn extension<X: Clone + Send + Sync + 'static>(mut self) -> Self {
        self.copy_extensions.push(|request, get| {
            if let Some(extension) = request.get::<X>() {
                get.insert(extension.clone());
            }
        });
        self
    }

    /// Sets how long the head of the response may take. Defaults to 10 seconds.
    ///
    /// After that time the source has failed. The timeout needs the timer of tokio.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since each service that waits would fail.
    #[cfg(feature = "tokio")]
    #[track_caller]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self {
            timeout: Some(super::above_zero_timeout(timeout)),
            ..self
        }
    }

    /// Awaits the response to the `GET`. A panic and a timeout are failures of the source.
    async fn response<R, E>(
        &self,
        response: impl Future<Output = Result<R, E>>,
    ) -> Result<GetResponse<R>, E> {
        Ok(
            match self
                .with_timeout(catch_panic(exchange::nested(response)))
                .await
            {
                Ok(Ok(response)) => GetResponse::Response(response?),
                Ok(Err(panicked)) => GetResponse::Failed(panicked),
                Err(timeout) => GetResponse::Failed(SourceError::timed_out(timeout)),
            },
        )
    }

    /// Awaits the future. Returns the timeout if it takes longer.
    #[cfg(feature = "tokio")]
    async fn with_timeout<F: Future>(&self, future: F) -> Result<F::Output, Duration> {
        super::lazy_timeout(self.timeout, future).await
    }

    #[cfg(not(feature = "tokio"))]
    async fn with_timeout<F: Future>(&self, future: F) -> Result<F::Output, Duration> {
        Ok(future.await)
    }
}

/// The result of a `GET` for the current state.
// Public, since newer compilers refuse a private type in the future of a public trait.
#[allow(missing_debug_implementations, unnameable_types)] // sealed
pub enum GetResponse<R> {
    /// The service's response.
    Response(R),
    /// No `GET` was sent, because no service was configured.
    NotSent,
    /// The `GET` panicked or took too long.
    Failed(SourceError),
}

/// A configuration of a layer's `GET` for the current state: [`SelfGet`], or `()` for none.
/// [`SelfGet`] needs a request body type with a default.
#[allow(private_bounds, private_interfaces)] // sealed
#[diagnostic::on_unimplemented(
    message = "a `SelfGet` cannot make a `GET` whose body is `{B}`",
    label = "the `GET` of a `SelfGet` needs an empty body",
    note = "`{B}` must be `Default`, as `UnsyncBoxBody` of http-body-util is: box the body in a layer outside",
    note = "the service inside must be `Send`, as must its future; the same holds for a service that `SelfGet::of` names, which must be `Clone + Sync` too"
)]
pub trait SelfGetMode<S: Service<Request<B>>, B>: Clone + Send + Sync + 'static {
    /// `true` if this mode sends a `GET`.
    #[doc(hidden)]
    const SENDS_GET: bool;

    /// Returns `true` if the client may see the response to the `GET`.
    #[doc(hidden)]
    fn may_show(&self) -> bool {
        false
    }

    /// Sends the `GET` and returns the response. If a source knows the state, `known` is
    /// `true`, and no tag is made from the content.
    #[doc(hidden)]
    fn get(
        &self,
        request: &Parts,
        known: bool,
        service: &mut HeldService<S>,
    ) -> impl Future<Output = Result<GetResponse<S::Response>, S::Error>> + Send;
}

#[allow(private_interfaces)] // sealed
impl<S, B> SelfGetMode<S, B> for ()
where
    S: Service<Request<B>, Response: Send, Error: Send>,
{
    const SENDS_GET: bool = false;

    fn get(
        &self,
        _: &Parts,
        _: bool,
        _: &mut HeldService<S>,
    ) -> impl Future<Output = Result<GetResponse<S::Response>, S::Error>> + Send {
        ready(Ok(GetResponse::NotSent))
    }
}

#[allow(private_interfaces)] // sealed
#[diagnostic::do_not_recommend]
impl<S, B> SelfGetMode<S, B> for SelfGet
where
    S: Service<Request<B>, Response: Send, Error: Send, Future: Send> + Send,
    B: Default + Send,
{
    const SENDS_GET: bool = true;

    fn may_show(&self) -> bool {
        self.writers_may_read
    }

    async fn get(
        &self,
        request: &Parts,
        known: bool,
        service: &mut HeldService<S>,
    ) -> Result<GetResponse<S::Response>, S::Error> {
        let head = mark_head(self_get::get_head(request), known);
        let get = Request::from_parts(head, B::default());
        self.response(service.call(get)).await
    }
}

#[allow(private_interfaces)] // sealed
#[diagnostic::do_not_recommend]
impl<S, B, T> SelfGetMode<S, B> for SelfGet<T>
where
    S: Service<Request<B>, Response: Send, Error: Send> + Clone + Send,
    T: Service<Request<B>, Response = S::Response, Error = S::Error, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    B: Default + Send,
{
    const SENDS_GET: bool = true;

    fn may_show(&self) -> bool {
        self.writers_may_read
    }

    async fn get(
        &self,
        request: &Parts,
        known: bool,
        service: &mut HeldService<S>,
    ) -> Result<GetResponse<S::Response>, S::Error> {
        // The named service may share a concurrency limit with the inner one. Waiting for a
        // slot there while holding another could be a deadlock.
        service.release();
        let mut head = self_get::get_head(request);
        if !self.keeps_extensions {
            // Another router would mistake the path parameters in them for its own.
            head.extensions = Extensions::new();
            target::copy_original_uri(&request.extensions, &mut head.extensions);
        }
        for copy in &self.copy_extensions {
            copy(&request.extensions, &mut head.extensions);
        }
        let mut named = HeldService::not_ready(self.service.clone());
        let get = Request::from_parts(mark_head(head, known), B::default());
        self.response(named.call(get)).await
    }
}

/// Marks the `GET` for the layers inside. A [`StateRefLayer`](crate::StateRefLayer) then calls
/// the service in every case, and an [`EtagLayer`](crate::EtagLayer) does not hash if a source
/// knows the state.
fn mark_head(mut head: Parts, known: bool) -> Parts {
    head.extensions.insert(SelfGetRequest);
    if known {
        head.extensions.insert(NoContentTag);
    }
    head
}

/// The meaning of the service's response to a `GET`.
pub(crate) enum SelfGetAnswer<R> {
    /// The state, with the response that showed it.
    State(Current, Option<R>),
    /// A response that the client gets unchanged. No condition is evaluated.
    Forward(R),
    /// Neither a state nor a response for the client.
    Failed(SourceError),
}

impl<B> SelfGetAnswer<Response<B>> {
    pub(crate) fn read(got: GetResponse<Response<B>>, clock: &SharedClock) -> Self {
        let response = match got {
            GetResponse::Response(response) => response,
            GetResponse::NotSent => return Self::State(Current::Unknown, None),
            GetResponse::Failed(error) => return Self::Failed(error),
        };
        match SelfGetStatus::from_status(response.status()) {
            SelfGetStatus::Present if response.extensions().get::<BrokenContent>().is_some() => {
                Self::Failed(no_state("content that broke off or has a wrong length"))
            }
            SelfGetStatus::Present => {
                let validators = Validators::from_headers(response.headers(), || clock.now());
                Self::State(Current::Present(validators), Some(response))
            }
            SelfGetStatus::Absent => Self::State(Current::Absent, Some(response)),
            SelfGetStatus::Unknown => Self::State(Current::Unknown, None),
            SelfGetStatus::Refused => Self::Forward(response),
            SelfGetStatus::Failed => Self::Failed(no_state(response.status())),
        }
    }
}

/// Returns the error for a response to the `GET` that shows no state.
fn no_state(response: impl fmt::Display) -> SourceError {
    SourceError::from_source(format!(
        "the service responded to its own GET with {response}"
    ))
}
