//! A profile of its own in a shared browser, for one test.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    sync::{Arc, Mutex},
    task::Poll,
    thread,
};

use serde_json::json;
use tokio::sync::MutexGuard;

use super::{
    console::{ConsoleEntry, ExpectedEntry},
    failure,
    program::BrowserKind,
    session::BidiSession,
    tab::Tab,
};

/// An empty profile in a running browser. Its tabs share the cache and the storage.
///
/// Another test that uses the same browser waits until this value is dropped.
#[derive(Debug)]
pub(crate) struct Browser {
    kind: BrowserKind,
    session: BidiSession,
    user_context: String,
    tabs: Mutex<Vec<Arc<Tab>>>,
    _turn: MutexGuard<'static, ()>,
}

/// Runs a test with a new profile.
///
/// If the test fails, a screenshot and the HTML of each open tab are kept, and the path is printed:
/// `browser/NAME` below `CARGO_TARGET_TMPDIR`.
///
/// # Panics
///
/// Panics if the test does.
pub(crate) async fn run(kind: BrowserKind, name: &str, test: impl AsyncFnOnce(&Browser)) {
    let Some(browser) = Browser::start(kind).await else {
        return;
    };
    let result = without_panic(test(&browser)).await;
    if result.is_err() {
        failure::save(&browser, name).await;
    }
    browser.close().await;
    if let Err(panic) = result {
        resume_unwind(panic);
    }
}

/// Returns the panic of a future as an error.
async fn without_panic<F: Future>(future: F) -> thread::Result<F::Output> {
    let mut future = pin!(future);
    // After a panic, only the browser is used, which the future borrows without exclusion.
    poll_fn(
        move |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(panic) => Poll::Ready(Err(panic)),
        },
    )
    .await
}

impl Browser {
    /// Creates a profile, or returns `None` if the browser is not installed.
    ///
    /// The first call starts the browser. Without a test that is [run](run), no failure is kept.
    ///
    /// # Panics
    ///
    /// Panics if the browser is missing and `CI` is set.
    pub(crate) async fn start(kind: BrowserKind) -> Option<Self> {
        if !kind.is_installed() {
            return None;
        }
        let (session, turn) = BidiSession::take_turn(kind).await;
        let created = session
            .connection
            .command("browser.createUserContext", json!({}));
        let user_context = created.await["userContext"].as_str().unwrap().to_owned();
        Some(Self {
            kind,
            session,
            user_context,
            tabs: Mutex::default(),
            _turn: turn,
        })
    }

    pub(crate) fn kind(&self) -> BrowserKind {
        self.kind
    }

    /// Opens a page in a new tab, and waits until it is loaded.
    pub(crate) async fn open(&self, url: &str) -> Arc<Tab> {
        let tab = Tab::create(self.kind, &self.session, &self.user_context).await;
        let tab = Arc::new(tab);
        self.tabs.lock().unwrap().push(Arc::clone(&tab));
        tab.navigate(url).await;
        tab
    }

    /// Returns all tabs so far, also those that were closed.
    pub(super) fn tabs(&self) -> Vec<Arc<Tab>> {
        self.tabs.lock().unwrap().clone()
    }

    /// Returns the console of all tabs.
    pub(crate) fn console(&self) -> Vec<ConsoleEntry> {
        let tabs = self.tabs();
        tabs.iter().flat_map(|tab| tab.console()).collect()
    }

    /// Asserts that the consoles of all tabs are empty but for these entries. So there was no
    /// message, no uncaught exception, and no violation of the Content-Security-Policy.
    ///
    /// # Panics
    ///
    /// Panics with the other entries.
    pub(crate) fn assert_quiet(&self, expected: &[ExpectedEntry]) {
        let is_other =
            |entry: &ConsoleEntry| !expected.iter().any(|expected| expected.matches(entry));
        let mut others = self.console();
        others.retain(is_other);
        let lines: Vec<_> = others.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "in the console:\n{}", lines.join("\n"));
    }

    /// Closes all tabs, and removes the profile.
    pub(crate) async fn close(self) {
        for tab in self.tabs() {
            tab.reset().await;
        }
        let parameters = json!({ "userContext": self.user_context });
        let connection = &self.session.connection;
        connection
            .command("browser.removeUserContext", parameters)
            .await;
    }
}
