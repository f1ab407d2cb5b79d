use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::{Error, ErrorKind};

pub(super) enum Message {
    Run(Box<dyn FnOnce(&mut Connection) + Send>),
    Close(oneshot::Sender<()>),
}

/// Starts the thread that owns the connection from now on.
pub(super) fn start(connection: Connection, queue: usize) -> io::Result<mpsc::Sender<Message>> {
    let (messages, received) = mpsc::channel(queue);
    let thread = thread::Builder::new().name("sqlite".to_owned());
    thread.spawn(move || serve(connection, received))?;
    Ok(messages)
}

fn serve(mut connection: Connection, mut messages: mpsc::Receiver<Message>) {
    let mut closing = Vec::new();
    while let Some(message) = messages.blocking_recv() {
        match message {
            Message::Run(job) => {
                // The connection is as good as before once nothing is open in it.
                if catch_unwind(AssertUnwindSafe(|| job(&mut connection))).is_err() {
                    let _ = settle(&connection, Ok(()));
                }
            }
            Message::Close(closed) => {
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

/// Rolls back what a job left open, which is an error of a job without another.
pub(super) fn settle<T>(connection: &Connection, result: Result<T, Error>) -> Result<T, Error> {
    if connection.is_autocommit() {
        return result;
    }
    let rolled_back = connection.execute_batch("ROLLBACK");
    result?;
    rolled_back?;
    Err(Error::of(ErrorKind::LeftOpen))
}
