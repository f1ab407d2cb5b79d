//! The showcase as a server, and its counters.

use serde_json::Value;

use crate::support::{Http, Server};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_showcase");

impl Server {
    pub(crate) async fn showcase(arguments: &[&str]) -> Self {
        let arguments = [&["--listen", "127.0.0.1:0"], arguments].concat();
        Self::start(PROGRAM, &arguments).await
    }

    /// Returns the number of runs of each handler.
    pub(crate) async fn runs(&self) -> Value {
        self.get(Http::One, "/stats", &[]).await.json()["handler_runs"].take()
    }
}
