use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::{Error, ErrorKind};

/// A message to the thread that owns the connection.
pub(super) enum ThreadMessage {
    Run(Box<dyn FnOnce(&mut Connection) + Send>),
    /// Closes the connection after the queued jobs, and then answers.
    Close(oneshot::Sender<()>),
}

/// Starts the thread, which takes the connection.
pub(super) fn start(
    connection: Connection,
    max_queued_jobs: usize,
) -> io::Result<mpsc::Sender<ThreadMessage>> {
    let (messages, received) = mpsc::channel(max_queued_jobs);
    let thread = thread::Builder::new().name("sqlite".to_owned());
    thread.spawn(move || serve(connection, received))?;
    Ok(messages)
}

fn serve(mut connection: Connection, mut messages: mpsc::Receiver<ThreadMessage>) {
    let mut closing = Vec::new();
    while let Some(message) = messages.blocking_recv() {
        match message {
            ThreadMessage::Run(job) => {
                // The connection can be used again once it has no open transaction.
                if catch_unwind(AssertUnwindSafe(|| job(&mut connection))).is_err() {
                    let _ = roll_back_open(&connection, Ok(()));
                }
            }
            ThreadMessage::Close(closed) => {
                messages.close();
                closing.push(closed);
            }
        }
    }
    drop(connection);
    for closed in closing {
        let _: Result<(), ()> = closed.send(());
    }
}

/// Rolls back a transaction that a job left open.
///
/// Returns the error of the job, or [`ErrorKind::OpenTransaction`] if the job itself
/// succeeded.
pub(super) fn roll_back_open<T>(
    connection: &Connection,
    result: Result<T, Error>,
) -> Result<T, Error> {
    if connection.is_autocommit() {
        return result;
    }
    let rolled_back = connection.execute_batch("ROLLBACK");
    result?;
    rolled_back?;
    Err(Error::new(ErrorKind::OpenTransaction))
}
