use std::{
    future::ready,
    pin::pin,
    sync::{Arc, mpsc},
};

use tokio::{
    sync::{Barrier, oneshot},
    task::JoinSet,
};

use super::{GuardError, Target, if_match, must_be_absent, row, write};
use crate::{
    Database, Install, Schema, Scope, Watch,
    test_support::{NOTES, TempFile, execute, schema, tag},
};

const WRITERS: usize = 12;
const ROUNDS: usize = 40;

/// Returns the number of accepted writers out of twelve that expect the same state.
async fn accepted<W, F>(databases: &[Database; 3], write: W) -> usize
where
    W: Fn(Database, Arc<Barrier>) -> F,
    F: Future<Output = bool> + Send + 'static,
{
    let together = Arc::new(Barrier::new(WRITERS));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let database = databases[writer % databases.len()].clone();
        writers.spawn(write(database, Arc::clone(&together)));
    }
    let outcomes = writers.join_all().await;
    outcomes.into_iter().filter(|accepted| *accepted).count()
}

async fn three_connections(file: &TempFile) -> [Database; 3] {
    let databases = [(); 3].map(|()| Database::open(file).unwrap());
    execute(&databases[0], NOTES).await;
    schema().install(&databases[0]).await.unwrap();
    databases
}

/// Of the writers that expect the same state, one wins, with `If-Match` and with
/// `If-None-Match: *`, on three connections.
#[tokio::test(flavor = "multi_thread")]
async fn exactly_one_writer_wins() {
    let file = TempFile::new();
    let databases = three_connections(&file).await;
    for round in 0..ROUNDS {
        let before = tag(&databases[0], row()).await;
        let winners = accepted(&databases, |database, together| {
            let expected = match &before {
                Some(tag) => if_match(tag),
                None => must_be_absent(),
            };
            async move {
                together.wait().await;
                match write(&database, expected, Target::scope(row())).await {
                    Ok(_) => true,
                    Err(GuardError::Precondition(_)) => false,
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
        assert_eq!(winners.await, 1, "round {round}");
        if round % 2 == 1 {
            execute(&databases[0], "DELETE FROM notes").await;
        }
    }
}

/// The same race against check-then-act, as proof that the race can find lost updates.
#[tokio::test(flavor = "multi_thread")]
async fn check_then_act_loses_updates() {
    let file = TempFile::new();
    let databases = three_connections(&file).await;
    execute(&databases[0], "INSERT INTO notes VALUES (1, 'a', 'one')").await;
    let mut winners = 0;
    for _ in 0..ROUNDS {
        let before = tag(&databases[0], row()).await.unwrap();
        winners += accepted(&databases, |database, together| {
            let expected = before.clone();
            async move {
                let found = tag(&database, row()).await;
                together.wait().await;
                let accepted = found.as_ref() == Some(&expected);
                if accepted {
                    execute(&database, "UPDATE notes SET text = 'lost'").await;
                }
                accepted
            }
        })
        .await;
    }
    assert_eq!(winners, WRITERS * ROUNDS);
}

/// Issue 11, A.3: another connection replaces the row while the guard waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_replaced_meanwhile_is_not_absent() {
    for expects_absence in [true, false] {
        let file = TempFile::new();
        let [database, other] = [(); 2].map(|()| Database::open(&file).unwrap());
        let sql = "CREATE TABLE notes (id INTEGER PRIMARY KEY, count INTEGER);
            INSERT INTO notes VALUES (1, 1)";
        execute(&database, sql).await;
        let schema = Schema::new().watch(Watch::table("notes").each_row("id"));
        schema.unwrap().install(&database).await.unwrap();
        let row = Scope::row("notes", 1);
        let before = tag(&database, row.clone()).await.unwrap();

        let (replaced, wait) = mpsc::channel::<()>();
        let (started, start) = oneshot::channel();
        let replacing = tokio::spawn(async move {
            let replace = other.run(move |connection| {
                let tx = connection.transaction()?;
                tx.execute_batch("DELETE FROM notes; INSERT INTO notes VALUES (1, 2)")?;
                let _ = started.send(());
                let _ = wait.recv();
                tx.commit()
            });
            replace.await
        });
        start.await.unwrap();
        let expected = match expects_absence {
            true => must_be_absent(),
            false => if_match(&before),
        };
        let mut guarding = pin!(
            database.guarded(expected, Target::scope(row.clone()), |tx| tx
                .execute("REPLACE INTO notes VALUES (1, 3)", ()))
        );
        tokio::select! {
            biased;
            _ = &mut guarding => panic!("it does not wait"),
            // The job is now in the queue of the database.
            () = ready(()) => {}
        }
        drop(replaced);
        replacing.await.unwrap().unwrap();
        let Err(GuardError::Precondition(failed)) = guarding.await else {
            panic!("it was admitted");
        };
        let found = failed.current().unwrap().etag.as_ref().unwrap().to_string();
        assert_eq!(Some(found), tag(&database, row).await);
    }
}
