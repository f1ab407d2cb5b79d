//! PostgreSQL stops during writes, and starts again.

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
use tower_conditional_testing::{Postgres, Replica};

use crate::{
    history::{KEPT, Write, WriteResult, assert_nothing_lost, committed, count},
    support::{Client, connect, in_time, notes},
};

const WRITERS: usize = 6;

/// The number of writes that are accepted before, between and after the restarts.
const ACCEPTED: usize = 60;

/// R-9110-13.1-a: there are errors meanwhile, and each accepted write is in the history.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_is_lost_when_postgres_restarts() {
    let server = Arc::new(Postgres::start());
    let url = server.create_database();
    let replicas = [(); 3].map(|()| {
        // The replicas print each failure.
        let mut notes = notes(&["--postgres", &url]);
        Replica::start(notes.stderr(Stdio::null()))
    });
    connect(&url).await.batch_execute(KEPT).await.unwrap();

    let stop = Arc::new(AtomicBool::new(false));
    let (tell, mut result) = unbounded_channel();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let client = Client::of(&replicas[writer % 3]).await;
        writers.spawn(write(client, writer, stop.clone(), tell.clone()));
    }

    let mut writes = Vec::new();
    let ends: [fn(&Postgres); 2] = [Postgres::restart, Postgres::kill_and_restart];
    for end in ends {
        accepted(ACCEPTED, &mut result, &mut writes).await;
        let server = server.clone();
        spawn_blocking(move || end(&server)).await.unwrap();
    }
    while let Ok(write) = result.try_recv() {
        writes.push(write);
    }
    accepted(ACCEPTED, &mut result, &mut writes).await;
    stop.store(true, Ordering::Relaxed);
    drop(tell);
    while let Some(write) = in_time(result.recv()).await {
        writes.push(write);
    }
    writers.join_all().await;

    let committed = committed(&connect(&url).await).await;
    assert_nothing_lost(&writes, &committed);
    assert_ne!(count(&writes, WriteResult::Unknown), 0, "nobody noticed");
    println!(
        "{} accepted, {} refused, {} without an answer, {} committed",
        count(&writes, WriteResult::Accepted),
        count(&writes, WriteResult::Refused),
        count(&writes, WriteResult::Unknown),
        committed.len() - 1,
    );
    for (number, replica) in replicas.iter().enumerate() {
        let text = format!("replica {number} is well");
        Client::of(replica).await.assert_writes(&text).await;
    }
}

/// Receives responses until so many more writes were accepted.
async fn accepted(number: usize, result: &mut UnboundedReceiver<Write>, writes: &mut Vec<Write>) {
    let enough = count(writes, WriteResult::Accepted) + number;
    while count(writes, WriteResult::Accepted) < enough {
        writes.push(in_time(result.recv()).await.expect("writers"));
    }
}

/// Reads and writes in a loop.
async fn write(
    mut client: Client,
    writer: usize,
    stop: Arc<AtomicBool>,
    tell: UnboundedSender<Write>,
) {
    let mut page = client.read().await;
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        // If nothing can be read, the writer uses the last text that it has read.
        page = client.try_read().await.unwrap_or(page);
        number += 1;
        let text = format!("writer {writer}, {number}");
        let answer = client.write(&page.tag, &text).await.expect("an answer");
        let write = Write {
            over: page.text.clone(),
            tag: page.tag.clone(),
            text,
            result: match answer.status() {
                StatusCode::NO_CONTENT => WriteResult::Accepted,
                StatusCode::PRECONDITION_FAILED => WriteResult::Refused,
                StatusCode::INTERNAL_SERVER_ERROR | StatusCode::SERVICE_UNAVAILABLE => {
                    WriteResult::Unknown
                }
                other => panic!("{other}"),
            },
        };
        tell.send(write).expect("the test listens");
    }
}
