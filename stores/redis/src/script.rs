use redis::{Arg, Cmd};

/// The beginning of every script: the clock.
const PRELUDE: &str = include_str!("prelude.lua");

/// A Lua script, which the server runs as one atomic step.
#[derive(Debug)]
pub(crate) struct Script {
    code: String,
    hash: String,
}

impl Script {
    /// Returns the script of these parts.
    pub(crate) fn new(parts: &[&str]) -> Self {
        let code = format!("{PRELUDE}{}", parts.concat());
        let hash = redis::Script::new(&code).get_hash().to_owned();
        Self { code, hash }
    }

    /// Returns the command that runs the script if the server has it. Arguments can be added.
    pub(crate) fn command(&self, keys: &[&str], time: &str) -> Cmd {
        let mut command = Cmd::new();
        command.arg("EVALSHA").arg(&self.hash);
        command.arg(keys.len()).arg(keys).arg(time);
        command
    }

    /// Returns the same command for a server that lacks the script. It is one step, too, so no
    /// other client can remove the script in between.
    pub(crate) fn with_code(&self, command: &Cmd) -> Cmd {
        let mut complete = Cmd::new();
        complete.arg("EVAL").arg(&self.code);
        for argument in command.args_iter().skip(2) {
            if let Arg::Simple(bytes) = argument {
                complete.arg(bytes);
            }
        }
        complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_takes_the_place_of_the_hash() {
        let script = Script::new(&["return ", "1"]);
        assert!(script.code.ends_with("return 1"));
        let mut by_hash = script.command(&["a", "b"], "");
        by_hash.arg(b"\0\r\n").arg(7);
        let packed = script.with_code(&by_hash).get_packed_command();
        let mut expected = Cmd::new();
        expected.arg("EVAL").arg(&script.code).arg(2).arg("a");
        expected.arg("b").arg("").arg(b"\0\r\n").arg("7");
        assert_eq!(packed, expected.get_packed_command());
    }
}
