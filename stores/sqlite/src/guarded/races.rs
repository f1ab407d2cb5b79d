use std::sync::Arc;

use tokio::{sync::Barrier, task::JoinSet};

use super::{
    GuardError, Target,
    tests::{if_match, must_be_absent, row, write},
};
use crate::{
    Database,
    test_support::{NOTES, TempFile, execute, schema, tag},
};

const WRITERS: usize = 12;
const ROUNDS: usize = 40;

/// Twelve writers who expect the same: how many of them were accepted.
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

async fn three(file: &TempFile) -> [Database; 3] {
    let databases = [(); 3].map(|()| Database::open(file).unwrap());
    execute(&databases[0], NOTES).await;
    schema().install(&databases[0]).await.unwrap();
    databases
}

/// Of any number of writers who expect the same one wins, by `If-Match` and by
/// `If-None-Match: *`, on three connections.
#[tokio::test(flavor = "multi_thread")]
async fn exactly_one_writer_wins() {
    let file = TempFile::new();
    let databases = three(&file).await;
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
                    Err(GuardError::Failed(_)) => false,
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

/// What the test above would find: a check, and then a write.
#[tokio::test(flavor = "multi_thread")]
async fn check_then_act_loses_updates() {
    let file = TempFile::new();
    let databases = three(&file).await;
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
