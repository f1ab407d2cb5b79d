//! A server on a real socket, and clients that show the bytes on the wire.

mod body;
mod client;
mod frames;
mod h1;
mod h2;
#[cfg(feature = "tracing")]
mod logged;
mod notes;
#[cfg(feature = "tokio")]
pub(crate) mod orders;
pub(crate) mod race;
mod server;

use std::{
    env,
    future::Future,
    io::{self, Write},
    process::Command,
    sync::mpsc,
    time::Duration,
};

use axum::Router;
use http::{HeaderMap, Response, header::CONTENT_LENGTH};
use http_body_util::{BodyStream, StreamBody};
use tower::{Layer, util::MapResponse};
use tower_conditional::stack;

pub(crate) use {
    body::{BodyStep, Counted, Hint, Scripted, broken, data, trailers},
    client::Client,
    frames::RawH2,
    h1::H1,
    h2::H2,
    notes::Notes,
    server::Server,
};

/// Returns the key of a lock for routes with one spelling.
#[cfg(feature = "tokio")]
pub(crate) fn by_path(request: &http::request::Parts) -> Option<String> {
    Some(request.uri.path().to_owned())
}

/// A response whose content has been read.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Reply {
    /// Returns the only line of a header, if there is one.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let lines = self.lines(name);
        assert!(lines.len() <= 1, "{name} is repeated: {lines:?}");
        lines.first().copied()
    }

    /// Returns all lines of a header, in order.
    pub(crate) fn lines(&self, name: &str) -> Vec<&str> {
        self.headers
            .get_all(name)
            .iter()
            .map(|line| line.to_str().unwrap())
            .collect()
    }

    #[track_caller]
    pub(crate) fn tag(&self) -> &str {
        self.field("etag").expect("a tag")
    }
}

/// Returns the two placements of the stack around an `axum` router.
pub(crate) async fn placements(router: Router) -> [(&'static str, Server); 2] {
    [
        (
            "Router::layer",
            Server::start(router.clone().layer(stack())).await,
        ),
        (
            "around the Router",
            Server::start(stack().layer(router)).await,
        ),
    ]
}

/// Returns both placements with bodies that `hyper` sends in chunks. The stack knows the length,
/// which is hidden outside of it.
pub(crate) async fn chunked_placements(router: Router) -> [(&'static str, Server); 2] {
    let inside = router.clone().layer(stack());
    let around = stack().layer(router);
    [
        (
            "Router::layer",
            Server::start(MapResponse::new(inside, hide_length)).await,
        ),
        (
            "around the Router",
            Server::start(MapResponse::new(around, hide_length)).await,
        ),
    ]
}

fn hide_length<B>(mut response: Response<B>) -> Response<StreamBody<BodyStream<B>>> {
    response.headers_mut().remove(CONTENT_LENGTH);
    response.map(|body| StreamBody::new(BodyStream::new(body)))
}

/// A time far above that of any test, on a busy machine too.
const HANG: Duration = Duration::from_secs(60);

/// Stops the clock of the runtime, which has one thread. So no timer ends, however slow the machine
/// is. The clock runs again when the guard is dropped, and after a minute, for [`in_time`].
#[must_use]
pub(crate) fn stop_clock() -> mpsc::Sender<()> {
    tokio::time::pause();
    let (guard, dropped) = mpsc::channel();
    // A paused clock stands still while a blocking task runs.
    tokio::task::spawn_blocking(move || dropped.recv_timeout(HANG));
    guard
}

/// Turns a hang into a failure.
pub(crate) async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(HANG, future)
        .await
        .expect("nothing came for a minute")
}

/// Returns `true` if a program is not installed, and prints that in spite of the capture of the
/// test. `scripts/test` installs it and sets `CI`, so there it is an error.
pub(crate) fn is_missing(program: &str) -> bool {
    if Command::new(program).arg("--version").output().is_ok() {
        return false;
    }
    let message = format!("\nNOT TESTED: {program} is missing\n");
    assert!(env::var_os("CI").is_none(), "{message}");
    io::stderr().write_all(message.as_bytes()).unwrap();
    true
}
