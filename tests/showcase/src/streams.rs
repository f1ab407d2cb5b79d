//! Responses without an end: `/stream` and `/events`. No layer may hold them back.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Query, State, rejection::QueryRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response, Sse, sse::Event},
    routing::get,
};
use futures_util::{Stream, stream};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{self, Interval, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

use crate::{problem::Problem, stats::counted, store::Note};

const MAX_CHUNKS: u32 = 10_000;
const MAX_PAUSE_MS: u32 = 10_000;

/// An event of `/events` about a note.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Announcement {
    change: &'static str,
    id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
}

impl Announcement {
    /// Creates the event of a write after which this note exists, or no note with this `id`.
    pub(crate) fn of(id: Option<i64>, note: Option<&Note>) -> Option<Self> {
        let Some(note) = note else {
            return Some(Self {
                change: "deleted",
                id: id?,
                version: None,
            });
        };
        Some(Self {
            change: if note.version == 1 {
                "created"
            } else {
                "updated"
            },
            id: note.id,
            version: Some(note.version),
        })
    }
}

#[derive(Clone, Debug)]
struct Sources {
    changes: broadcast::Sender<Announcement>,
    stop: CancellationToken,
}

pub(crate) fn routes(changes: broadcast::Sender<Announcement>, stop: CancellationToken) -> Router {
    Router::new()
        .route("/stream", counted(get(chunks)))
        .route("/events", counted(get(events)))
        .with_state(Sources { changes, stop })
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Chunks {
    n: u32,
    ms: u32,
}

impl Default for Chunks {
    fn default() -> Self {
        Self { n: 10, ms: 100 }
    }
}

async fn chunks(query: Result<Query<Chunks>, QueryRejection>) -> Result<Response, Problem> {
    let query = query.map_err(|error| Problem::new(error.status(), error.body_text()));
    let Query(Chunks { n, ms }) = query?;
    if !(1..=MAX_CHUNKS).contains(&n) || ms > MAX_PAUSE_MS {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            format!("n goes from 1 to {MAX_CHUNKS}, ms from 0 to {MAX_PAUSE_MS}"),
        ));
    }
    let pause = Duration::from_millis(ms.into());
    let chunks = stream::unfold(1, move |i| async move {
        if i > n {
            return None;
        }
        if i > 1 {
            // The client asked for this pace.
            time::sleep(pause).await;
        }
        Some((Ok::<_, Infallible>(format!("chunk {i}\n")), i + 1))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

async fn events(
    State(sources): State<Sources>,
) -> Sse<impl Stream<Item = Result<Event, axum::Error>>> {
    let mut heartbeat = time::interval(Duration::from_secs(1));
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let feed = Feed {
        changes: sources.changes.subscribe(),
        stop: sources.stop,
        heartbeat,
    };
    Sse::new(stream::unfold(feed, |mut feed| async {
        let event = feed.next().await?;
        Some((event, feed))
    }))
}

struct Feed {
    changes: broadcast::Receiver<Announcement>,
    stop: CancellationToken,
    heartbeat: Interval,
}

impl Feed {
    /// Ends when the service stops, so that open feeds do not delay the shutdown.
    async fn next(&mut self) -> Option<Result<Event, axum::Error>> {
        tokio::select! {
            () = self.stop.cancelled() => None,
            change = self.changes.recv() => match change {
                Ok(change) => Some(Event::default().event("note").json_data(change)),
                // A client that reads too slowly gets this event, and should read the notes again.
                Err(RecvError::Lagged(missed)) => {
                    Some(Ok(Event::default().comment(format!("missed {missed} changes"))))
                }
                Err(RecvError::Closed) => None,
            },
            _ = self.heartbeat.tick() => Some(Ok(Event::default().comment("still here"))),
        }
    }
}
