//! A server program in a folder of its own.

use std::{
    env,
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, id},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tokio::{net::TcpStream, time};
use tower_conditional_postgres_testing::kill_with_parent;

/// How often another port is tried.
const ATTEMPTS: usize = 5;

/// A running server; it is killed, and its folder removed, when dropped. It is
/// killed too when the tests are.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    folder: Folder,
    address: SocketAddr,
}

impl Process {
    /// Runs a command that is made for a folder and an address to listen on,
    /// and waits until it takes connections there.
    ///
    /// The program has to write a file `pid` into the folder, which tells that
    /// the port is its own: anybody may have taken it since it was found free.
    ///
    /// # Panics
    ///
    /// With what was printed, and the packages that it needs, if it ends or
    /// nothing comes in time.
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
            let ready = time::timeout(Duration::from_secs(30), process.is_ready()).await;
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

    /// Whether it takes connections, or has ended.
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
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
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
        // A process before may have had the number.
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
        // Nothing depends on it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// A program of the system, also one that Debian keeps for root.
pub(crate) fn program(name: &str) -> Command {
    let path = env::var("PATH").unwrap_or_default();
    let mut command = Command::new(name);
    command.env("PATH", format!("{path}:/usr/local/sbin:/usr/sbin"));
    command
}
