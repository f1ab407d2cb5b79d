//! A connection to PostgreSQL that breaks at a chosen message.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The message that is lost when a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The server never gets the message.
    Request,
    /// The server has done what the message says, and its answer is lost.
    Answer,
}

/// The message at which a connection breaks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    /// The text in a message of the client.
    pub(crate) text: &'static str,
    pub(crate) lost: Lost,
}

/// A proxy before a server, which breaks one connection once it is told to.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    port: u16,
    cut: Arc<Mutex<Option<Cut>>>,
}

impl Proxy {
    pub(crate) async fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let cut = Arc::default();
        let proxy = Self { port, cut };
        let accepting = proxy.clone();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("a connection");
                let server = TcpStream::connect(("127.0.0.1", server)).await;
                let proxy = accepting.clone();
                tokio::spawn(async move { proxy.forward(client, server.expect("a server")).await });
            }
        });
        proxy
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Breaks the next connection that sends such a message.
    pub(crate) fn cut(&self, cut: Cut) {
        *self.cut.lock().expect("no panic") = Some(cut);
    }

    /// Returns `true` if no connection has broken yet.
    pub(crate) fn is_waiting(&self) -> bool {
        self.cut.lock().expect("no panic").is_some()
    }

    /// Takes the cut if the message has its text.
    fn take_cut(&self, message: &[u8]) -> Option<Cut> {
        let mut cut = self.cut.lock().expect("no panic");
        cut.take_if(|cut| {
            let mut windows = message.windows(cut.text.len());
            windows.any(|window| window == cut.text.as_bytes())
        })
    }

    /// Forwards both directions. Returning closes both connections.
    async fn forward(&self, mut client: TcpStream, mut server: TcpStream) {
        let (mut from_client, mut from_server) = (vec![0; 1 << 16], vec![0; 1 << 16]);
        let mut is_answer_lost = false;
        loop {
            tokio::select! {
                read = client.read(&mut from_client) => {
                    let Ok(length @ 1..) = read else { return };
                    let message = &from_client[..length];
                    match self.take_cut(message) {
                        Some(Cut { lost: Lost::Request, .. }) => return,
                        Some(Cut { lost: Lost::Answer, .. }) => is_answer_lost = true,
                        None => {}
                    }
                    if server.write_all(message).await.is_err() {
                        return;
                    }
                }
                read = server.read(&mut from_server) => {
                    let Ok(length @ 1..) = read else { return };
                    if is_answer_lost || client.write_all(&from_server[..length]).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}
