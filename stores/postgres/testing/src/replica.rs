//! Server programs, each in a process of its own.

use std::{
    env::{consts::EXE_SUFFIX, current_exe},
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
};

use crate::bound::bound;

/// A running server program; it is killed when dropped, or when this process
/// is gone.
#[derive(Debug)]
pub struct Replica {
    process: Child,
    // Kept open: the program may go on printing.
    said: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Replica {
    /// A built example of the package under test, to be [`start`](Self::start)ed.
    ///
    /// # Panics
    ///
    /// If it is not built.
    #[must_use]
    pub fn example(name: &str) -> Command {
        let tests = current_exe().expect("a path");
        // `cargo test` puts examples beside the directory of the tests.
        let profile = tests.parent().and_then(|deps| deps.parent());
        let examples = profile.expect("two directories").join("examples");
        let program = examples.join(format!("{name}{EXE_SUFFIX}"));
        assert!(program.exists(), "build it first: cargo build --examples");
        Command::new(program)
    }

    /// One ignored test of the running binary that is a server if the variable
    /// is set, to be [`start`](Self::start)ed.
    ///
    /// # Panics
    ///
    /// If the running binary is not to be found.
    #[must_use]
    pub fn test(name: &str, variable: &str, value: &str) -> Command {
        let mut command = Command::new(current_exe().expect("a path"));
        command
            .args([name, "--exact", "--ignored", "--nocapture"])
            .env(variable, value);
        command
    }

    /// Starts it, and waits for the line in which it says where it listens:
    /// `listening on http://127.0.0.1:40124`.
    ///
    /// # Panics
    ///
    /// If it ends instead.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let mut process = bound(command)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} did not run: {error}"));
        let mut said = BufReader::new(process.stdout.take().expect("it is piped"));
        let address = rest_of_line(&mut said, "listening on http://");
        Self {
            address: address.parse().expect("an address"),
            process,
            said,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it has printed a line with this text.
    ///
    /// # Panics
    ///
    /// If it ends instead.
    pub fn wait_for(&mut self, text: &str) {
        rest_of_line(&mut self.said, text);
    }

    /// Kills it with `SIGKILL`.
    pub fn kill(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.kill();
    }
}

fn rest_of_line(said: &mut BufReader<ChildStdout>, text: &str) -> String {
    loop {
        let mut line = String::new();
        let length = said.read_line(&mut line).expect("lines");
        assert_ne!(length, 0, "it ended before it said {text:?}");
        if let Some((_, rest)) = line.split_once(text) {
            return rest.trim_end().to_owned();
        }
    }
}
