use redis::{Arg, Cmd};

use crate::{
    benchmark::RANDOM,
    connection::RecordingConnection,
    steps::{Step, Stores, numbers},
};

/// The arguments of the command that a store sends for a step.
pub struct BareCommand {
    arguments: Vec<Vec<u8>>,
    has_numbers: bool,
}

impl BareCommand {
    /// Records the command of a step whose server knows the scripts.
    pub async fn record(url: &str, step: Step) -> Self {
        let connection = RecordingConnection::open(url).await;
        let stores = Stores::open(connection.clone()).await;
        stores.prepare(step).await;
        for number in numbers(2) {
            if step == Step::Complete {
                stores.run(Step::Begin, number).await;
            }
            connection.take_sent();
            stores.run(step, number).await;
        }
        let sent = connection.take_sent();
        let [command] = &sent[..] else {
            panic!("{} commands of one step", sent.len());
        };
        let simple = |argument| match argument {
            Arg::Simple(bytes) => bytes,
            other => panic!("another kind of argument: {other:?}"),
        };
        let arguments = command.args_iter().map(simple);
        Self {
            arguments: arguments.map(<[u8]>::to_vec).collect(),
            has_numbers: matches!(step, Step::Begin | Step::Complete),
        }
    }

    /// Returns the arguments for `redis-benchmark`.
    pub fn for_benchmark(&self) -> Vec<Vec<u8>> {
        self.with_digits(RANDOM)
    }

    pub fn command(&self, number: u64) -> Cmd {
        let mut command = Cmd::new();
        if self.has_numbers {
            let arguments = self.with_digits(format!("{number:012}").as_bytes());
            command.arg(&arguments[..]);
        } else {
            command.arg(&self.arguments[..]);
        }
        command
    }

    /// Replaces the end of the key: EVALSHA, hash, number of keys, key.
    fn with_digits(&self, digits: &[u8]) -> Vec<Vec<u8>> {
        let mut arguments = self.arguments.clone();
        if self.has_numbers {
            let start = arguments[3].len() - digits.len();
            arguments[3].splice(start.., digits.iter().copied());
        }
        arguments
    }
}
