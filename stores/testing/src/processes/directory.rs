use std::{
    env::temp_dir,
    fs::DirBuilder,
    io::ErrorKind,
    os::unix::fs::DirBuilderExt,
    path::PathBuf,
    process::id,
    sync::atomic::{AtomicU32, Ordering},
};

/// Creates an empty temporary directory that only this user may enter. Its name has this text in
/// it.
///
/// # Panics
///
/// Panics if it cannot be created.
#[must_use]
pub fn create_directory(name: &str) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let directory = temp_dir().join(format!("tower-conditional-{name}-{}-{number}", id()));
        match DirBuilder::new().mode(0o700).create(&directory) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => panic!("no directory {}: {error}", directory.display()),
            Ok(()) => return directory,
        }
    }
}
