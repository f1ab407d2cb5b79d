//! The connection to a browser: commands with their results, and events.

use std::{collections::HashMap, sync::Arc};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use super::{LIMIT, events::EventRouter, process::BrowserLog};

/// A command, and the place for its result.
type SentCommand = (&'static str, Value, oneshot::Sender<Result<Value, String>>);

/// A handle for the connection, which another thread runs.
#[derive(Clone, Debug)]
pub(super) struct BidiConnection {
    commands: mpsc::UnboundedSender<SentCommand>,
    log: BrowserLog,
}

impl BidiConnection {
    /// Connects, and spawns the task that runs the connection.
    pub(super) async fn open(url: &str, log: BrowserLog, events: Arc<EventRouter>) -> Self {
        let (socket, _) = connect_async(url).await.unwrap();
        let (commands, receiver) = mpsc::unbounded_channel();
        tokio::spawn(forward(socket, receiver, events));
        Self { commands, log }
    }

    /// Sends a command and waits for its result.
    ///
    /// # Panics
    ///
    /// Panics if the browser refuses the command, or has ended.
    pub(super) async fn command(&self, method: &'static str, parameters: Value) -> Value {
        let text = parameters.to_string();
        let result = self.try_command(method, parameters).await;
        result.unwrap_or_else(|error| panic!("{method} {text}: {error}"))
    }

    /// Does the same as [`command`](Self::command), and returns the error of the browser.
    pub(super) async fn try_command(
        &self,
        method: &'static str,
        parameters: Value,
    ) -> Result<Value, String> {
        let (sender, result) = oneshot::channel();
        // Without a connection, there is no result either.
        let _ = self.commands.send((method, parameters, sender));
        // The page itself ends its waits earlier, and then tells more.
        match timeout(LIMIT + LIMIT / 4, result).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(format!("the browser has ended:\n{}", self.log.text())),
            Err(_) => Err(format!("no result in time:\n{}", self.log.text())),
        }
    }
}

async fn forward(
    mut socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    mut commands: mpsc::UnboundedReceiver<SentCommand>,
    events: Arc<EventRouter>,
) {
    let mut waiting = HashMap::new();
    let mut id = 0_u64;
    loop {
        tokio::select! {
            command = commands.recv() => {
                let Some((method, parameters, sender)) = command else { return };
                id += 1;
                waiting.insert(id, sender);
                let command = json!({ "id": id, "method": method, "params": parameters });
                if socket.send(Message::text(command.to_string())).await.is_err() {
                    return;
                }
            }
            message = socket.next() => {
                let Some(Ok(message)) = message else { return };
                let Message::Text(text) = message else { continue };
                let message: Value = serde_json::from_str(&text).expect("JSON");
                let sender = message["id"].as_u64().and_then(|id| waiting.remove(&id));
                if let Some(sender) = sender {
                    // The test that sent the command may have failed.
                    let _ = sender.send(result_of(message));
                } else if let Some(method) = message["method"].as_str() {
                    events.add(method, &message["params"]);
                }
            }
        }
    }
}

fn result_of(mut message: Value) -> Result<Value, String> {
    match message["error"].as_str() {
        Some(error) => Err(format!("{error}: {}", message["message"])),
        None => Ok(message["result"].take()),
    }
}
