//! Firefox, which speaks WebDriver BiDi by itself.

use std::{fs, process::Command};

use super::{process::BrowserProcess, program::BrowserKind};

/// The browser asks no service of its vendor: for updates, settings, studies, lists, or news.
const PREFERENCES: &str = include_str!("firefox.js");

/// Starts the browser, and returns the URL at which sessions are created.
pub(super) async fn start() -> (BrowserProcess, String) {
    let mut browser = BrowserProcess::start(|profile| {
        fs::write(profile.join("user.js"), PREFERENCES).unwrap();
        let program = BrowserKind::Firefox.browser();
        let mut command = Command::new(program.expect("an installed program"));
        command.args(["--headless", "--no-remote", "--profile"]);
        command.arg(profile);
        // The preferences of a running browser can then be set.
        command.args([
            "--remote-allow-system-access",
            "--remote-debugging-port",
            "0",
        ]);
        command
    });
    let url = browser.rest_of_line("WebDriver BiDi listening on ").await;
    (browser, format!("{}/session", url.trim_end()))
}
