//! The layers around the whole application, and its shutdown.

use std::{convert::Infallible, io, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::StatusCode,
    response::IntoResponse,
    serve::ListenerExt,
};
use tokio::{net::TcpListener, time::sleep};
use tokio_util::sync::CancellationToken;
use tower::Service;
use tower_conditional::{
    CachePolicyLayer, CacheTagsLayer, ConditionalLayer, resource::WrappedRouter,
};

use crate::problem::Problem;

/// The time that open requests may take after a signal.
pub(crate) const GRACE: Duration = Duration::from_secs(3);

/// Returns the layers around the router.
pub(crate) fn layers<T>(
    tags: CacheTagsLayer<T>,
    policies: CachePolicyLayer,
) -> (CacheTagsLayer<T>, CachePolicyLayer, ConditionalLayer) {
    // Outside of the router this layer sees the final length, compressed or not. So a 304 and a
    // HEAD have the length of the GET.
    (tags, policies, ConditionalLayer::new().head_as_get())
}

/// Returns the router with its responses to requests without a handler.
pub(crate) fn with_fallbacks(router: Router) -> Router {
    let no_route = async || Problem::new(StatusCode::NOT_FOUND, "no such route; GET / lists them");
    let allow = "the Allow header lists the methods of this route";
    let no_method = async move || Problem::new(StatusCode::METHOD_NOT_ALLOWED, allow);
    router
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(64 * 1024))
}

pub(crate) async fn serve<S>(
    listener: TcpListener,
    app: WrappedRouter<S>,
    stop: CancellationToken,
) -> io::Result<()>
where
    S: Service<Request, Response: IntoResponse, Error = Infallible, Future: Send>,
    S: Clone + Send + 'static,
{
    let listener = listener.tap_io(|connection| {
        // Without this option, small events and chunks would wait for an acknowledgement.
        let _ = connection.set_nodelay(true);
    });
    let app = app.into_make_service();
    let server = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned());
    tokio::select! {
        result = server => result,
        // An open connection of a client must not keep the program from ending.
        () = async { stop.cancelled().await; sleep(GRACE).await } => Ok(()),
    }
}

/// Returns a token that Ctrl-C and SIGTERM cancel.
pub(crate) fn stop() -> Result<CancellationToken, ctrlc::Error> {
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    ctrlc::set_handler(move || stopping.cancel())?;
    Ok(stop)
}
