use std::process::{Command, Stdio};

/// `$$` is the shell that becomes the program. Whoever waits for the end of the
/// input keeps no output open, which others may read to its end.
const SHELL: &str = r#"
exec 3<&0 </dev/null
(read -r _; kill -s KILL $$) <&3 >/dev/null 2>&1 &
exec "$@" 3<&-
"#;

/// The same command, to be spawned, for a program that ends by `SIGKILL` when
/// the input of the [`Child`](std::process::Child) is closed, by
/// [`wait`](std::process::Child::wait) or because this process is gone, even by
/// `SIGKILL`. The program itself reads no input.
///
/// Of the command go along: program, arguments, environment and directory.
#[must_use]
pub fn bound(command: &Command) -> Command {
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
