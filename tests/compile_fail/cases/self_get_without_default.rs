//! A `SelfGet` for a request body that cannot be empty.

use std::convert::Infallible;

use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::TcpStream;
use tower::{ServiceBuilder, service_fn};
use tower_conditional::{PreconditionLayer, source::SelfGet};

async fn note(_: Request<Incoming>) -> Result<Response<String>, Infallible> {
    Ok(Response::new("hello".to_owned()))
}

async fn serve(stream: TcpStream) -> hyper::Result<()> {
    let service = ServiceBuilder::new()
        .layer(PreconditionLayer::self_get(
            SelfGet::inner_tells_methods_apart(),
        ))
        .service(service_fn(note));
    let service = TowerToHyperService::new(service);
    http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await
}

fn main() {
    let _ = serve;
}
