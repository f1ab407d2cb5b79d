//! An axum server with one of the contenders in front, on one thread: `server CONTENDER PORT FOLDER`.

use std::{collections::HashMap, env, fs, net::Ipv4Addr, path::Path, slice};

use axum::{
    Router,
    http::{StatusCode, header},
    middleware::from_fn,
    routing::{get, post},
};
use bytes::Bytes;
use tokio::net::TcpListener;
use tower_conditional::{
    ConditionalLayer, Current, EntityTag, EtagLayer, IdempotencyLayer, ValidatorSource, etag::Xxh3,
    source, stack, store::MemoryIdempotencyStore,
};
use tower_conditional_bench::{contenders::naive, hash::Hash};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [contender, port, folder] = &arguments[..] else {
        panic!("usage: server CONTENDER PORT FOLDER");
    };
    let folder = Path::new(folder);
    let router = layered(contender, router(folder), folder);
    let port = port.parse().expect("a port");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .expect("a free port");
    axum::serve(listener, router).await.expect("a server");
}

fn layered(contender: &str, router: Router, folder: &Path) -> Router {
    match contender {
        "bare" => router,
        "by-hand-sha256" => router.layer(from_fn(naive::tag_with_sha256)),
        "by-hand-xxh3" => router.layer(from_fn(naive::tag_with_xxh3)),
        "stack-sha256" => router.layer(stack()),
        "stack-xxh3" => router.layer(stack().etag(EtagLayer::new().hasher(Xxh3::new()))),
        "source" => router.layer(ConditionalLayer::new().source(tags(folder))),
        "idempotency" => router.layer(IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new())),
        _ => panic!("no contender named {contender}"),
    }
}

/// Returns the files of the directory with their paths.
fn files(folder: &Path) -> impl Iterator<Item = (String, Bytes)> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| {
        let entry = entry.expect("an entry of the folder");
        let content = fs::read(entry.path()).expect("a readable file");
        let path = format!("/{}", entry.file_name().to_string_lossy());
        (path, content.into())
    })
}

/// Returns the tags of the files, which are made once.
fn tags(folder: &Path) -> impl ValidatorSource {
    let tag =
        |content: &Bytes| EntityTag::from_digest(&Hash::Xxh3.digest(slice::from_ref(content)));
    let tags: HashMap<_, _> = files(folder)
        .map(|(path, content)| (path, tag(&content)))
        .collect();
    source::now(move |request| {
        let tag = tags.get(request.uri.path()).cloned();
        tag.map_or(Current::Unknown, Current::from)
    })
}

/// Returns one route for each file of the directory, read once, and one for orders.
fn router(folder: &Path) -> Router {
    let mut router = Router::new();
    for (path, content) in files(folder) {
        if path == "/1k.json" {
            let placed = content.clone();
            let handler = move |_: Bytes| async move {
                let json = [(header::CONTENT_TYPE, "application/json")];
                (StatusCode::CREATED, json, placed)
            };
            router = router.route("/orders", post(handler));
        }
        let handler =
            move || async move { ([(header::CONTENT_TYPE, "application/json")], content) };
        router = router.route(&path, get(handler));
    }
    router
}
