use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};

use http::{Request, request::Parts};
use tokio::sync::oneshot;
use tower_conditional::{Current, ValidatorSource, VersionTags, validator::TagRef};

use crate::{Database, Error, Install, Schema, Scope, VersionSource, Watch};

/// The path of a database file for one test. The drop removes it, with the files that
/// SQLite put beside it.
#[derive(Debug)]
pub(crate) struct TempFile(PathBuf);

impl TempFile {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("tower-conditional-sqlite-{}-{number}.db", process::id());
        Self(env::temp_dir().join(name))
    }
}

impl AsRef<std::path::Path> for TempFile {
    fn as_ref(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            let mut path = self.0.clone().into_os_string();
            path.push(suffix);
            let _ = fs::remove_file(path);
        }
    }
}

/// Creates a database with the table `notes`, watched in every way.
pub(crate) async fn notes() -> Database {
    let database = Database::in_memory().unwrap();
    execute(&database, NOTES).await;
    schema().install(&database).await.unwrap();
    database
}

pub(crate) const NOTES: &str =
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, tenant TEXT, text TEXT UNIQUE)";

pub(crate) fn schema() -> Schema {
    let watch = Watch::table("notes")
        .each_row("id")
        .whole_table()
        .each_group("tenant");
    Schema::new().watch(watch).unwrap()
}

pub(crate) async fn execute(database: &Database, sql: impl Into<String>) {
    let sql = sql.into();
    let executed = database.run(move |connection| connection.execute_batch(&sql));
    executed.await.unwrap();
}

/// Returns the reason in the text of an error, after the first colon.
pub(crate) fn reason(error: &Error) -> String {
    let text = error.to_string();
    let (_, reason) = text.split_once(": ").expect("a reason");
    reason.to_owned()
}

/// Returns a request with a scope, as an extension.
pub(crate) fn request_for(scope: Scope) -> Parts {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.extensions.insert(scope);
    parts
}

pub(crate) fn scope_of(request: &Parts) -> Option<Scope> {
    request.extensions.get().cloned()
}

/// Returns the state of a scope from a source.
pub(crate) async fn current(database: &Database, scope: Scope) -> Result<Current, Error> {
    let source = VersionSource::new(database.clone(), scope_of);
    source.current(&request_for(scope)).await
}

/// Returns the tag of a scope, or `None` if it is absent.
pub(crate) async fn tag(database: &Database, scope: Scope) -> Option<String> {
    tag_text(&current(database, scope).await.unwrap())
}

/// Returns the version in the tag of a scope.
pub(crate) async fn version(database: &Database, scope: Scope) -> i64 {
    let tag = tag(database, scope.clone()).await.unwrap();
    let tag = TagRef::parse(tag.as_bytes()).unwrap();
    VersionTags::plain().scope(scope).parse_number(tag).unwrap()
}

pub(crate) fn tag_text(current: &Current) -> Option<String> {
    match current {
        Current::Unknown => panic!("unknown"),
        Current::Absent => None,
        Current::Present(known) => {
            let tag = known.etag.as_ref().unwrap().as_header_value();
            Some(tag.to_str().unwrap().to_owned())
        }
    }
}

/// Keeps the database's thread busy until the sender is dropped.
pub(crate) async fn block_thread(database: &Database) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel();
    let (started, start) = oneshot::channel();
    let database = database.clone();
    tokio::spawn(async move {
        let hanging = database.run(move |_| {
            let _ = started.send(());
            let _ = released.recv();
            Ok(())
        });
        hanging.await
    });
    start.await.unwrap();
    release
}
