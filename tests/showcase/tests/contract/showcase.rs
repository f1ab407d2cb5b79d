//! The showcase, and the counts that it keeps.

use serde_json::Value;

use crate::support::{Http, Server};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_showcase");

impl Server {
    pub(crate) async fn showcase(arguments: &[&str]) -> Self {
        let arguments = [&["--listen", "127.0.0.1:0"], arguments].concat();
        Self::start(PROGRAM, &arguments).await
    }

    /// How often each handler ran.
    pub(crate) async fn runs(&self) -> Value {
        self.get(Http::One, "/stats", &[]).await.json()["handler_runs"].take()
    }
}
