use std::{
    mem::take,
    sync::{Arc, Mutex},
    time::Duration,
};

use redis::{
    Client, Cmd, Pipeline, RedisFuture, Value,
    aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig},
};

/// Longer than any pause of a busy machine.
pub const TIMEOUT: Duration = Duration::from_secs(30);

pub async fn connect(url: &str) -> ConnectionManager {
    let client = Client::open(url).expect("a URL");
    let config = ConnectionManagerConfig::new().set_response_timeout(Some(TIMEOUT));
    client
        .get_connection_manager_with_config(config)
        .await
        .expect("a connection")
}

/// A connection that keeps a copy of each command. Each command is one round trip.
#[derive(Clone)]
pub struct RecordingConnection {
    connection: ConnectionManager,
    sent: Arc<Mutex<Vec<Cmd>>>,
}

impl RecordingConnection {
    pub async fn open(url: &str) -> Self {
        Self {
            connection: connect(url).await,
            sent: Arc::default(),
        }
    }

    /// Returns the commands since the last call.
    pub fn take_sent(&self) -> Vec<Cmd> {
        take(&mut self.sent.lock().expect("no panic with the lock"))
    }
}

impl ConnectionLike for RecordingConnection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        let sent = self.sent.lock();
        sent.expect("no panic with the lock").push(command.clone());
        self.connection.req_packed_command(command)
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        _: &'a Pipeline,
        _: usize,
        _: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        panic!("the stores send no pipelines, so none is counted")
    }

    fn get_db(&self) -> i64 {
        self.connection.get_db()
    }
}
