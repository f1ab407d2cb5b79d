//! Programs that download in parts, as people use them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Output, id},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::support::{Http, Server, run};

const FILE: &str = "1m.bin";
const LENGTH: usize = 1 << 20;
/// A file whose handler sends the parts itself.
const LARGE: &str = "4m.bin";
const LARGE_LENGTH: usize = 4 << 20;

/// A directory of one test, with the file that it downloads.
struct Download {
    folder: PathBuf,
    name: &'static str,
    url: String,
}

impl Download {
    /// Makes a directory with the first bytes of the file, or without the file.
    fn new(server: &Server, name: &'static str, have: Option<usize>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let download = Self {
            folder: folder.join(format!("download-{}-{number}", id())),
            name,
            url: format!("http://{}/files/{name}", server.address),
        };
        fs::create_dir_all(&download.folder).unwrap();
        if let Some(have) = have {
            fs::write(download.file(), pattern(have)).unwrap();
        }
        download
    }

    fn file(&self) -> PathBuf {
        self.folder.join(self.name)
    }

    /// Runs a program in the directory. `URL` stands for the address of the file.
    async fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let folder = self.folder.to_str().unwrap();
        let with_values =
            |argument: &&str| argument.replace("FOLDER", folder).replace("URL", &self.url);
        let arguments: Vec<_> = arguments.iter().map(with_values).collect();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        run(program, &arguments).await
    }

    #[track_caller]
    fn assert_has(&self, length: usize, context: &str) {
        let bytes = fs::read(self.file()).unwrap();
        assert!(bytes == pattern(length), "{context}: {} bytes", bytes.len());
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        // An error does not matter here.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Returns the first bytes of the file.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

#[track_caller]
fn assert_success(output: &Output, context: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{context}: {} {said}",
        output.status
    );
}

const CURL: [&str; 7] = [
    "--silent",
    "--show-error",
    "--continue-at",
    "-",
    "--output",
    "FOLDER/1m.bin",
    "URL",
];
const WGET: [&str; 5] = [
    "--quiet",
    "--continue",
    "--directory-prefix",
    "FOLDER",
    "URL",
];

/// R-9110-15.3.7.1-a, R-9110-14.2-c: curl and wget go on at any byte. A file that is complete stays,
/// since the answer to them is 416.
#[tokio::test]
async fn curl_and_wget_go_on() {
    let server = Server::showcase(&[]).await;
    for (program, arguments) in [("curl", &CURL[..]), ("wget", &WGET)] {
        for have in [0, 1, 65_537, LENGTH - 1, LENGTH] {
            let context = format!("{program} with {have} bytes");
            let download = Download::new(&server, FILE, Some(have));
            let output = download.run(program, arguments).await;
            assert_success(&output, &context);
            download.assert_has(LENGTH, &context);
        }
    }
}

/// R-9110-13.1.5-b: with the current tag curl goes on. With another one it gets the whole, and does
/// not append that to what it has.
#[tokio::test]
async fn curl_goes_on_with_the_current_tag_alone() {
    /// The server did not send the range (`CURLE_RANGE_ERROR`).
    const NO_RANGE: i32 = 33;

    let server = Server::showcase(&[]).await;
    let tag = server
        .get(Http::One, &format!("/files/{FILE}"), &[])
        .await
        .tag()
        .to_owned();
    for (tag, succeeds) in [(&*tag, true), ("\"old\"", false)] {
        let if_range = format!("If-Range: {tag}");
        let arguments = [&["--header", &if_range], &CURL[..]].concat();
        let download = Download::new(&server, FILE, Some(1000));
        let output = download.run("curl", &arguments).await;
        if succeeds {
            assert_success(&output, tag);
            download.assert_has(LENGTH, tag);
        } else {
            assert_eq!(output.status.code(), Some(NO_RANGE));
            download.assert_has(1000, tag);
        }
    }
}

/// R-9110-15.3.7.1-a: aria2c puts the parts of four connections together.
#[tokio::test]
async fn aria2_downloads_with_four_connections() {
    let server = Server::showcase(&[]).await;
    let download = Download::new(&server, LARGE, None);
    let arguments = [
        "--quiet",
        "--no-conf",
        "--max-connection-per-server=4",
        "--split=4",
        "--min-split-size=1M",
        // Otherwise the first connection has it all before the others begin.
        "--max-download-limit=4M",
        "--log=FOLDER/log",
        "--log-level=info",
        "--dir=FOLDER",
        "URL",
    ];
    let output = download.run("aria2c", &arguments).await;
    assert_success(&output, "aria2c");
    download.assert_has(LARGE_LENGTH, "aria2c");
    let log = fs::read_to_string(download.folder.join("log")).unwrap();
    let parts = log.matches("HTTP/1.1 206 ").count();
    assert!(parts >= 3, "{parts} parts:\n{log}");
}
