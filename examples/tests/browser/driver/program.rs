//! The programs of the browsers, as Debian and others name them.

use std::{
    env::{split_paths, var_os},
    fs::metadata,
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::PathBuf,
};

/// A browser that the tests drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BrowserKind {
    Chromium,
    Firefox,
}

impl BrowserKind {
    /// Returns the path of the browser. Debian's package `chromium-headless-shell` starts with a
    /// fourth of the work of `chromium`, and has the same engine and network stack.
    pub(super) fn browser(self) -> Option<PathBuf> {
        find(match self {
            Self::Chromium => &[
                "chromium-headless-shell",
                "chrome-headless-shell",
                "chromium",
                "google-chrome",
                "chromium-browser",
            ],
            Self::Firefox => &["firefox-esr", "firefox"],
        })
    }

    /// Returns `true` if the programs are installed. If not, prints that in spite of the capture of
    /// the test.
    ///
    /// # Panics
    ///
    /// Panics if they are missing and `CI` is set, as `scripts/test` does after it installed them.
    pub(super) fn is_installed(self) -> bool {
        let packages = match self {
            Self::Chromium => "chromium-driver",
            Self::Firefox => "firefox-esr",
        };
        let is_installed =
            self.browser().is_some() && (self != Self::Chromium || chromedriver().is_some());
        if !is_installed {
            tell_missing(&format!("{self:?}"), packages);
        }
        is_installed
    }
}

/// Returns `true` if a server program is installed. If not, prints that as for a browser.
///
/// # Panics
///
/// Panics if it is missing and `CI` is set.
pub(crate) fn has_server_program(name: &str, packages: &str) -> bool {
    let path = var_os("PATH").unwrap_or_default();
    // Debian keeps servers in a directory that only root has in its path.
    let path: Vec<_> = split_paths(&path)
        .chain(["/usr/local/sbin".into(), "/usr/sbin".into()])
        .collect();
    let is_installed = path.iter().any(|folder| folder.join(name).is_file());
    if !is_installed {
        tell_missing(name, packages);
    }
    is_installed
}

fn tell_missing(program: &str, packages: &str) {
    let message =
        format!("\nNOT TESTED: {program} is missing; on Debian: apt-get install {packages}\n");
    assert!(var_os("CI").is_none(), "{message}");
    io::stderr().write_all(message.as_bytes()).unwrap();
}

/// Returns the path of the program that translates WebDriver BiDi for Chromium.
pub(super) fn chromedriver() -> Option<PathBuf> {
    find(&["chromedriver"])
}

/// Returns `true` if the tests run as root, who owns the processes in most containers.
pub(super) fn is_root() -> bool {
    metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn find(names: &[&str]) -> Option<PathBuf> {
    let path = var_os("PATH").unwrap_or_default();
    let mut files = names
        .iter()
        .flat_map(|name| split_paths(&path).map(move |folder| folder.join(name)));
    files.find(|file| file.is_file())
}
