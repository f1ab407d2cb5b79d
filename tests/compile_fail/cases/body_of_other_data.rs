//! A response body whose data is not `Bytes`.

use std::{convert::Infallible, io::Cursor};

use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::TcpStream;
use tower::{ServiceBuilder, service_fn};
use tower_conditional::stack;

async fn hello(_: Request<Incoming>) -> Result<Response<Full<Cursor<String>>>, Infallible> {
    Ok(Response::new(Full::new(Cursor::new("hello".to_owned()))))
}

async fn serve(stream: TcpStream) -> hyper::Result<()> {
    let service = ServiceBuilder::new()
        .layer(stack())
        .service(service_fn(hello));
    let service = TowerToHyperService::new(service);
    http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await
}

fn main() {
    let _ = serve;
}
