//! Where notes and pages are kept. Each write is checked in the transaction that writes.

mod postgres;
mod sqlite;

use std::{error::Error, fmt, future::Future};

use axum::http::request::Parts;
use tower_conditional::{
    Current, ValidatorSource, Validators,
    handler::{Expected, PreconditionFailed},
    state_ref::StateSource,
};

use crate::note::{Change, Draft, Note};

pub(crate) use postgres::Postgres;
pub(crate) use sqlite::Sqlite;

const FILLER: &str = "Read it once and keep its tag: as long as nobody edits it, asking again \
    costs a few header bytes. Edit it, and the next reader gets the new text at once.";

/// What a version is kept of.
#[derive(Debug)]
pub(crate) enum Item {
    Notes,
    Note(i64),
    Page(String),
}

/// A write of a note that was performed, with the validators of what it left.
#[derive(Debug)]
pub(crate) enum Written {
    Created(Note, Validators),
    Updated(Note, Validators),
    /// Which note is gone.
    Deleted(i64),
}

/// What is read comes with its validators, out of one statement: between two of them somebody
/// could write, and one tag would stand for two contents.
pub(crate) trait Storage: Clone + Send + Sync + 'static {
    /// The current validators of what a request is about.
    fn versions(&self, item: fn(&Parts) -> Option<Item>) -> impl ValidatorSource + use<Self>;

    /// The latest event: any write to any note.
    fn events(&self) -> impl StateSource + use<Self>;

    fn notes(&self) -> impl Future<Output = Result<(Vec<Note>, Validators), StoreError>> + Send;

    fn note(
        &self,
        id: i64,
    ) -> impl Future<Output = Result<Option<(Note, Validators)>, StoreError>> + Send;

    /// What is expected is the state of the collection.
    fn create(
        &self,
        expected: Expected,
        draft: Draft,
    ) -> impl Future<Output = Result<Written, StoreError>> + Send;

    fn change(
        &self,
        id: i64,
        expected: Expected,
        change: Change,
    ) -> impl Future<Output = Result<Written, StoreError>> + Send;

    fn page(
        &self,
        name: String,
    ) -> impl Future<Output = Result<Option<(String, Validators)>, StoreError>> + Send;

    /// Whether the page is new, and its validators.
    fn put_page(
        &self,
        name: String,
        expected: Expected,
        content: String,
    ) -> impl Future<Output = Result<(bool, Validators), StoreError>> + Send;
}

#[derive(Debug)]
pub(crate) enum StoreError {
    /// The state is not the one that the request expects.
    Failed(PreconditionFailed),
    Absent,
    /// What a patch leaves is no note.
    Invalid(serde_json::Error),
    Database(Box<dyn Error + Send + Sync>),
}

/// The validators of a state that is there.
fn validators(current: &Current) -> Validators {
    current.validators().cloned().unwrap_or_default()
}

impl StoreError {
    pub(crate) fn database(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Database(error.into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(_) => f.write_str("the state is not the one that was expected"),
            Self::Absent => f.write_str("no such note"),
            Self::Invalid(error) => write!(f, "not a note: {error}"),
            Self::Database(error) => {
                write!(f, "database: {error}")?;
                let mut cause = error.source();
                while let Some(error) = cause {
                    write!(f, ": {error}")?;
                    cause = error.source();
                }
                Ok(())
            }
        }
    }
}

impl Error for StoreError {}
