//! An axum server with one of the contenders in front, on one thread: `server CONTENDER PORT FOLDER`.

use std::{env, fs, net::Ipv4Addr, path::Path};

use axum::{Router, http::header, middleware::from_fn, routing::get};
use bytes::Bytes;
use tokio::net::TcpListener;
use tower_conditional::{EtagLayer, etag::Xxh3, stack};
use tower_conditional_bench::contenders::naive;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [contender, port, folder] = &arguments[..] else {
        panic!("usage: server CONTENDER PORT FOLDER");
    };
    let router = layered(contender, router(Path::new(folder)));
    let port = port.parse().expect("a port");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .expect("a free port");
    axum::serve(listener, router).await.expect("a server");
}

fn layered(contender: &str, router: Router) -> Router {
    match contender {
        "bare" => router,
        "by-hand-sha256" => router.layer(from_fn(naive::tag_with_sha256)),
        "by-hand-xxh3" => router.layer(from_fn(naive::tag_with_xxh3)),
        "stack-sha256" => router.layer(stack()),
        "stack-xxh3" => router.layer(stack().etag(EtagLayer::new().hasher(Xxh3::new()))),
        _ => panic!("no contender named {contender}"),
    }
}

/// One route for each file of the folder, read once.
fn router(folder: &Path) -> Router {
    let mut router = Router::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry of the folder");
        let content = Bytes::from(fs::read(entry.path()).expect("a readable file"));
        let path = format!("/{}", entry.file_name().to_string_lossy());
        let handler =
            move || async move { ([(header::CONTENT_TYPE, "application/json")], content) };
        router = router.route(&path, get(handler));
    }
    router
}
