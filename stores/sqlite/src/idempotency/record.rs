//! Records as rows.

use std::time::Duration;

use bytes::Bytes;
use rusqlite::{OptionalExtension, Transaction};
use tower_conditional::idempotency::{KeyRecord, RecordId};

use crate::Error;

/// Reads a record. Without its response, a completed record has an empty one.
pub(super) fn load(
    transaction: &Transaction<'_>,
    id: &RecordId,
    with_response: bool,
) -> Result<Option<KeyRecord<Bytes>>, Error> {
    let select = if with_response {
        "SELECT record, response FROM conditional_idempotency WHERE id = ?1"
    } else {
        "SELECT record, x'' FROM conditional_idempotency WHERE id = ?1"
    };
    let mut select = transaction.prepare(select)?;
    let row = select.query_row([id.as_bytes()], |row| {
        let record: Vec<u8> = row.get(0)?;
        let response: Option<Vec<u8>> = row.get(1)?;
        Ok((record, response))
    });
    let Some((record, response)) = row.optional()? else {
        return Ok(None);
    };
    let response = response.map(Bytes::from);
    Ok(Some(KeyRecord::decode(&record, response)?))
}

/// Writes a record that has changed. One that has become complete has its new response.
pub(super) fn save(
    transaction: &Transaction<'_>,
    id: &RecordId,
    record: &KeyRecord<Bytes>,
) -> Result<(), Error> {
    let upsert = "INSERT INTO conditional_idempotency (id, record, response, forgotten_at)
        VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (id) DO UPDATE SET
            record = excluded.record,
            response = excluded.response,
            forgotten_at = excluded.forgotten_at";
    let encoded = record.encode();
    let response = record.response().cloned();
    // The encoding rounds up, so a purge must see the times that the record is read with.
    let written = KeyRecord::decode(&encoded, response)?;
    let forgotten_at = milliseconds(written.forgotten_at());
    let response = written.response().map(|response| &response[..]);
    let mut upsert = transaction.prepare(upsert)?;
    upsert.execute((id.as_bytes(), encoded, response, forgotten_at))?;
    Ok(())
}

/// Returns whole milliseconds for a column, at most those that it takes.
pub(super) fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
