//! A proxy that breaks connections, as networks do.

mod connection;
mod fault;
mod protocol;
mod state;

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

pub use {
    fault::{Fault, Faults},
    protocol::Protocol,
    state::ProxyCounts,
};

use connection::ProxiedConnection;
use state::ProxyState;

/// A proxy between clients and a server on 127.0.0.1, which a test tells what to break.
///
/// At first it passes everything. Threads forward the messages, so a test may block. Dropping
/// the value cuts all connections and closes the port.
///
/// ```
/// use tower_conditional_testing::{Engine, Fault, Protocol, RedisServer, RespClient, TcpProxy};
///
/// let server = RedisServer::start(Engine::Redis);
/// let proxy = TcpProxy::start(Protocol::Redis, server.port());
/// let mut client = RespClient::connect(proxy.port(), None)?;
/// proxy.once(Fault::LoseReply);
/// assert!(client.command(&["INCR", "key"]).is_err());
/// assert_eq!(server.command(&["GET", "key"]), "1");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct TcpProxy {
    port: u16,
    state: Arc<ProxyState>,
}

impl TcpProxy {
    /// Starts a proxy before the server at this port.
    ///
    /// # Panics
    ///
    /// Panics if there is no free port.
    #[must_use]
    pub fn start(protocol: Protocol, server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(ProxyState::new(protocol, server));
        let accepting = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                if accepting.is_closed() {
                    return;
                }
                // A server that is down closes the connection of the client.
                let _ = client.and_then(|client| ProxiedConnection::start(&accepting, client));
            }
        });
        Self { port, state }
    }

    /// Returns the port that clients connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the URL for clients of Redis, such as `redis://127.0.0.1:40123`.
    #[must_use]
    pub fn redis_url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sets the port of the server for new connections, such as that of a promoted replica.
    pub fn set_server(&self, port: u16) {
        self.state.lock().server = port;
    }

    /// Closes all connections.
    pub fn cut(&self) {
        self.state.lock().cut_all();
    }

    /// Closes all connections, and each new one at once, until [`accept`](Self::accept).
    pub fn refuse(&self) {
        let mut switches = self.state.lock();
        switches.is_refusing = true;
        switches.cut_all();
    }

    /// Ends [`refuse`](Self::refuse).
    pub fn accept(&self) {
        self.state.lock().is_refusing = false;
    }

    /// Sets the delay of requests and of replies. Defaults to zero for both.
    ///
    /// Messages that arrive together are delayed once. The pause also delays the messages
    /// that arrive meanwhile, by up to twice the duration.
    pub fn set_delay(&self, requests: Duration, replies: Duration) {
        let mut switches = self.state.lock();
        switches.request_delay = requests;
        switches.reply_delay = replies;
    }

    /// Holds back all replies until [`release_replies`](Self::release_replies). The server
    /// still gets the requests.
    pub fn hold_replies(&self) {
        self.state.lock().is_holding = true;
    }

    /// Ends [`hold_replies`](Self::hold_replies), and delivers the replies of connections that
    /// are still open.
    pub fn release_replies(&self) {
        self.state.release();
    }

    /// Adds a fault of the next request that has none yet.
    ///
    /// # Panics
    ///
    /// Panics if the proxy cannot tell where a request ends, and the fault repeats it.
    pub fn once(&self, fault: Fault) {
        self.once_at("", fault);
    }

    /// Adds a fault of the next request that has this text in it.
    ///
    /// # Panics
    ///
    /// Panics like [`once`](Self::once).
    pub fn once_at(&self, text: &str, fault: Fault) {
        self.state.assert_supports(fault.repeats());
        self.state.lock().once.push((text.to_owned(), fault));
    }

    /// Returns `true` if a fault of [`once`](Self::once) still waits for its request.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.state.lock().once.is_empty()
    }

    /// Sets the random faults of all further requests. Their number starts at zero.
    ///
    /// # Panics
    ///
    /// Panics if the probabilities are not between 0 and 1, or their sum is not. Panics like
    /// [`once`](Self::once).
    pub fn set_faults(&self, faults: Faults) {
        faults.assert_valid();
        self.state.assert_supports(faults.repeat());
        self.state.lock().faults = Some((faults, 0));
    }

    /// Ends [`set_faults`](Self::set_faults). Requests that were to be repeated later still
    /// are.
    pub fn clear_faults(&self) {
        self.state.lock().faults = None;
    }

    /// Sends the requests now that [`Fault::RepeatLater`] has kept, each on a new connection,
    /// and waits for their replies.
    ///
    /// Returns how many the server has answered.
    #[must_use]
    pub fn repeat_now(&self) -> usize {
        let kept = self.state.lock().take_kept();
        self.state.repeat(&kept)
    }

    /// Returns the number of each event since the start.
    #[must_use]
    pub fn counts(&self) -> ProxyCounts {
        self.state.lock().counts
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.state.close();
        // The thread that accepts connections notices with the next one.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}
