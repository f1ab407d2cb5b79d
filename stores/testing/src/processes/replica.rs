//! Server programs, each in its own process.

use std::{
    env::{consts::EXE_SUFFIX, current_exe},
    io::{self, BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
};

use super::kill_with_parent::kill_with_parent;

/// A running server program. It is killed when it is dropped, or when this process ends.
#[derive(Debug)]
pub struct Replica {
    process: Child,
    // The pipe stays open, since the program may go on printing.
    output: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Replica {
    /// Returns the command of a built example of the package under test, for
    /// [`start`](Self::start).
    ///
    /// # Panics
    ///
    /// Panics if the example is not built.
    #[must_use]
    pub fn example(name: &str) -> Command {
        let tests = current_exe().expect("a path");
        // `cargo test` builds examples beside the directory of the tests.
        let profile = tests.parent().and_then(|deps| deps.parent());
        let examples = profile.expect("two directories").join("examples");
        let program = examples.join(format!("{name}{EXE_SUFFIX}"));
        assert!(program.exists(), "build it first: cargo build --examples");
        Command::new(program)
    }

    /// Returns the command of a test of the running binary, for [`start`](Self::start). The
    /// test is a server if the variable is set. Otherwise it must return at once.
    ///
    /// # Panics
    ///
    /// Panics if the running binary cannot be found.
    #[must_use]
    pub fn test(name: &str, variable: &str, value: &str) -> Command {
        let mut command = Command::new(current_exe().expect("a path"));
        command
            .args([name, "--exact", "--nocapture"])
            .env(variable, value);
        command
    }

    /// Starts the program, and waits for the line with its address:
    /// `listening on http://127.0.0.1:40124`.
    ///
    /// # Panics
    ///
    /// Panics if the program ends before that line.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let mut process = kill_with_parent(command)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} did not run: {error}"));
        let mut output = BufReader::new(process.stdout.take().expect("a pipe"));
        let address = rest_of_line(&mut output, "listening on http://");
        Self {
            address: address.parse().expect("an address"),
            process,
            output,
        }
    }

    /// Returns the address of the program.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the program has printed a line with this text.
    ///
    /// # Panics
    ///
    /// Panics if the program ends before that line.
    pub fn wait_for(&mut self, text: &str) {
        rest_of_line(&mut self.output, text);
    }

    /// Returns the process, for a signal.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until the program has ended by itself.
    ///
    /// # Panics
    ///
    /// Panics if the operating system does not tell its status.
    pub fn wait(&mut self) -> ExitStatus {
        // Only then, since a wait closes the input, which kills the program.
        let read = io::copy(&mut self.output, &mut io::sink());
        read.expect("the rest of the output");
        self.reap().expect("a status")
    }

    /// Waits for the end of the program, and then tells the shell that waits for the end of the
    /// input. Otherwise the shell could kill another process that has got the same number.
    fn reap(&mut self) -> io::Result<ExitStatus> {
        let input = self.process.stdin.take();
        let status = self.process.wait()?;
        if let Some(mut input) = input {
            // An error means that the shell has ended, which does no harm.
            let _ = input.write_all(b"ended\n");
        }
        Ok(status)
    }

    /// Kills the program with `SIGKILL`.
    pub fn kill(&mut self) {
        // The program may have ended already.
        let _ = self.process.kill();
        let _ = self.reap();
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.kill();
    }
}

fn rest_of_line(output: &mut BufReader<ChildStdout>, text: &str) -> String {
    loop {
        let mut line = String::new();
        let length = output.read_line(&mut line).expect("lines");
        assert_ne!(length, 0, "the program ended before it printed {text:?}");
        if let Some((_, rest)) = line.split_once(text) {
            return rest.trim_end().to_owned();
        }
    }
}
