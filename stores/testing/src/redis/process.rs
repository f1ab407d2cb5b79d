use std::{
    fs::{File, read_to_string, write},
    io::Write,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, Command},
};

use nix::{
    sys::{
        signal::{Signal, kill, killpg},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

use super::{RedisOptions, RespClient};
use crate::processes::{shell_before, wait_until};

/// The process of a server. It is killed and its directory is removed with this process.
#[derive(Debug)]
pub(crate) struct RedisProcess {
    child: Child,
    input: ChildStdin,
    is_paused: bool,
}

impl RedisProcess {
    /// Starts the server in the directory, and waits until it answers.
    ///
    /// Returns `None` if another process has the port.
    pub(crate) fn start(options: &RedisOptions, directory: &Path, port: u16) -> Option<Self> {
        let log = directory.join("log");
        let config = format!("port {port}\n{}", options.file());
        write(directory.join("redis.conf"), config).expect("a configuration file");
        let output = File::create(&log).expect("a log");
        let errors = output.try_clone().expect("a second handle");
        let mut command = Command::new(options.engine.program());
        command.arg("redis.conf").current_dir(directory);
        if options.is_sentinel {
            command.arg("--sentinel");
        }
        let mut child = shell_before(&command, Some(directory))
            .stdout(output)
            .stderr(errors)
            // An interrupt reaches only the tests. Their end then ends the server.
            .process_group(0)
            .spawn()
            .expect("a shell");
        let input = child.stdin.take().expect("a pipe");
        let mut server = Self {
            child,
            input,
            is_paused: false,
        };
        let mut has_ended = false;
        wait_until("an answer of Redis", || {
            has_ended = server.child.try_wait().expect("a status").is_some();
            has_ended || server.answers(port, options.password())
        });
        if !has_ended {
            return Some(server);
        }
        server.kill();
        let log = read_to_string(&log).unwrap_or_default();
        let program = options.engine.program();
        let is_in_use = log.contains("Address already in use");
        assert!(is_in_use, "{} did not start:\n{log}", program.display());
        None
    }

    /// Returns `true` if this server answers at the port, and has loaded its data.
    fn answers(&self, port: u16, password: Option<&str>) -> bool {
        let Ok(mut client) = RespClient::connect(port, password) else {
            return false;
        };
        let Ok(info) = client.command(&["INFO", "server"]) else {
            return false;
        };
        // Another server may have the port.
        let id = format!("process_id:{}", self.child.id());
        info.lines().any(|line| line == id) && client.command(&["PING"]).is_ok()
    }

    /// Suspends the server, and waits until it is suspended.
    pub(crate) fn pause(&mut self) {
        if !self.is_paused {
            self.signal(Signal::SIGSTOP);
            let status = waitpid(self.id(), Some(WaitPidFlag::WUNTRACED));
            let is_stopped = matches!(status, Ok(WaitStatus::Stopped(..)));
            assert!(is_stopped, "the server has ended: {status:?}");
            self.is_paused = true;
        }
    }

    pub(crate) fn resume(&mut self) {
        self.signal(Signal::SIGCONT);
        self.is_paused = false;
    }

    fn signal(&self, signal: Signal) {
        kill(self.id(), signal).expect("a process that was not waited for");
    }

    fn id(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("an id of a process"))
    }

    /// Kills the server with `SIGKILL`, and its children, which rewrite files. Its directory
    /// stays.
    pub(crate) fn kill(self) {
        // The shell that waits for this process is in the group until then.
        killpg(self.id(), Signal::SIGKILL).expect("a group of processes");
        self.wait();
    }

    /// Ends the server with `SIGTERM`. Its directory stays.
    pub(crate) fn stop(self) {
        self.signal(Signal::SIGTERM);
        // A paused server would never end.
        self.signal(Signal::SIGCONT);
        self.wait();
    }

    fn wait(mut self) {
        // An error means that `pause` has waited for its end.
        let _ = self.child.wait();
        // An error means that the shell has ended, which does no harm.
        let _ = self.input.write_all(b"ended\n");
    }
}
