//! The outbox: messages that a transaction has written, sent to another service after its commit.
//!
//! Each message is sent at least once. If the worker dies between sending and marking, the next one
//! sends the message again, with the same key. So the receiver must know the key.

use std::time::Duration;

use tokio::time::sleep;
use tower_conditional::BoxError;
use tower_conditional_sqlite::{
    Database,
    rusqlite::{OptionalExtension, Row},
};

use crate::post::post;

const NEXT: &str = "SELECT id, idempotency_key, message FROM outbox
    WHERE sent_at IS NULL ORDER BY id LIMIT 1";
const MARK: &str = "UPDATE outbox SET sent_at = unixepoch() WHERE id = ?1";

/// The pause after the last message, and after an error.
const PAUSE: Duration = Duration::from_millis(100);

struct Message {
    id: i64,
    key: String,
    text: String,
}

/// Sends the messages to a receiver, one after the other. Never ends.
pub(crate) async fn run(database: Database, receiver: String) {
    loop {
        if let Err(error) = send_waiting(&database, &receiver).await {
            eprintln!("outbox: {error}");
        }
        // SQLite tells nobody of a new row, which another process may have written.
        sleep(PAUSE).await;
    }
}

/// Sends all messages that wait.
pub(crate) async fn send_waiting(database: &Database, receiver: &str) -> Result<(), BoxError> {
    while send_next(database, receiver).await? {}
    Ok(())
}

/// Sends the oldest message that waits. Returns `true` if there was one.
async fn send_next(database: &Database, receiver: &str) -> Result<bool, BoxError> {
    let next = database.run(|sql| sql.query_row(NEXT, (), message).optional());
    let Some(Message { id, key, text }) = next.await? else {
        return Ok(false);
    };
    let response = post(receiver, "/charges", &[("idempotency-key", &key)], &text).await?;
    let status = response.status();
    if !status.is_success() {
        // A message that the receiver will never take needs an operator, and holds up the rest.
        return Err(format!("the receiver answered {status} to message {id}").into());
    }
    // If the worker dies here, the message is sent twice.
    database.run(move |sql| sql.execute(MARK, [id])).await?;
    Ok(true)
}

fn message(row: &Row<'_>) -> Result<Message, tower_conditional_sqlite::rusqlite::Error> {
    Ok(Message {
        id: row.get("id")?,
        // The value of the header is a string in quotes (RFC 9651).
        key: format!("\"{}\"", row.get::<_, String>("idempotency_key")?),
        text: row.get("message")?,
    })
}
