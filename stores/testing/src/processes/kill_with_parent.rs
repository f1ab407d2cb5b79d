use std::{
    path::Path,
    process::{Command, Stdio},
};

/// The shell that becomes the program, so `$$` is the program. The subshell that waits for
/// the end of the input keeps no output open, since others may read that to its end.
///
/// A line of input says that the program has ended, and its directory stays.
const SHELL: &str = r#"
directory=$1
shift
exec 3<&0 </dev/null
(
    read -r _ && exit
    kill -s KILL $$
    [ -n "$directory" ] || exit
    # A child of the program may still write, and create the directory again.
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        rm -rf "$directory"
        sleep 0.2
        [ -e "$directory" ] || break
    done
) <&3 >/dev/null 2>&1 &
exec "$@" 3<&-
"#;

/// Returns a command for the same program, which is killed when this process ends.
///
/// The program gets `SIGKILL` when the input of the [`Child`](std::process::Child) is
/// closed. That happens by [`wait`](std::process::Child::wait), or when this process ends,
/// even by `SIGKILL`. The program itself reads no input.
///
/// The program, arguments, environment and directory of the command are kept.
#[must_use]
pub fn kill_with_parent(command: &Command) -> Command {
    shell_before(command, None)
}

/// Does the same as [`kill_with_parent`], and then removes the directory with all that is in it.
#[must_use]
pub fn kill_with_parent_and_remove(command: &Command, directory: &Path) -> Command {
    shell_before(command, Some(directory))
}

/// Does the same as [`kill_with_parent`], and then removes the directory. A line in the input
/// of the child says that neither is needed.
pub(crate) fn shell_before(command: &Command, directory: Option<&Path>) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", SHELL, "sh"])
        .arg(directory.unwrap_or(Path::new("")))
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::piped());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(directory) = command.get_current_dir() {
        shell.current_dir(directory);
    }
    shell
}
