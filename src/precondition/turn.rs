//! Writes of one resource, one after the other.

use std::{panic, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{
    exchange::{Answer, Exchange},
    layer::Config,
};
use crate::{
    lock::KeyedLock,
    refusal::Reason,
    source::{MayAskService, Ready, ValidatorSource},
};

/// The lock of a layer, and which key of it a request takes.
#[derive(Clone)]
pub(super) struct Turns {
    lock: KeyedLock,
    key: Key,
}

type Key = Arc<dyn Fn(&Parts) -> Option<String> + Send + Sync>;

/// What one request waits for.
pub(super) struct Turn {
    lock: KeyedLock,
    key: String,
}

impl Turns {
    pub(super) fn new(
        lock: KeyedLock,
        key: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            lock,
            key: Arc::new(key),
        }
    }
}

impl<Q, G> Config<Q, G> {
    pub(super) fn turn(&self, request: &Parts) -> Option<Turn> {
        let turns = self.turns.as_ref()?;
        Some(Turn {
            key: (turns.key)(request)?,
            lock: turns.lock.clone(),
        })
    }
}

impl Turn {
    /// Waits, then checks, performs and releases in one task, which a client
    /// that leaves cannot split.
    pub(super) async fn run<S, Q, G, ReqB, ResB>(
        self,
        exchange: Exchange<Q, G>,
        parts: Parts,
        content: ReqB,
        mut service: Ready<S>,
    ) -> Result<Answer<ResB>, S::Error>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Send + 'static,
        ReqB: Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
        Q: ValidatorSource,
        G: MayAskService<S, ReqB>,
    {
        // Whoever has the lock may be waiting for the place that this
        // service holds in a limit inside.
        service.release();
        let Ok(guard) = self.lock.acquire(self.key).await else {
            return Ok(exchange.refuse(Reason::Busy));
        };
        let performed = async move {
            let response = exchange.run(parts, content, service).await;
            drop(guard);
            response
        };
        #[cfg(feature = "tracing")]
        let performed = tracing::Instrument::in_current_span(performed);
        match tokio::spawn(performed).await {
            Ok(response) => response,
            Err(failed) => panic::resume_unwind(
                // Nobody cancels the task but a runtime that shuts down.
                failed
                    .try_into_panic()
                    .unwrap_or_else(|gone| Box::new(gone.to_string())),
            ),
        }
    }
}
