//! The process of a browser, with a temporary directory for all that it writes.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::mpsc,
};
use tower_conditional_testing::{create_directory, kill_with_parent_and_remove};

use super::in_time;

/// A running program. It is killed and its directory is removed when it is dropped, or when the
/// process of the tests ends. The browser that it has started ends with it.
#[derive(Debug)]
pub(super) struct BrowserProcess {
    _child: Child,
    lines: mpsc::UnboundedReceiver<String>,
    log: BrowserLog,
}

/// The last lines of the output of a browser.
#[derive(Clone, Debug, Default)]
pub(super) struct BrowserLog(Arc<Mutex<Vec<String>>>);

impl BrowserLog {
    const LINES: usize = 40;

    fn add(&self, line: String) {
        let mut lines = self.0.lock().unwrap();
        if lines.len() == Self::LINES {
            lines.remove(0);
        }
        lines.push(line);
    }

    pub(super) fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

impl BrowserProcess {
    /// Starts a command that is made for a new directory.
    pub(super) fn start(command: impl FnOnce(&Path) -> std::process::Command) -> Self {
        let directory: PathBuf = create_directory("browser");
        let mut command = command(&directory);
        // The program writes nothing into the home directory of the user.
        for name in ["HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env(name, &directory);
        }
        let mut child = Command::from(kill_with_parent_and_remove(&command, &directory))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // The end of the input follows at once, so the shell kills no other process with the same
            // number. It is not told of the end, since it then would not remove the directory.
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} did not run: {error}"));
        let log = BrowserLog::default();
        let (sender, lines) = mpsc::unbounded_channel();
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let errors = BufReader::new(child.stderr.take().expect("a pipe"));
        tokio::spawn(read_lines(output, log.clone(), sender.clone()));
        tokio::spawn(read_lines(errors, log.clone(), sender));
        Self {
            _child: child,
            lines,
            log,
        }
    }

    pub(super) fn log(&self) -> BrowserLog {
        self.log.clone()
    }

    /// Waits for a line with this text, and returns the rest of the line.
    ///
    /// # Panics
    ///
    /// Panics with the output if the program ends before, or after a minute.
    pub(super) async fn rest_of_line(&mut self, text: &str) -> String {
        let rest = async {
            while let Some(line) = self.lines.recv().await {
                if let Some((_, rest)) = line.split_once(text) {
                    return Some(rest.to_owned());
                }
            }
            None
        };
        let rest = in_time(text, rest).await;
        rest.unwrap_or_else(|| panic!("no {text:?}, but:\n{}", self.log.text()))
    }
}

async fn read_lines(
    output: impl AsyncBufRead + Unpin,
    log: BrowserLog,
    sender: mpsc::UnboundedSender<String>,
) {
    let mut lines = output.lines();
    while let Ok(Some(line)) = lines.next_line().await {
        log.add(line.clone());
        // After the start, no one waits for a line.
        let _ = sender.send(line);
    }
}
