//! The process of each browser that the tests of this binary share.

use std::{
    future::pending,
    sync::{Arc, Mutex as StdMutex},
    thread,
};

use serde_json::json;
use tokio::{
    runtime,
    sync::{Mutex, MutexGuard, OnceCell, oneshot},
};

use super::{
    chromium,
    connection::BidiConnection,
    events::{CHROMIUM_LOG, EVENTS, EventRouter},
    firefox,
    program::BrowserKind,
};

/// A session with a running browser.
#[derive(Clone, Debug)]
pub(super) struct BidiSession {
    pub(super) connection: BidiConnection,
    pub(super) events: Arc<EventRouter>,
    /// The tab in front, if it is known.
    pub(super) front: Arc<StdMutex<String>>,
}

impl BidiSession {
    /// Waits for the turn of a test, and returns the session, which the first test starts.
    ///
    /// The browsers send input to the tab in front, so two tests cannot use one browser at a time.
    ///
    /// # Panics
    ///
    /// Panics if the browser does not start, and from then on at once.
    pub(super) async fn take_turn(kind: BrowserKind) -> (Self, MutexGuard<'static, ()>) {
        static TURNS: [Mutex<()>; 2] = [const { Mutex::const_new(()) }; 2];
        // A browser that did not start would let each test wait for it again.
        static SESSIONS: [OnceCell<Result<BidiSession, String>>; 2] =
            [const { OnceCell::const_new() }; 2];

        let index = kind as usize;
        let turn = TURNS[index].lock().await;
        let session = SESSIONS[index].get_or_init(|| Self::start(kind)).await;
        match session {
            Ok(session) => (session.clone(), turn),
            Err(error) => panic!("{kind:?} did not start: {error}"),
        }
    }

    /// Starts the browser in a thread, since it outlives the runtime of each test. Returns the panic
    /// of the thread as an error.
    async fn start(kind: BrowserKind) -> Result<Self, String> {
        let (sender, session) = oneshot::channel();
        let started = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let (process, url) = match kind {
                    BrowserKind::Chromium => chromium::start().await,
                    BrowserKind::Firefox => firefox::start().await,
                };
                let events = Arc::new(EventRouter::default());
                let log = process.log();
                let connection = BidiConnection::open(&url, log, Arc::clone(&events)).await;
                let session = Self {
                    connection,
                    events,
                    front: Arc::default(),
                };
                session.prepare(kind).await;
                sender.send(session).expect("a test that waits");
                // The end of the tests ends the process.
                pending::<()>().await;
                drop(process);
            });
        });
        match session.await {
            Ok(session) => Ok(session),
            // The thread is at its end, since it has dropped the sender.
            Err(_) => Err(match started.join() {
                Ok(()) => "no session".to_owned(),
                Err(panic) => panic
                    .downcast()
                    .map_or_else(|_| "a panic".to_owned(), |text| *text),
            }),
        }
    }

    async fn prepare(&self, kind: BrowserKind) {
        let mut events = EVENTS.to_vec();
        match kind {
            // The first request to chromedriver has created its session.
            BrowserKind::Chromium => events.push(CHROMIUM_LOG),
            BrowserKind::Firefox => {
                let accept = json!({ "default": "accept", "beforeUnload": "accept" });
                let capabilities = json!({ "alwaysMatch": { "unhandledPromptBehavior": accept } });
                let parameters = json!({ "capabilities": capabilities });
                self.connection.command("session.new", parameters).await;
            }
        }
        let parameters = json!({ "events": events });
        self.connection
            .command("session.subscribe", parameters)
            .await;
    }
}
