use std::{
    env::{split_paths, var_os},
    fs::{metadata, read_dir, read_to_string},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

/// The directory of Debian's major versions.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The directory with `postgres`, `initdb` and `createdb`.
#[derive(Debug)]
pub(crate) struct Binaries(PathBuf);

impl Binaries {
    /// Finds the directory in `PATH`, or else the latest version of Debian.
    pub(crate) fn find() -> Self {
        let path = var_os("PATH").unwrap_or_default();
        let found = split_paths(&path).find(|directory| is_complete(directory));
        Self(found.or_else(debian).expect(
            "no PostgreSQL server found in PATH or /usr/lib/postgresql/*/bin: \
             please install it (Debian: apt-get install postgresql)",
        ))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Returns a command, by name or absolute path, without the environment variables that
    /// would lead it to another server.
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.0.join(name));
        for variable in [
            "PGHOST",
            "PGHOSTADDR",
            "PGPORT",
            "PGUSER",
            "PGOPTIONS",
            "PGDATA",
        ] {
            command.env_remove(variable);
        }
        command
    }
}

fn is_complete(directory: &Path) -> bool {
    let mut names = ["postgres", "initdb", "createdb"].iter();
    names.all(|name| directory.join(name).is_file())
}

fn debian() -> Option<PathBuf> {
    let versions = read_dir(DEBIAN).ok()?.flatten();
    let number = |name: &str| name.parse::<u32>().ok();
    versions
        .filter_map(|entry| {
            Some((
                number(entry.file_name().to_str()?)?,
                entry.path().join("bin"),
            ))
        })
        .filter(|(_, directory)| is_complete(directory))
        .max()
        .map(|(_, directory)| directory)
}

/// The user that runs the server if this process is root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl User {
    /// Returns a user for the server, or `None` if this process is not root.
    pub(crate) fn instead_of_root() -> Option<Self> {
        if metadata("/proc/self").ok()?.uid() != 0 {
            return None;
        }
        let users = read_to_string("/etc/passwd").expect("/etc/passwd");
        let found = ["postgres", "nobody"]
            .iter()
            .find_map(|name| Self::named(name, &users));
        Some(found.expect("a user `postgres` or `nobody`, since PostgreSQL does not run as root"))
    }

    /// Parses the line `name:password:uid:gid:..` of a user.
    fn named(name: &str, users: &str) -> Option<Self> {
        let mut lines = users.lines().map(|line| line.split(':'));
        let mut line = lines.find_map(|mut line| (line.next() == Some(name)).then_some(line))?;
        Some(Self {
            uid: line.nth(1)?.parse().ok()?,
            gid: line.next()?.parse().ok()?,
        })
    }
}
