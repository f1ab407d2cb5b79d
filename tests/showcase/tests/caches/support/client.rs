use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header::ETAG};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower::BoxError;

use super::in_time;

/// A client for HTTP/1.1 to a cache or to the origin.
#[derive(Debug)]
pub(crate) struct Client {
    server: SocketAddr,
    http: legacy::Client<HttpConnector, Full<Bytes>>,
}

impl Client {
    /// Creates a client with a new connection for each request. If nginx revalidates in the
    /// background, it takes the next request on that connection only afterwards.
    pub(crate) fn of(server: SocketAddr) -> Self {
        Self::keeping(server, 0)
    }

    /// Creates a client with one connection for all requests.
    pub(crate) fn on_one_connection(server: SocketAddr) -> Self {
        Self::keeping(server, 1)
    }

    fn keeping(server: SocketAddr, connections: usize) -> Self {
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(connections)
            .build_http();
        Self { server, http }
    }

    pub(crate) async fn get(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.send("GET", path, fields, "").await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        content: &str,
    ) -> Reply {
        self.try_send(method, path, fields, content).await.unwrap()
    }

    /// Sends a request whose response may end early. Then it is an error.
    pub(crate) async fn try_send(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        content: &str,
    ) -> Result<Reply, BoxError> {
        let uri = format!("http://{}{path}", self.server);
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(content.to_owned())).unwrap();
        let (head, content) = in_time(self.http.request(request)).await?.into_parts();
        Ok(Reply {
            status: head.status,
            headers: head.headers,
            content: in_time(content.collect()).await?.to_bytes(),
        })
    }
}

/// A response whose content has been read.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) content: Bytes,
}

impl Reply {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?;
        Some(value.to_str().unwrap())
    }

    pub(crate) fn tag(&self) -> &str {
        self.field(ETAG.as_str()).expect("a tag")
    }

    /// Returns `true` if the response came from a cache, without a request to the origin.
    pub(crate) fn is_hit(&self) -> bool {
        let cache = self.field("x-cache").expect("an answer through a cache");
        cache.eq_ignore_ascii_case("hit")
    }
}
