use std::net::SocketAddr;

use tower::BoxError;

use super::{Client, Reply, nginx, process::Process, squid, varnish};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Nginx,
    /// An nginx with the coding in its key.
    NginxByCoding,
    /// An nginx that stores parts of 1 KiB.
    NginxBySlice,
    Squid,
    Varnish,
    /// A Varnish that decodes gzip itself.
    VarnishWithGzip,
}

/// A cache in front of a server. It runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Cache {
    client: Client,
    process: Process,
}

impl Cache {
    /// Starts a cache in front of a server, which may be in another process.
    pub(crate) async fn start(kind: Kind, origin: SocketAddr) -> Self {
        let process = match kind {
            Kind::Nginx => nginx::start(origin, nginx::Codings::Vary).await,
            Kind::NginxByCoding => nginx::start(origin, nginx::Codings::Key).await,
            Kind::NginxBySlice => nginx::start(origin, nginx::Codings::Slices).await,
            Kind::Squid => squid::start(origin).await,
            Kind::Varnish => varnish::start(origin, varnish::Codings::Origin).await,
            Kind::VarnishWithGzip => varnish::start(origin, varnish::Codings::Varnish).await,
        };
        Self {
            client: Client::of(process.address()),
            process,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.process.address()
    }

    pub(crate) async fn get(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.client.get(path, fields).await
    }

    /// Sends a request whose response may end early. Then it is an error.
    pub(crate) async fn try_get(
        &self,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<Reply, BoxError> {
        self.client.try_send("GET", path, fields, "").await
    }

    pub(crate) async fn put(&self, path: &str, content: &str) -> Reply {
        self.send("PUT", path, &[], content).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        content: &str,
    ) -> Reply {
        self.client.send(method, path, fields, content).await
    }

    /// Purges a path or, with further headers, more than that.
    pub(crate) async fn purge(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.send("PURGE", path, fields, "").await
    }
}
