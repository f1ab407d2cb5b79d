//! A request over a connection of its own.

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::Bytes,
    client::conn::http1,
    header::{CONNECTION, CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_conditional::BoxError;

/// Sends a request, and returns the response with its whole content.
pub(crate) async fn post(
    host: &str,
    path: &str,
    fields: &[(&str, &str)],
    json: &str,
) -> Result<Response<Bytes>, BoxError> {
    let mut request = Request::post(path)
        .header(HOST, host)
        .header(CONNECTION, "close")
        .header(CONTENT_TYPE, "application/json");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::<Bytes>::from(json.to_owned()))?;
    let stream = TokioIo::new(TcpStream::connect(host).await?);
    let (mut connection, driver) = http1::handshake(stream).await?;
    tokio::spawn(driver);
    let (head, content) = connection.send_request(request).await?.into_parts();
    // A response that breaks off is no response.
    let content = content.collect().await?.to_bytes();
    Ok(Response::from_parts(head, content))
}
