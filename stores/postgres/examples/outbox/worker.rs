//! The worker of an outbox. Any number of them may run, on any replica.

use std::future::Future;

use tokio_postgres::Client;
use tower_conditional::BoxError;

pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    idempotency_key text NOT NULL UNIQUE,
    message text NOT NULL,
    sent_at timestamptz
);
CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox (id) WHERE sent_at IS NULL;
";

/// Takes the oldest message. One that another worker is sending is skipped, not waited for.
const NEXT: &str = "
SELECT id, idempotency_key, message FROM outbox
WHERE sent_at IS NULL ORDER BY id LIMIT 1
FOR UPDATE SKIP LOCKED";

const MARK: &str = "UPDATE outbox SET sent_at = clock_timestamp() WHERE id = $1";

pub(crate) struct Message {
    pub(crate) key: String,
    pub(crate) text: String,
}

/// Sends the oldest message that waits. Returns `true` if there was one.
///
/// The row is locked while the message is sent, so give `send` a timeout. If it fails, or if the
/// worker dies before the commit, the message waits again and is sent once more with its key.
pub(crate) async fn send_next<F>(
    client: &mut Client,
    send: impl FnOnce(Message) -> F,
) -> Result<bool, BoxError>
where
    F: Future<Output = Result<(), BoxError>>,
{
    let tx = client.transaction().await?;
    let Some(row) = tx.query_opt(NEXT, &[]).await? else {
        return Ok(false);
    };
    let message = Message {
        key: row.get("idempotency_key"),
        text: row.get("message"),
    };
    send(message).await?;
    tx.execute(MARK, &[&row.get::<_, i64>("id")]).await?;
    tx.commit().await?;
    Ok(true)
}
