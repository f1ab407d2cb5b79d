use std::{
    env::{current_exe, split_paths, var_os},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The program of a server that speaks the protocol of Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "tests match on every engine")]
pub enum Engine {
    /// `redis-server`.
    Redis,
    /// `valkey-server`.
    Valkey,
}

impl Engine {
    /// Returns the engines that tests run with: Redis, and Valkey if it is installed.
    ///
    /// If Valkey is missing, this prints so in spite of the capture of the test.
    ///
    /// # Panics
    ///
    /// Panics if `CI` is set and Valkey is missing. `scripts/test` sets `VALKEY_NOT_CHECKED`
    /// if it could not install Valkey, and reports that itself. Then this does not panic.
    #[must_use]
    pub fn tested() -> Vec<Self> {
        let mut tested = vec![Self::Redis];
        if Self::Valkey.find().is_some() {
            tested.push(Self::Valkey);
            return tested;
        }
        let message = format!("\nNOT TESTED: {}\n", Self::Valkey.missing());
        let must_run = var_os("CI").is_some() && var_os("VALKEY_NOT_CHECKED").is_none();
        assert!(!must_run, "{message}");
        io::stderr()
            .write_all(message.as_bytes())
            .expect("the output of errors");
        tested
    }

    /// Returns the path of the program: in `PATH`, or else in the directory `tools` of the
    /// target directory, where `scripts/test` installs Valkey.
    ///
    /// # Panics
    ///
    /// Panics with the missing package if the program is not installed.
    #[must_use]
    pub fn program(self) -> PathBuf {
        self.find().unwrap_or_else(|| panic!("{}", self.missing()))
    }

    fn find(self) -> Option<PathBuf> {
        let path = var_os("PATH").unwrap_or_default();
        let tests = current_exe().expect("a path");
        // Tests are in `target/debug/deps`, or deeper with `--target`.
        let targets = tests.ancestors().skip(1).take(5);
        let mut directories =
            split_paths(&path).chain(targets.map(|directory| directory.join("tools")));
        directories.find_map(|directory| self.inside(&directory))
    }

    fn inside(self, directory: &Path) -> Option<PathBuf> {
        let program = directory.join(self.name());
        program.is_file().then_some(program)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis-server",
            Self::Valkey => "valkey-server",
        }
    }

    fn missing(self) -> String {
        let remedy = match self {
            Self::Redis => "Debian: apt-get install redis-server",
            Self::Valkey => "scripts/test --install puts it into target/tools",
        };
        format!("{} is missing: please install it ({remedy})", self.name())
    }
}
