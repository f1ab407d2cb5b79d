//! The showcase behind a cache.

use std::{net::SocketAddr, process::Command};

use serde_json::Value;
use tokio::net::TcpSocket;
use tower_conditional_testing::Replica;

use super::{Cache, Client, Kind, Reply};

/// A running showcase. It is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Notes {
    client: Client,
    _replica: Replica,
}

/// Starts the showcase, and in front of it a cache of this kind that it purges.
///
/// An nginx has the coding in its key, since it cannot purge all variants otherwise.
pub(crate) async fn notes_and_cache(kind: Kind) -> (Notes, Cache) {
    let (kind, option) = match kind {
        Kind::Nginx | Kind::NginxByCoding => (Kind::NginxByCoding, "--nginx"),
        Kind::Varnish | Kind::VarnishWithGzip => (kind, "--varnish"),
        Kind::NginxBySlice | Kind::Squid => panic!("the showcase does not purge {kind:?}"),
    };
    // The showcase and the cache need the address of each other.
    let place = ReservedAddress::reserve();
    let cache = Cache::start(kind, place.address()).await;
    let url = format!("http://{}", cache.address());
    (Notes::start(&place, &[option, &url]), cache)
}

impl Notes {
    pub(crate) fn start(place: &ReservedAddress, options: &[&str]) -> Self {
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

/// An address that no other process gets while this value exists. Connections to it are refused
/// until a server binds it too.
#[derive(Debug)]
pub(crate) struct ReservedAddress(TcpSocket);

impl ReservedAddress {
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
