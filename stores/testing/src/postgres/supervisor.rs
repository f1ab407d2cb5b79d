use std::{
    fmt,
    fs::read_to_string,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Stdio},
};

use super::binaries::{Binaries, User};

/// The signal that ends a server.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signal {
    /// Closes all connections and writes all data to disk.
    Fast,
    /// Kills the server like a crash.
    Kill,
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fast => "INT",
            Self::Kill => "KILL",
        })
    }
}

/// A shell that runs the server and ends it with this process.
#[derive(Debug)]
pub(crate) struct Supervisor(Child);

impl Supervisor {
    pub(crate) fn start(
        binaries: &Binaries,
        directory: &Path,
        port: u16,
        user: Option<User>,
    ) -> Self {
        let mut shell = binaries.command("/bin/sh");
        shell
            .args(["-c", include_str!("supervisor.sh"), "supervisor"])
            .arg(binaries.path())
            .arg(port.to_string())
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // An interrupt reaches only the tests. Their end then ends the supervisor.
            .process_group(0);
        if let Some(user) = user {
            shell.uid(user.uid).gid(user.gid);
        }
        let mut shell = shell.spawn().expect("a shell");
        let mut line = String::new();
        let stdout = shell.stdout.take().expect("a pipe");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("a line of the supervisor, or its end");
        let log = || read_to_string(directory.join("log")).unwrap_or_default();
        assert_eq!(line, "ready\n", "PostgreSQL did not start:\n{}", log());
        Self(shell)
    }

    /// Ends the server.
    pub(crate) fn end(mut self, signal: Signal) {
        // An error means that the supervisor has ended already, and with it the server.
        let _ = writeln!(self.0.stdin.take().expect("a pipe"), "{signal}");
        self.0.wait().expect("the end of the supervisor");
    }

    /// Ends the server and removes its directory.
    pub(crate) fn clean_up(mut self) {
        drop(self.0.stdin.take());
        self.0.wait().expect("the end of the supervisor");
    }
}
