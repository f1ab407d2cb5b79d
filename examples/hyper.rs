//! The same layers without a framework: a plain Tower service on hyper, HTTP/1.1 and HTTP/2.

use std::{convert::Infallible, env, io};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tower::{Layer, service_fn};
use tower_conditional::{ConditionalLayer, stack};

#[tokio::main]
async fn main() -> io::Result<()> {
    // There is no router that turns HEAD into GET, so the layer does: `handle` sees only GET.
    let stack = stack().conditional(ConditionalLayer::new().head_as_get());
    let service = TowerToHyperService::new(stack.layer(service_fn(handle)));

    let address = env::args().nth(1).unwrap_or("127.0.0.1:3000".into());
    let listener = TcpListener::bind(address).await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!("  curl -i {url}/hello");
    println!("  curl -I {url}/hello");
    println!("  curl -i --http2-prior-knowledge {url}/hello -H 'If-None-Match: <the ETag>'");

    loop {
        let (stream, _) = listener.accept().await?;
        let service = service.clone();
        tokio::spawn(async move {
            let connection = auto::Builder::new(TokioExecutor::new());
            if let Err(error) = connection
                .serve_connection(TokioIo::new(stream), service)
                .await
            {
                eprintln!("connection: {error}");
            }
        });
    }
}

async fn handle(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/hello") => (StatusCode::OK, "hello, world\n"),
        (_, "/hello") => (StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n"),
        _ => (StatusCode::NOT_FOUND, "not here\n"),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    Ok(response)
}
