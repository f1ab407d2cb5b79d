use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
};

use super::{assets, content, get};
use crate::assets::AssetsError;

/// A directory that is removed after the test.
struct TempDirectory(PathBuf);

impl TempDirectory {
    fn new(test: &str, files: &[(&str, &str)]) -> Self {
        let name = format!("tower-conditional-assets-{}-{test}", process::id());
        let directory = Self(env::temp_dir().join(name));
        for (name, content) in files {
            let path = directory.0.join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, content).expect("written");
        }
        directory
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDirectory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_directory_is_added_with_all_files_below_it() {
    let files = [
        ("index.html", "<p>"),
        ("css/app.css", "body {}"),
        ("css/deep/er/a b é.css", "main {}"),
        (".hidden", "secret"),
        (".git/config", "secret"),
    ];
    let directory = TempDirectory::new("all", &files);
    let assets = assets().directory(directory.path()).expect("a folder");
    let names: Vec<_> = assets.urls().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["css/app.css", "css/deep/er/a b é.css", "index.html"]
    );
    for (name, expected) in &files[..3] {
        let response = get(&assets, assets.url(name).expect("there")).await;
        assert_eq!(content(response).await, expected);
    }
}

/// The bytes that are served are those that were hashed.
#[tokio::test]
async fn a_file_that_changes_is_served_unchanged() {
    let directory = TempDirectory::new("changes", &[("app.css", "body {}")]);
    let old = assets().directory(directory.path()).expect("a folder");
    fs::write(directory.path().join("app.css"), "main {}").expect("written");
    let new = assets().directory(directory.path()).expect("a folder");
    let url = old.url("app.css").expect("there");
    assert_ne!(Some(url), new.url("app.css"));
    assert_eq!(content(get(&old, url).await).await, "body {}");
}

#[test]
fn a_directory_may_follow_other_files() {
    let directory = TempDirectory::new("joins", &[("b", "b")]);
    let join = |name| assets().file(name, "a")?.directory(directory.path());
    assert_eq!(join("a").map(|assets| assets.urls().count()).ok(), Some(2));
    assert!(matches!(join("b"), Err(AssetsError::Taken(name)) if name == "b"));
}

#[test]
fn an_error_names_the_file_that_is_too_large() {
    let directory = TempDirectory::new("large", &[("a", "aa"), ("b/c", "ccc")]);
    let within = |bytes| assets().max_total_bytes(bytes)?.directory(directory.path());
    assert!(within(5).is_ok());
    let refused = within(4).expect_err("three bytes after two");
    assert!(matches!(&refused, AssetsError::TooLarge(path, 4) if path.ends_with("b/c")));
    let text = refused.to_string();
    assert!(text.contains("b/c") && text.contains("4 bytes"), "{text}");
}

#[test]
fn an_error_names_a_missing_file() {
    let refused = assets()
        .directory("/nowhere/at all")
        .expect_err("no folder");
    assert!(refused.to_string().contains("/nowhere/at all"));
    assert!(std::error::Error::source(&refused).is_some());
    let file = TempDirectory::new("file", &[("a", "a")]);
    let refused = assets().directory(file.path().join("a"));
    assert!(matches!(refused, Err(AssetsError::Read(..))));
}

#[cfg(unix)]
mod unix {
    use std::{
        ffi::OsStr,
        os::unix::{ffi::OsStrExt, fs::symlink, net::UnixListener},
    };

    use super::*;

    /// Kubernetes mounts files like this.
    #[test]
    fn a_link_to_a_file_inside_is_followed() {
        let directory = TempDirectory::new("inside", &[("..data/app.css", "body {}")]);
        symlink("..data/app.css", directory.path().join("app.css")).expect("linked");
        let linked = TempDirectory::new("linked", &[]);
        symlink(directory.path(), linked.path()).expect("linked");
        for root in [directory.path(), linked.path()] {
            let assets = assets().directory(root).expect("a folder");
            let names: Vec<_> = assets.urls().map(|(name, _)| name).collect();
            assert_eq!(names, ["app.css"]);
        }
    }

    #[test]
    fn other_links_are_refused() {
        let outside = TempDirectory::new("outside", &[("secret", "secret"), ("deep/a", "a")]);
        let linked = |target: &Path| {
            let directory = TempDirectory::new("links", &[("a", "a")]);
            symlink(target, directory.path().join("link")).expect("linked");
            assets().directory(directory.path()).expect_err("a link")
        };
        let targets = [
            outside.path().join("secret"),
            outside.path().join("deep"),
            ".".into(),
        ];
        for target in targets {
            let refused = linked(&target);
            assert!(matches!(refused, AssetsError::Link(path) if path.ends_with("link")));
        }
        let refused = linked(Path::new("gone"));
        assert!(matches!(refused, AssetsError::Read(path, _) if path.ends_with("link")));
    }

    #[test]
    fn only_files_are_served() {
        let directory = TempDirectory::new("socket", &[("a", "a")]);
        let path = directory.path().join("socket");
        let _socket = UnixListener::bind(&path).expect("bound");
        let refused = assets().directory(directory.path());
        assert!(matches!(refused, Err(AssetsError::NotAFile(at)) if at.ends_with("socket")));
    }

    #[test]
    fn a_name_is_utf_8() {
        let directory = TempDirectory::new("utf8", &[("a", "a")]);
        let name = directory.path().join(OsStr::from_bytes(b"\xff.css"));
        fs::write(name, "a").expect("written");
        let refused = assets().directory(directory.path());
        assert!(matches!(refused, Err(AssetsError::NotUtf8(_))));
    }
}
