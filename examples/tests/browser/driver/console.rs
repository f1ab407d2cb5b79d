//! The lines in the consoles of the pages.

use std::fmt;

use serde_json::Value;

/// A console message, an uncaught exception, or a line of the browser itself, such as a violation
/// of the Content-Security-Policy.
#[derive(Clone, Debug)]
pub(crate) struct ConsoleEntry {
    /// The origin of the entry: `console`, `javascript`, `network`, `security` and others.
    pub(crate) source: String,
    /// `debug`, `info`, `warn` or `error`.
    pub(crate) level: String,
    pub(crate) text: String,
    /// The script or the resource, or an empty text.
    pub(crate) url: String,
}

impl ConsoleEntry {
    pub(super) fn of_bidi(entry: &Value) -> Self {
        let frame = &entry["stackTrace"]["callFrames"][0];
        Self {
            source: text(&entry["type"]),
            level: text(&entry["level"]),
            text: text(&entry["text"]),
            url: text(&frame["url"]),
        }
    }

    pub(super) fn of_chromium(entry: &Value) -> Self {
        Self {
            source: text(&entry["source"]),
            level: text(&entry["level"]),
            text: text(&entry["text"]),
            url: text(&entry["url"]),
        }
    }
}

impl fmt::Display for ConsoleEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            source,
            level,
            text,
            url,
        } = self;
        write!(formatter, "{source} {level}: {text} {url}")
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A line that the browser itself writes, and that a test provokes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ExpectedEntry {
    /// Chromium writes a line for each response with a status of 400 or above.
    Status(u16),
    /// Both browsers write lines about connections that break, or that no server accepts.
    BrokenConnection,
}

impl ExpectedEntry {
    pub(super) fn matches(self, entry: &ConsoleEntry) -> bool {
        match self {
            Self::Status(status) => {
                let end = format!("responded with a status of {status} ");
                entry.source == "network" && entry.text.contains(&end)
            }
            Self::BrokenConnection => {
                let is_chromium = entry.source == "network"
                    && entry.text.contains("Failed to load resource: net::");
                let is_firefox = entry.source == "javascript"
                    && (entry.text.starts_with("The connection to ")
                        || entry
                            .text
                            .starts_with("Firefox can\u{2019}t establish a connection"));
                is_chromium || is_firefox
            }
        }
    }
}
