//! Requests that no browser sends.

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1,
    header::HOST,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Sends a request to a server at `127.0.0.1:PORT` or alike, and returns the whole response.
pub(crate) async fn send(address: &str, request: Request<String>) -> Response<Bytes> {
    let (parts, body) = open(address, request).await.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Response::from_parts(parts, body)
}

/// Sends a request, and returns its response when the head has arrived.
pub(crate) async fn open(address: &str, mut request: Request<String>) -> Response<Incoming> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let host = address.parse().expect("an address");
    request.headers_mut().insert(HOST, host);
    let request = request.map(Full::<Bytes>::from);
    sender.send_request(request).await.unwrap()
}
