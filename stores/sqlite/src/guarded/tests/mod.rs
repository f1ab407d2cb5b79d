mod campaign;
mod jobs;
mod moved;
mod races;
mod rolled_back;
mod spellings;

use std::error::Error as _;

use http::{Request, header::HeaderName};
use tower_conditional::{Current, VersionTags, handler::Expected};

use super::{GuardError, Target};
use crate::{
    Database, Error, ErrorKind, Scope,
    test_support::{block_thread, execute, notes, reason, tag, tag_text},
};

fn expected(name: HeaderName, value: &str) -> Expected {
    Expected::of(&Request::put("/").header(name, value).body(()).unwrap())
}

fn if_match(tag: &str) -> Expected {
    expected(http::header::IF_MATCH, tag)
}

fn must_be_absent() -> Expected {
    expected(http::header::IF_NONE_MATCH, "*")
}

fn unconditional() -> Expected {
    Expected::of(&Request::put("/").body(()).unwrap())
}

fn row() -> Scope {
    Scope::row("notes", 1)
}

async fn write(
    database: &Database,
    expected: Expected,
    target: Target,
) -> Result<Option<String>, GuardError> {
    let write = database.guarded(expected, target, |tx| {
        tx.execute("REPLACE INTO notes VALUES (1, 'a', 'written')", ())?;
        tx.current()
    });
    write.await.map(|current| tag_text(&current))
}

fn is_412(result: &Result<Option<String>, GuardError>) -> bool {
    matches!(result, Err(GuardError::Precondition(_)))
}

/// R-9110-13.1.1-a, R-9110-13.1.1-c, R-9110-13.1.2-f
#[tokio::test]
async fn a_write_is_performed_if_the_state_is_expected() {
    let database = notes().await;
    let scope = || Target::scope(row());
    assert!(is_412(&write(&database, if_match("\"1\""), scope()).await));
    assert!(is_412(&write(&database, if_match("*"), scope()).await));

    let created = write(&database, must_be_absent(), scope())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(tag(&database, row()).await.as_ref(), Some(&created));
    assert!(is_412(&write(&database, must_be_absent(), scope()).await));

    let updated = write(&database, if_match(&created), scope())
        .await
        .unwrap()
        .unwrap();
    assert_ne!(updated, created);
    let Err(GuardError::Precondition(failed)) = write(&database, if_match(&created), scope()).await
    else {
        panic!("it was changed");
    };
    let current = failed.current().unwrap().etag.as_ref().unwrap();
    assert_eq!(current.as_header_value(), updated.as_str());
    // The comparison is strong, and one of several tags is enough.
    let weak = format!("W/{updated}");
    assert!(is_412(&write(&database, if_match(&weak), scope()).await));
    let several = format!("\"x\", {updated}");
    write(&database, if_match(&several), scope()).await.unwrap();
    write(&database, unconditional(), scope()).await.unwrap();
}

#[tokio::test]
async fn a_version_of_the_application_may_be_the_target() {
    let database = Database::in_memory().unwrap();
    execute(
        &database,
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, version INTEGER);
         INSERT INTO notes VALUES (1, 7)",
    )
    .await;
    let tags = VersionTags::keyed([7; 16]).unwrap();
    let target = || {
        let sql = "SELECT version FROM notes WHERE id = ?1";
        let target = Target::query(row(), sql, [1]);
        target.tags(VersionTags::keyed([7; 16]).unwrap())
    };
    let write = |tag: String| {
        database.guarded(if_match(&tag), target(), |tx| {
            tx.execute("UPDATE notes SET version = version + 1", ())?;
            tx.current()
        })
    };
    let spell = |version| {
        tags.scope(row())
            .number(version)
            .as_header_value()
            .to_str()
            .unwrap()
            .to_owned()
    };
    let current = write(spell(7)).await.unwrap();
    assert_eq!(tag_text(&current).unwrap(), spell(8));
    assert!(matches!(
        write(spell(7)).await,
        Err(GuardError::Precondition(_))
    ));
    assert!(matches!(
        write("\"8\"".to_owned()).await,
        Err(GuardError::Precondition(_))
    ));
}

/// Issue 10, B.5, R-9110-13.1.1-a: another row with the same version has another tag.
#[tokio::test]
async fn the_tag_of_another_row_is_refused() {
    let database = notes().await;
    execute(
        &database,
        "INSERT INTO notes VALUES (1, 'a', 'one'), (2, 'a', 'two');
         UPDATE conditional_versions SET version = 7",
    )
    .await;
    let other = tag(&database, Scope::row("notes", 2)).await.unwrap();
    let by_query = || Target::query(row(), "SELECT 7 FROM notes WHERE id = ?1", [1]);
    for target in [Target::scope(row()), by_query()] {
        assert!(is_412(&write(&database, if_match(&other), target).await));
    }
    let own = tag(&database, row()).await.unwrap();
    write(&database, if_match(&own), by_query()).await.unwrap();
}

#[tokio::test]
async fn a_write_that_fails_or_panics_is_rolled_back() {
    let database = notes().await;
    let insert = "INSERT INTO notes VALUES (1, 'a', 'one')";
    let twice = database.guarded(must_be_absent(), Target::scope(row()), move |tx| {
        tx.execute(insert, ())?;
        tx.execute(insert, ())
    });
    let Err(GuardError::Database(error)) = twice.await else {
        panic!("the key is taken");
    };
    assert!(error.is_conflict() && error.source().is_some());
    let panics = database.guarded(
        must_be_absent(),
        Target::scope(row()),
        move |tx| -> rusqlite::Result<()> {
            tx.execute(insert, ())?;
            panic!("on purpose");
        },
    );
    let Err(GuardError::Database(error)) = panics.await else {
        panic!("it panicked");
    };
    assert_eq!(error.kind(), ErrorKind::Panicked);
    assert_eq!(tag(&database, row()).await, None);
}

#[test]
fn a_disk_that_breaks_in_the_commit_leaves_the_outcome_unknown() {
    let failure = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC);
    let error = Error::from_commit(rusqlite::Error::SqliteFailure(failure, None));
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert!(error.source().is_some() && !error.is_conflict());
}

/// An error in the commit is an error of the write.
#[tokio::test]
async fn a_commit_that_fails_is_an_error() {
    let database = notes().await;
    execute(
        &database,
        "CREATE TABLE tags (note REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)",
    )
    .await;
    let dangling = database.guarded(unconditional(), Target::scope(row()), |tx| {
        tx.execute("INSERT INTO tags VALUES (99)", ())
    });
    let Err(GuardError::Database(error)) = dangling.await else {
        panic!("there is no such note");
    };
    assert_eq!(error.kind(), ErrorKind::Database);
    assert!(!error.is_conflict());
    execute(
        &database,
        "INSERT INTO notes VALUES (1, 'a', 'the thread lives on')",
    )
    .await;
}

#[tokio::test]
async fn a_scope_that_is_not_watched_is_an_error() {
    let database = notes().await;
    let nobody = Target::scope(Scope::row("nobody", 1));
    let Err(GuardError::Database(error)) = write(&database, must_be_absent(), nobody).await else {
        panic!("the scope is not watched");
    };
    assert_eq!(error.kind(), ErrorKind::NotWatched);
    assert_eq!(reason(&error), "scope \"row/nobody/1\"");
    assert_eq!(tag(&database, row()).await, None);
}

/// Issue 10, D.1: without a condition no version is read.
#[tokio::test]
async fn an_unconditional_write_needs_no_watched_scope() {
    let database = notes().await;
    let nobody = Target::scope(Scope::row("nobody", 1));
    let written = database.guarded(unconditional(), nobody, |tx| {
        tx.execute("REPLACE INTO notes VALUES (1, 'a', 'written')", ())
    });
    assert_eq!(written.await.unwrap(), 1);
}

#[tokio::test]
async fn a_write_completes_after_its_caller_is_dropped() {
    let database = notes().await;
    let release = block_thread(&database).await;
    {
        let mut writing = Box::pin(write(&database, unconditional(), Target::scope(row())));
        std::future::poll_fn(|cx| {
            assert!(writing.as_mut().poll(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
    }
    drop(release);
    assert!(tag(&database, row()).await.is_some());
}

/// The validators of the response are from the transaction that wrote.
#[tokio::test]
async fn the_state_of_any_scope_can_be_read_after_the_writes() {
    let database = notes().await;
    let write = database.guarded(must_be_absent(), Target::scope(row()), |tx| {
        assert!(matches!(tx.current()?, Current::Absent));
        tx.execute("INSERT INTO notes VALUES (1, 'a', 'one')", ())?;
        assert!(matches!(
            tx.read(&Scope::row("notes", "01"))?,
            Current::Unknown
        ));
        Ok((tx.current()?, tx.read(&Scope::table("notes"))?))
    });
    let (current, all) = write.await.unwrap();
    assert_eq!(tag_text(&current), tag(&database, row()).await);
    let table = Scope::table("notes");
    assert_eq!(tag_text(&all), tag(&database, table).await);

    let nobody = database.guarded(unconditional(), Target::scope(row()), |tx| {
        tx.read(&Scope::row("nobody", 1))
    });
    let Err(GuardError::Database(error)) = nobody.await else {
        panic!("the scope is not watched");
    };
    assert_eq!(error.kind(), ErrorKind::NotWatched);
}
