use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{Router, ServiceExt, routing::IntoMakeService};
use axum_core::{
    extract::Request,
    response::{IntoResponse, Response},
};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// A router inside a layer; see [`wrap`].
#[derive(Debug, Clone)]
#[must_use]
pub struct WrappedRouter<T>(T);

/// Puts a layer around a whole router, for `axum::serve`.
///
/// `Router::layer` puts a layer around each route, and the router then writes
/// `content-length: 0` on its 304s. A layer around the whole router avoids that.
///
/// ```
/// use axum::Router;
/// use tokio::net::TcpListener;
/// use tower_conditional::{resource::wrap, stack};
///
/// async fn serve(listener: TcpListener, router: Router) -> std::io::Result<()> {
///     axum::serve(listener, wrap(router, stack()).into_make_service()).await
/// }
/// ```
///
/// `axum::serve` does not take the wrapped router itself, but the result of
/// [`into_make_service`](WrappedRouter::into_make_service). For handlers that extract
/// `ConnectInfo`, `axum::ServiceExt` has `into_make_service_with_connect_info`:
///
/// ```
/// use std::net::SocketAddr;
///
/// use axum::{Router, ServiceExt};
/// use tokio::net::TcpListener;
/// use tower_conditional::{resource::wrap, stack};
///
/// async fn serve(listener: TcpListener, router: Router) -> std::io::Result<()> {
///     let app = wrap(router, stack());
///     axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
/// }
/// ```
///
/// For several layers, pass a `tower::ServiceBuilder` or a tuple with the outermost first.
/// Their errors must be `Infallible`, like the router's.
pub fn wrap<L: Layer<Router>>(router: Router, layer: L) -> WrappedRouter<L::Service>
where
    L::Service: Service<Request, Error = Infallible, Response: IntoResponse>,
{
    WrappedRouter(layer.layer(router))
}

impl<T> WrappedRouter<T>
where
    T: Service<Request, Error = Infallible, Response: IntoResponse>,
{
    /// Converts into the service that `axum::serve` takes.
    #[must_use]
    pub fn into_make_service(self) -> IntoMakeService<Self> {
        ServiceExt::into_make_service(self)
    }
}

impl<T> Service<Request> for WrappedRouter<T>
where
    T: Service<Request, Error = Infallible, Response: IntoResponse>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = ResponseFuture<T::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        ResponseFuture {
            response: self.0.call(request),
        }
    }
}

pin_project! {
    /// Response future of [`WrappedRouter`].
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        response: F,
    }
}

impl<F, R> Future for ResponseFuture<F>
where
    F: Future<Output = Result<R, Infallible>>,
    R: IntoResponse,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = self.project().response.poll(cx);
        response.map_ok(IntoResponse::into_response)
    }
}
