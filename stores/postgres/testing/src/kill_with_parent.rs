use std::process::{Command, Stdio};

/// The shell that becomes the program, so `$$` is the program. The subshell that waits for
/// the end of the input keeps no output open, since others may read that to its end.
const SHELL: &str = r#"
exec 3<&0 </dev/null
(read -r _; kill -s KILL $$) <&3 >/dev/null 2>&1 &
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
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", SHELL, "sh"])
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
