//! Chromium without a window.

use std::{
    env::{split_paths, temp_dir, var_os},
    fs::{File, create_dir_all, metadata, read_to_string, remove_dir_all},
    future::Future,
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::PathBuf,
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    time::timeout,
};

/// The names of the program on Debian and elsewhere.
const PROGRAMS: [&str; 3] = ["chromium", "google-chrome", "chromium-browser"];

/// A browser on a machine that compiles needs seconds to start.
const LIMIT: Duration = Duration::from_secs(60);

/// A browser with a new profile, which shows one page.
pub(crate) struct Browser {
    process: Child,
    folder: PathBuf,
}

impl Browser {
    /// Returns the program. If there is none, prints that in spite of the capture of the test.
    ///
    /// `scripts/test` installs it and sets `CI`, so there it is an error.
    pub(crate) fn program() -> Option<PathBuf> {
        let path = var_os("PATH").unwrap_or_default();
        let find = |name| {
            split_paths(&path)
                .map(|folder| folder.join(name))
                .find(|file| file.is_file())
        };
        let program = PROGRAMS.into_iter().find_map(find);
        if program.is_none() {
            let message =
                "\nNOT TESTED: chromium is missing; on Debian: apt-get install chromium\n";
            assert!(var_os("CI").is_none(), "{message}");
            io::stderr().write_all(message.as_bytes()).unwrap();
        }
        program
    }

    pub(crate) fn open(program: PathBuf, url: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = temp_dir().join(format!("browser-{}-{count}", std::process::id()));
        create_dir_all(&folder).unwrap();
        let mut profile = std::ffi::OsString::from("--user-data-dir=");
        profile.push(&folder);
        // Chromium has no sandbox for root, who owns the processes in most containers.
        let is_root = metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        let process = Command::new(program)
            .args(is_root.then_some("--no-sandbox"))
            .args([
                "--headless=new",
                "--disable-gpu",
                "--no-first-run",
                "--disable-dev-shm-usage",
            ])
            // The browser reaches nothing but the servers of the test.
            .args([
                "--no-proxy-server",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
            ])
            .arg(profile)
            .arg(url)
            .stdout(Stdio::null())
            .stderr(File::create(folder.join("log")).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { process, folder }
    }

    /// Waits for a fact that the page brings about, and shows the log if the browser ends before.
    pub(crate) async fn wait_for<T>(&mut self, fact: impl Future<Output = T>) -> T {
        let ended = tokio::select! {
            fact = timeout(LIMIT, fact) => match fact {
                Ok(fact) => return fact,
                Err(_) => "the page reports nothing".to_owned(),
            },
            status = self.process.wait() => format!("the browser has ended: {status:?}"),
        };
        panic!(
            "{ended}\n{}",
            read_to_string(self.folder.join("log")).unwrap()
        );
    }

    /// Ends the browser and removes its profile.
    pub(crate) async fn close(mut self) {
        self.process.kill().await.unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // An error does not matter, and a process of the browser may still be ending.
        let _ = remove_dir_all(&self.folder);
    }
}
