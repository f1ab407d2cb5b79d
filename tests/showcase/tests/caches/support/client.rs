use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header::ETAG};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};

use super::soon;

/// Talks HTTP/1.1 to a cache, or to the origin itself.
#[derive(Debug)]
pub(crate) struct Client {
    server: SocketAddr,
    http: legacy::Client<HttpConnector, Full<Bytes>>,
}

impl Client {
    /// Each request has a connection of its own: on one that asks in the
    /// background, nginx takes the next request when it has its answer.
    pub(crate) fn of(server: SocketAddr) -> Self {
        Self::keeping(server, 0)
    }

    /// Requests one after the other share one connection.
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
        let uri = format!("http://{}{path}", self.server);
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(content.to_owned())).unwrap();
        let (head, content) = soon(self.http.request(request)).await.unwrap().into_parts();
        Reply {
            status: head.status,
            headers: head.headers,
            content: soon(content.collect()).await.unwrap().to_bytes(),
        }
    }
}

/// A response that has been read to its end.
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

    /// Whether it came from a cache, without a word from the origin.
    pub(crate) fn is_hit(&self) -> bool {
        let cache = self.field("x-cache").expect("an answer through a cache");
        cache.eq_ignore_ascii_case("hit")
    }
}
