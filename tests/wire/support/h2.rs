use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::{Reply, Server};

/// An HTTP/2 connection. Clones share it.
#[derive(Clone)]
pub(crate) struct H2 {
    sender: http2::SendRequest<Empty<Bytes>>,
}

impl H2 {
    pub(crate) async fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address()).await.unwrap();
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        Self { sender }
    }

    /// One exchange, read to its end; `fields` are whole lines as for HTTP/1.1.
    pub(crate) async fn request(&mut self, method: &str, path: &str, fields: &[&str]) -> Reply {
        let (head, body) = self.send(method, path, fields).await.into_parts();
        let body = body.collect().await.expect("a whole response");
        Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            trailers: body.trailers().cloned(),
            body: body.to_bytes().to_vec(),
        }
    }

    /// Gives the response as soon as its head is there.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        fields: &[&str],
    ) -> Response<Incoming> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://test{path}"))
            .body(Empty::new())
            .unwrap();
        for field in fields {
            let (name, value) = field.split_once(':').expect("a field line");
            request.headers_mut().append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(value.trim().as_bytes()).unwrap(),
            );
        }
        self.call(request).await.unwrap()
    }

    pub(crate) async fn call(
        &mut self,
        request: Request<Empty<Bytes>>,
    ) -> hyper::Result<Response<Incoming>> {
        self.sender.ready().await?;
        self.sender.send_request(request).await
    }
}
