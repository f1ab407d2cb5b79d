//! A driver for Chromium and Firefox without windows, over WebDriver BiDi.
//!
//! The tests of one binary share a process for each browser, and take turns. Each test has a profile
//! of its own in it: a user context, with its own cache and storage.
//!
//! ```ignore
//! in_each_browser!(a_note_is_saved);
//!
//! async fn a_note_is_saved(browser: &Browser) {
//!     let tab = browser.open("http://127.0.0.1:3000/").await;
//!     tab.click("button", "Save").await;
//!     tab.wait_for("document.querySelector('[role=log]').textContent.includes('saved')").await;
//!     browser.assert_quiet(&[]);
//! }
//! ```

mod browser;
mod chromium;
mod connection;
mod console;
mod events;
mod failure;
mod firefox;
mod input;
mod network;
mod process;
mod program;
mod script;
mod session;
mod tab;
mod tests;

pub(crate) use {
    browser::{Browser, run},
    console::{ConsoleEntry, ExpectedEntry},
    network::BrowserRequest,
    program::{BrowserKind, has_server_program},
    tab::{ColorScheme, Tab},
};

use std::{future::Future, time::Duration};

/// The longest wait for a fact. A browser on a machine that compiles needs seconds to start.
const LIMIT: Duration = Duration::from_secs(60);

/// Makes a test for each browser of functions that take a [`Browser`]: `name::chromium` and
/// `name::firefox`.
macro_rules! in_each_browser {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            #[tokio::test]
            async fn chromium() {
                let name = stringify!($name);
                let kind = $crate::driver::BrowserKind::Chromium;
                $crate::driver::run(kind, name, super::$name).await;
            }

            #[tokio::test]
            async fn firefox() {
                let name = stringify!($name);
                let kind = $crate::driver::BrowserKind::Firefox;
                $crate::driver::run(kind, name, super::$name).await;
            }
        }
    )*};
}
pub(crate) use in_each_browser;

/// Waits for a fact outside of the browser, such as a report of the page to its server.
///
/// # Panics
///
/// Panics with the name of the fact after a minute.
pub(crate) async fn in_time<T>(fact: &str, future: impl Future<Output = T>) -> T {
    let in_time = tokio::time::timeout(LIMIT, future).await;
    in_time.unwrap_or_else(|_| panic!("not within {LIMIT:?}: {fact}"))
}
