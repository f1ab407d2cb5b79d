use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Empty, Full, combinators::UnsyncBoxBody};
use hyper::{
    body::{Body, Incoming},
    client::conn::http2,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::{Reply, Server};

/// An HTTP/2 connection. Clones share it.
#[derive(Clone)]
pub(crate) struct H2 {
    sender: http2::SendRequest<UnsyncBoxBody<Bytes, Infallible>>,
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

    /// Sends a request and reads the response. `fields` are whole lines, as for HTTP/1.1.
    pub(crate) async fn request(&mut self, method: &str, path: &str, fields: &[&str]) -> Reply {
        let response = self.send(method, path, fields).await;
        Self::read(response).await
    }

    /// Sends a request with content and reads the response.
    pub(crate) async fn exchange(
        &mut self,
        method: &str,
        path: &str,
        fields: &[&str],
        content: &'static str,
    ) -> Reply {
        let response = self.send_with(method, path, fields, Full::<Bytes>::from(content));
        let response = response.await;
        Self::read(response).await
    }

    /// Reads the whole response.
    pub(crate) async fn read(response: Response<Incoming>) -> Reply {
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole response");
        Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            trailers: body.trailers().cloned(),
            body: body.to_bytes().to_vec(),
        }
    }

    /// Returns the response when its head has arrived.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        fields: &[&str],
    ) -> Response<Incoming> {
        self.send_with(method, path, fields, Empty::new()).await
    }

    /// Sends like [`send`](Self::send), with content that need not end.
    pub(crate) async fn send_with(
        &mut self,
        method: &str,
        path: &str,
        fields: &[&str],
        content: impl Body<Data = Bytes, Error = Infallible> + Send + 'static,
    ) -> Response<Incoming> {
        #[cfg(feature = "tracing")]
        super::logged::add_sent(path, fields);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://test{path}"))
            .body(content)
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
        request: Request<impl Body<Data = Bytes, Error = Infallible> + Send + 'static>,
    ) -> hyper::Result<Response<Incoming>> {
        self.sender.ready().await?;
        self.sender
            .send_request(request.map(BodyExt::boxed_unsync))
            .await
    }
}
