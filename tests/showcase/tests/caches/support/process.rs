//! A server program in its own directory.

use std::{
    env,
    fs::{self, File},
    io::Write,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, id},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tokio::{net::TcpStream, time};
use tower_conditional_testing::kill_with_parent;

/// The number of ports that are tried.
const ATTEMPTS: usize = 5;

/// A running server. If it is dropped or the tests end, it is killed and its directory is removed.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    folder: Folder,
    address: SocketAddr,
}

impl Process {
    /// Runs a command that is made for a directory and an address, and waits until the program
    /// accepts connections there.
    ///
    /// The program must write a file `pid` into the directory. The file shows that the port belongs
    /// to the program, since another process may have taken a free port.
    ///
    /// # Panics
    ///
    /// Panics with the output and the needed packages, if the program ends or does not start in
    /// time.
    pub(crate) async fn start(
        packages: &str,
        command: impl Fn(&Path, SocketAddr) -> Command,
    ) -> Self {
        let mut said = String::new();
        for _ in 0..ATTEMPTS {
            let (folder, address) = (Folder::new(), free_address());
            let log = File::create(folder.log()).unwrap();
            let child = kill_with_parent(&command(&folder.0, address))
                .stdout(log.try_clone().unwrap())
                .stderr(log)
                .spawn()
                .unwrap();
            let mut process = Self {
                child,
                folder,
                address,
            };
            let ready = time::timeout(Duration::from_secs(60), process.is_ready()).await;
            if ready == Ok(true) {
                return process;
            }
            said = fs::read_to_string(process.folder.log()).unwrap();
            if !said.contains("in use") {
                break;
            }
        }
        panic!("it did not start; are these installed: {packages}?\n{said}");
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns `true` if the program accepts connections, and `false` if it has ended.
    async fn is_ready(&mut self) -> bool {
        let pid = self.folder.0.join("pid");
        while self.child.try_wait().unwrap().is_none() {
            if pid.exists() && TcpStream::connect(self.address).await.is_ok() {
                return true;
            }
            time::sleep(Duration::from_millis(20)).await;
        }
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The program may have ended by itself.
        let _ = self.child.kill();
        let input = self.child.stdin.take();
        let _ = self.child.wait();
        // Otherwise the shell that waits for the end of the input could kill a process with the same
        // number.
        let _ = input.map(|mut input| input.write_all(b"ended\n"));
    }
}

#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cache-{}-{number}", id()));
        // An earlier process may have had the same number.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn log(&self) -> PathBuf {
        self.0.join("log")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // An error does not matter here.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// Returns a program of the system, also one that Debian keeps for root.
pub(crate) fn program(name: &str) -> Command {
    let path = env::var("PATH").unwrap_or_default();
    let mut command = Command::new(name);
    command.env("PATH", format!("{path}:/usr/local/sbin:/usr/sbin"));
    command
}
