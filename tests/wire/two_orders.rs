//! Two processes that write one object in two orders.

use std::{
    collections::HashMap,
    env,
    io::{self, BufRead, BufReader, Read, Write},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
};

use axum::{Json, Router, routing::get};
use tower_conditional::{EtagLayer, stack};

use crate::support::{H1, Reply, Server};

/// Present in the environment of the second process.
const MARK: &str = "TOWER_CONDITIONAL_SERVE_MAP";

/// Serves one map, whose order depends on the random seed of the process.
fn router() -> Router {
    let members = ('a'..='z').map(|name| (name.to_string(), u32::from(name)));
    let map: Arc<HashMap<_, _>> = Arc::new(members.collect());
    let read = async move || Json(HashMap::clone(&map));
    let canonical = stack().etag(EtagLayer::new().canonical_json());
    Router::new()
        .route("/bytes", get(read.clone()).layer(stack()))
        .route("/canonical", get(read).layer(canonical))
}

/// A replica in a process of its own, which ends when its standard input is closed.
struct Replica {
    process: Child,
    /// Its standard output, which stays open until it has ended.
    printed: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Replica {
    fn start() -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "two_orders::a_client_moves_between_two_processes",
                "--nocapture",
            ])
            .env(MARK, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut printed = BufReader::new(process.stdout.take().unwrap());
        let address = printed.by_ref().lines().find_map(|line| {
            let line = line.unwrap();
            let (_, address) = line.split_once("serving at ")?;
            Some(address.parse().unwrap())
        });
        Self {
            process,
            printed,
            address: address.expect("an address"),
        }
    }

    async fn get(&self, path: &str, fields: &[&str]) -> Reply {
        let mut client = H1::connect_to(self.address).await;
        client.request("GET", path, fields).await
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let rest = self.printed.read_to_end(&mut Vec::new());
        assert!(std::thread::panicking() || rest.is_ok());
        let ended = self.process.wait();
        assert!(std::thread::panicking() || ended.unwrap().success());
    }
}

/// R-8785-3-a: the strong tags of the bytes differ, and the tags of the canonical form do not. So the
/// second process answers 304 to a client of the first.
#[tokio::test]
async fn a_client_moves_between_two_processes() {
    let server = Server::start(router()).await;
    if env::var_os(MARK).is_some() {
        writeln!(io::stdout(), "serving at {}", server.address()).unwrap();
        let closed = || io::stdin().read_to_end(&mut Vec::new());
        tokio::task::spawn_blocking(closed).await.unwrap().unwrap();
        return;
    }
    let replica = Replica::start();
    let mut client = H1::connect(&server).await;
    let here = client.request("GET", "/bytes", &[]).await;
    let there = replica.get("/bytes", &[]).await;
    assert_ne!(here.body, there.body, "26 members in one order by chance?");
    assert_ne!(here.tag(), there.tag());
    let map = |reply: &Reply| -> serde_json::Value { serde_json::from_slice(&reply.body).unwrap() };
    assert_eq!(map(&here), map(&there));

    let here = client.request("GET", "/canonical", &[]).await;
    let condition = format!("if-none-match: {}", here.tag());
    let there = replica.get("/canonical", &[&condition]).await;
    assert_eq!(there.status, 304);
    assert_eq!(there.tag(), here.tag());
    assert!(there.body.is_empty());
}
