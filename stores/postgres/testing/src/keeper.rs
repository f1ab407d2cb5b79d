use std::{
    fmt,
    fs::read_to_string,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Stdio},
};

use crate::binaries::{Binaries, User};

/// How a server is ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signal {
    /// Closes all connections and writes everything down.
    Fast,
    /// As a crash.
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

/// One run of the server.
#[derive(Debug)]
pub(crate) struct Keeper(Child);

impl Keeper {
    pub(crate) fn start(
        binaries: &Binaries,
        directory: &Path,
        port: u16,
        user: Option<User>,
    ) -> Self {
        let mut shell = binaries.command("/bin/sh");
        shell
            .args(["-c", include_str!("keeper.sh"), "keeper"])
            .arg(binaries.path())
            .arg(port.to_string())
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // An interrupt reaches the tests, and the keeper by their end.
            .process_group(0);
        if let Some(user) = user {
            shell.uid(user.uid).gid(user.gid);
        }
        let mut shell = shell.spawn().expect("a shell");
        let mut said = String::new();
        let stdout = shell.stdout.take().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut said)
            .expect("the keeper says something or ends");
        let log = || read_to_string(directory.join("log")).unwrap_or_default();
        assert_eq!(said, "ready\n", "PostgreSQL did not start:\n{}", log());
        Self(shell)
    }

    /// Ends the server.
    pub(crate) fn end(mut self, signal: Signal) {
        // An error is that the keeper, and with it the server, is gone already.
        let _ = writeln!(self.0.stdin.take().expect("it is piped"), "{signal}");
        self.0.wait().expect("the keeper ends");
    }

    /// Ends the server and removes its directory.
    pub(crate) fn clean_up(mut self) {
        drop(self.0.stdin.take());
        self.0.wait().expect("the keeper ends");
    }
}
