//! PostgreSQL goes away in the middle of writes, and comes back.

use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use http::StatusCode;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::{JoinSet, spawn_blocking},
};
use tower_conditional_postgres_testing::{Postgres, Replica};

use crate::{
    history::{KEPT, Told, Write, assert_nothing_lost, committed, count},
    support::{Client, connect, notes, soon},
};

const WRITERS: usize = 6;

/// How many writes are accepted before, between and after.
const ACCEPTED: usize = 60;

/// R-9110-13.1-a: errors meanwhile, and each accepted write in the history.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_is_lost_when_postgres_restarts() {
    let server = Arc::new(Postgres::start());
    let url = server.create_database();
    let replicas = [(); 3].map(|()| {
        // They say what failed, again and again.
        let mut notes = notes(&["--postgres", &url]);
        Replica::start(notes.stderr(Stdio::null()))
    });
    connect(&url).await.batch_execute(KEPT).await.unwrap();

    let stop = Arc::new(AtomicBool::new(false));
    let (tell, mut told) = unbounded_channel();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let client = Client::of(&replicas[writer % 3]).await;
        writers.spawn(write(client, writer, stop.clone(), tell.clone()));
    }

    let mut writes = Vec::new();
    let ends: [fn(&Postgres); 2] = [Postgres::restart, Postgres::kill_and_restart];
    for end in ends {
        accepted(ACCEPTED, &mut told, &mut writes).await;
        let server = server.clone();
        spawn_blocking(move || end(&server)).await.unwrap();
    }
    while let Ok(write) = told.try_recv() {
        writes.push(write);
    }
    accepted(ACCEPTED, &mut told, &mut writes).await;
    stop.store(true, Ordering::Relaxed);
    drop(tell);
    while let Some(write) = soon(told.recv()).await {
        writes.push(write);
    }
    writers.join_all().await;

    let committed = committed(&connect(&url).await).await;
    assert_nothing_lost(&writes, &committed);
    assert_ne!(count(&writes, Told::Nothing), 0, "nobody noticed");
    println!(
        "{} accepted, {} refused, {} without an answer, {} committed",
        count(&writes, Told::Accepted),
        count(&writes, Told::Refused),
        count(&writes, Told::Nothing),
        committed.len() - 1,
    );
    for (number, replica) in replicas.iter().enumerate() {
        let text = format!("replica {number} is well");
        Client::of(replica).await.assert_writes(&text).await;
    }
}

/// Takes what writers tell until so many more were accepted.
async fn accepted(number: usize, told: &mut UnboundedReceiver<Write>, writes: &mut Vec<Write>) {
    let enough = count(writes, Told::Accepted) + number;
    while count(writes, Told::Accepted) < enough {
        writes.push(soon(told.recv()).await.expect("writers"));
    }
}

/// Reads and writes over and over.
async fn write(
    mut client: Client,
    writer: usize,
    stop: Arc<AtomicBool>,
    tell: UnboundedSender<Write>,
) {
    let mut page = client.read().await;
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        // Where nothing can be read, what it has seen last must do.
        page = client.try_read().await.unwrap_or(page);
        number += 1;
        let text = format!("writer {writer}, {number}");
        let answer = client.write(&page.tag, &text).await.expect("an answer");
        let write = Write {
            over: page.text.clone(),
            tag: page.tag.clone(),
            text,
            told: match answer.status() {
                StatusCode::NO_CONTENT => Told::Accepted,
                StatusCode::PRECONDITION_FAILED => Told::Refused,
                StatusCode::INTERNAL_SERVER_ERROR | StatusCode::SERVICE_UNAVAILABLE => {
                    Told::Nothing
                }
                other => panic!("{other}"),
            },
        };
        tell.send(write).expect("the test listens");
    }
}
