//! The `notes` example as a server, and files for it.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::{program::program, support::Server};

impl Server {
    pub(crate) async fn notes(arguments: &[&str]) -> Self {
        let arguments = [&["--listen", "127.0.0.1:0"], arguments].concat();
        Self::start(program("notes"), &arguments).await
    }
}

/// The directory of one test, and the path of a database in it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(test: &str) -> Self {
        let folder = env::temp_dir().join(format!("notes-{}-{test}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = Path::join(&self.0, name);
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn database(&self) -> String {
        Path::join(&self.0, "notes.db")
            .into_os_string()
            .into_string()
            .unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // An error does not matter, and a server may still be ending.
        let _ = fs::remove_dir_all(&self.0);
    }
}
