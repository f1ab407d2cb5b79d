//! `/events`: the changes of notes, as server-sent events.

use std::time::Duration;

use axum::{
    http::{HeaderName, header},
    response::{Sse, sse::Event},
    routing::{MethodRouter, get},
};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{self, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;
use tower_conditional::{Validators, detached::Detached};

use crate::{problem::Problem, store::Note};

/// The number of changes that wait for a client that reads slowly.
const CAPACITY: usize = 256;

/// The time between two comments, which keep proxies from closing the connection.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// The changes of notes in this process.
#[derive(Clone, Debug)]
pub(crate) struct NoteChanges {
    sender: broadcast::Sender<Value>,
    writes: Detached,
}

impl NoteChanges {
    pub(crate) fn new(writes: Detached) -> Self {
        let sender = broadcast::Sender::new(CAPACITY);
        Self { sender, writes }
    }

    /// Announces a write when it is complete. Completes it if its client disconnects, since a write
    /// must not end between the database and its announcement.
    pub(crate) async fn announce(
        &self,
        id: Option<i64>,
        write: impl Future<Output = Result<Option<(Note, Validators)>, Problem>> + Send + 'static,
    ) -> Result<Option<(Note, Validators)>, Problem> {
        let sender = self.sender.clone();
        let write = async move {
            let written = write.await?;
            let change = match &written {
                Some((Note { id, version, .. }, _)) => {
                    let change = if *version == 1 { "created" } else { "updated" };
                    json!({ "change": change, "id": id, "version": version })
                }
                None => json!({ "change": "deleted", "id": id }),
            };
            // An error means that there is no receiver.
            let _ = sender.send(change);
            Ok(written)
        };
        self.writes.finish(write).await
    }

    /// Returns the handler of the feed. It ends when the service stops, so that an open feed does not
    /// delay the shutdown.
    pub(crate) fn feed(&self, stop: CancellationToken) -> MethodRouter {
        let sender = self.sender.clone();
        get(async move || {
            let mut heartbeat = time::interval(HEARTBEAT);
            heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let feed = (sender.subscribe(), heartbeat, stop);
            let events = stream::unfold(feed, async |(mut changes, mut heartbeat, stop)| {
                let event = tokio::select! {
                    () = stop.cancelled() => return None,
                    change = changes.recv() => match change {
                        Ok(change) => Event::default().event("note").json_data(change),
                        // The client should read the notes again.
                        Err(RecvError::Lagged(changes)) => {
                            Ok(Event::default().event("missed").data(changes.to_string()))
                        }
                        Err(RecvError::Closed) => return None,
                    },
                    _ = heartbeat.tick() => Ok(Event::default().comment("still here")),
                };
                Some((event, (changes, heartbeat, stop)))
            });
            let headers = [
                (header::CACHE_CONTROL, "no-store"),
                // Otherwise nginx collects events before it sends them.
                (HeaderName::from_static("x-accel-buffering"), "no"),
            ];
            (headers, Sse::new(events))
        })
    }
}
