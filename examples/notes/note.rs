//! One note, and its rows in the database.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension, Result, Row, TransactionBehavior};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Note {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) text: String,
    /// Grows by one with each change.
    pub(crate) version: i64,
    #[serde(skip)]
    updated_at: u32,
}

/// What a client may set.
#[derive(Debug, Deserialize)]
pub(crate) struct Draft {
    title: String,
    #[serde(default)]
    text: String,
}

impl Note {
    pub(crate) fn last_modified(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.updated_at.into())
    }

    pub(crate) fn all(connection: &Connection) -> Result<Vec<Self>> {
        connection
            .prepare("SELECT id, title, text, version, updated_at FROM notes ORDER BY id")?
            .query_map((), Self::from_row)?
            .collect()
    }

    pub(crate) fn find(connection: &Connection, id: i64) -> Result<Option<Self>> {
        connection
            .query_row(
                "SELECT id, title, text, version, updated_at FROM notes WHERE id = ?1",
                [id],
                Self::from_row,
            )
            .optional()
    }

    pub(crate) fn create(connection: &Connection, draft: &Draft) -> Result<Self> {
        connection.query_row(
            "INSERT INTO notes (title, text) VALUES (?1, ?2)
             RETURNING id, title, text, version, updated_at",
            (&draft.title, &draft.text),
            Self::from_row,
        )
    }

    /// Replaces the note, or creates it: then its version is 1.
    pub(crate) fn put(connection: &Connection, id: i64, draft: &Draft) -> Result<Self> {
        connection.query_row(
            "INSERT INTO notes (id, title, text) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET title = excluded.title, text = excluded.text,
                 version = version + 1, updated_at = unixepoch()
             RETURNING id, title, text, version, updated_at",
            (id, &draft.title, &draft.text),
            Self::from_row,
        )
    }

    /// Applies a JSON merge patch in one transaction; a result that is no note changes nothing.
    pub(crate) fn patch(connection: &mut Connection, id: i64, patch: &Value) -> Result<Patched> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let Some(note) = Self::find(&transaction, id)? else {
            return Ok(Patched::Absent);
        };
        let mut document = json!({ "title": note.title, "text": note.text });
        merge(&mut document, patch);
        let note = match Draft::deserialize(document) {
            Ok(draft) => Self::put(&transaction, id, &draft)?,
            Err(error) => return Ok(Patched::Invalid(error)),
        };
        transaction.commit()?;
        Ok(Patched::Changed(note))
    }

    /// Whether there was such a note.
    pub(crate) fn delete(connection: &Connection, id: i64) -> Result<bool> {
        Ok(connection.execute("DELETE FROM notes WHERE id = ?1", [id])? > 0)
    }

    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            title: row.get(1)?,
            text: row.get(2)?,
            version: row.get(3)?,
            updated_at: row.get(4)?,
        })
    }
}

#[derive(Debug)]
pub(crate) enum Patched {
    Changed(Note),
    Absent,
    Invalid(serde_json::Error),
}

/// RFC 7396, section 2.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    if let Value::Object(members) = target {
        for (name, value) in patch {
            if value.is_null() {
                members.remove(name);
            } else {
                merge(members.entry(name).or_insert(Value::Null), value);
            }
        }
    }
}
