//! One note, and what may be done to it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_conditional::validator::HttpDate;

use crate::store::StoreError;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Note {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) text: String,
    /// Grows by one with each change.
    pub(crate) version: i64,
    /// Seconds since 1970.
    #[serde(skip)]
    pub(crate) updated_at: i64,
}

/// What a client may set.
#[derive(Debug, Deserialize)]
pub(crate) struct Draft {
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) text: String,
}

/// What a client asks for.
#[derive(Debug)]
pub(crate) enum Change {
    Put(Draft),
    /// A JSON merge patch.
    Patch(Value),
    Delete,
}

impl Note {
    pub(crate) fn last_modified(&self) -> HttpDate {
        HttpDate::from_unix_seconds(self.updated_at)
    }
}

impl Change {
    /// What `current` becomes; `None` is that it goes.
    pub(crate) fn apply(self, current: Option<&Note>) -> Result<Option<Draft>, StoreError> {
        match (self, current) {
            (Self::Put(draft), _) => Ok(Some(draft)),
            (Self::Patch(patch), Some(note)) => {
                let mut document = json!({ "title": note.title, "text": note.text });
                merge(&mut document, &patch);
                Ok(Some(
                    Draft::deserialize(document).map_err(StoreError::Invalid)?,
                ))
            }
            (Self::Delete, Some(_)) => Ok(None),
            (Self::Patch(_) | Self::Delete, None) => Err(StoreError::Absent),
        }
    }
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
