//! Ranges of the objects of a store, which reads them from any position, as the stores of clouds do.

use std::{
    collections::HashMap,
    env, io,
    sync::{Arc, PoisonError, RwLock},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::stream;
use tokio::net::TcpListener;
use tower_conditional::{
    ConditionalLayer, EntityTag, VersionTags,
    handler::{Ranges, WithValidators},
    range::ByteRange,
    resource::wrap,
};

/// A store of objects in memory.
#[derive(Clone, Default)]
struct Objects(Arc<RwLock<HashMap<String, Object>>>);

#[derive(Clone)]
struct Object {
    version: i64,
    content: Bytes,
}

impl Objects {
    /// Stores an object, and returns its version.
    async fn put(&self, name: &str, content: Bytes) -> i64 {
        let mut objects = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let version = objects.get(name).map_or(1, |object| object.version + 1);
        objects.insert(name.to_owned(), Object { version, content });
        version
    }

    fn find(&self, name: &str) -> Option<Object> {
        let objects = self.0.read().unwrap_or_else(PoisonError::into_inner);
        objects.get(name).cloned()
    }

    /// Returns the version and the length of an object.
    async fn head(&self, name: &str) -> Option<(i64, u64)> {
        let object = self.find(name)?;
        Some((object.version, object.content.len() as u64))
    }

    /// Reads a part of a version of an object. The store of a cloud takes the version as an
    /// `If-Match`.
    async fn read(self, name: String, version: i64, range: ByteRange) -> io::Result<Bytes> {
        let object = self.find(&name).filter(|object| object.version == version);
        let object = object.ok_or_else(|| io::Error::other("another version took its place"))?;
        let (first, last) = (range.first() as usize, range.last() as usize);
        println!("read {range} of {name}");
        Ok(object.content.slice(first..=last))
    }
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let objects = Objects::default();
    objects.put("digits", "0123456789".repeat(100).into()).await;
    let router = Router::new()
        .route("/{name}", get(show).put(replace))
        .with_state(objects);
    let app = wrap(router, ConditionalLayer::new());

    let address = env::args().nth(1).unwrap_or("127.0.0.1:3000".into());
    let listener = TcpListener::bind(address).await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!("  curl -i {url}/digits -r 10-19");
    println!("  curl -i {url}/digits -r 0-1,500-501,-1");
    println!("  curl -i {url}/digits -T Cargo.toml");
    axum::serve(listener, app.into_make_service()).await
}

fn tag(name: &str, version: i64) -> EntityTag {
    VersionTags::of("objects", name).number(version)
}

async fn show(
    State(objects): State<Objects>,
    Path(name): Path<String>,
    ranges: Ranges,
) -> Result<Response, StatusCode> {
    let head = objects.head(&name).await;
    let (version, length) = head.ok_or(StatusCode::NOT_FOUND)?;
    let response = ranges
        .content_type(HeaderValue::from_static("text/plain"))
        .respond(length, tag(&name, version), |range| {
            // The store is asked when the client takes the part.
            let read = objects.clone().read(name.clone(), version, range);
            Body::from_stream(stream::once(read))
        });
    Ok(response.into_response())
}

async fn replace(
    State(objects): State<Objects>,
    Path(name): Path<String>,
    content: Bytes,
) -> impl IntoResponse {
    let version = objects.put(&name, content).await;
    WithValidators(StatusCode::NO_CONTENT, tag(&name, version).into())
}
