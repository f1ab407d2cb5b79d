//! The showcase behind a cache.

use std::{net::SocketAddr, process::Command};

use serde_json::Value;
use tokio::net::TcpSocket;
use tower_conditional_postgres_testing::Replica;

use super::{Cache, Client, Kind, Reply};

/// A running showcase; it is killed when dropped.
#[derive(Debug)]
pub(crate) struct Notes {
    client: Client,
    _replica: Replica,
}

/// The showcase, and in front of it a cache of this kind that it tells of writes.
///
/// An nginx has the coding in its key, since no other can forget all variants.
pub(crate) async fn notes_and_cache(kind: Kind) -> (Notes, Cache) {
    let (kind, option) = match kind {
        Kind::Nginx | Kind::NginxByCoding => (Kind::NginxByCoding, "--nginx"),
        Kind::Varnish | Kind::VarnishWithGzip => (kind, "--varnish"),
    };
    // Each has to know where the other is.
    let place = Place::reserve();
    let cache = Cache::start(kind, place.address()).await;
    let url = format!("http://{}", cache.address());
    (Notes::start(&place, &[option, &url]), cache)
}

impl Notes {
    pub(crate) fn start(place: &Place, options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_showcase"));
        command.args(["--listen", &place.address().to_string()]);
        let replica = Replica::start(command.args(options));
        Self {
            client: Client::of(replica.address()),
            _replica: replica,
        }
    }

    pub(crate) async fn get(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.client.get(path, fields).await
    }

    pub(crate) async fn put(&self, path: &str, content: &str) -> Reply {
        self.client.send("PUT", path, &[], content).await
    }

    pub(crate) async fn stats(&self) -> Value {
        let stats = self.get("/stats", &[]).await;
        serde_json::from_slice(&stats.content).unwrap()
    }
}

/// An address that nobody is given while this is there, and where nobody
/// listens who does not know it: its socket lets another one in.
#[derive(Debug)]
pub(crate) struct Place(TcpSocket);

impl Place {
    pub(crate) fn reserve() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        Self(socket)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }
}
