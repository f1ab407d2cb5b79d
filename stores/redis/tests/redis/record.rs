//! Records as the server keeps them, written and read without the scripts.

use redis::{Cmd, aio::ConnectionManager};

/// A record of format 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredRecord {
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) owner: Vec<u8>,
    pub(crate) fence: u64,
    pub(crate) attempt: u64,
    pub(crate) takes_over: u64,
    pub(crate) state: u64,
    pub(crate) detail: u64,
    pub(crate) replay: u64,
    pub(crate) tombstone: u64,
    pub(crate) expires: u64,
    pub(crate) response: Vec<u8>,
}

impl StoredRecord {
    /// Returns the record as MessagePack: an array of 12 elements.
    pub(crate) fn pack(&self) -> Vec<u8> {
        let mut packed = vec![0x9c];
        number(&mut packed, 1);
        text(&mut packed, &self.fingerprint);
        text(&mut packed, &self.owner);
        for value in [self.fence, self.attempt, self.takes_over, self.state] {
            number(&mut packed, value);
        }
        for value in [self.detail, self.replay, self.tombstone, self.expires] {
            number(&mut packed, value);
        }
        text(&mut packed, &self.response);
        packed
    }

    /// Reads a record as MessagePack.
    pub(crate) fn unpack(mut packed: &[u8]) -> Self {
        let rest = &mut packed;
        assert_eq!(take(rest, 1), [0x9c], "an array of 12 elements");
        assert_eq!(read_number(rest), 1, "the format");
        let record = Self {
            fingerprint: read_text(rest),
            owner: read_text(rest),
            fence: read_number(rest),
            attempt: read_number(rest),
            takes_over: read_number(rest),
            state: read_number(rest),
            detail: read_number(rest),
            replay: read_number(rest),
            tombstone: read_number(rest),
            expires: read_number(rest),
            response: read_text(rest),
        };
        assert_eq!(rest.len(), 0, "the end");
        record
    }
}

fn number(packed: &mut Vec<u8>, value: u64) {
    packed.push(0xcf);
    packed.extend(value.to_be_bytes());
}

fn text(packed: &mut Vec<u8>, value: &[u8]) {
    packed.push(0xdb);
    packed.extend((value.len() as u32).to_be_bytes());
    packed.extend(value);
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    rest.split_off(..length).expect("more bytes")
}

fn read_number(rest: &mut &[u8]) -> u64 {
    match take(rest, 1)[0] {
        small @ ..0x80 => u64::from(small),
        0xcc | 0xd0 => u64::from(take(rest, 1)[0]),
        0xcd | 0xd1 => big_endian(take(rest, 2)),
        0xce | 0xd2 => big_endian(take(rest, 4)),
        0xcf | 0xd3 => big_endian(take(rest, 8)),
        other => panic!("no number: {other:#x}"),
    }
}

fn read_text(rest: &mut &[u8]) -> Vec<u8> {
    let length = match take(rest, 1)[0] {
        short @ 0xa0..=0xbf => u64::from(short & 0x1f),
        0xd9 | 0xc4 => u64::from(take(rest, 1)[0]),
        0xda | 0xc5 => big_endian(take(rest, 2)),
        0xdb | 0xc6 => big_endian(take(rest, 4)),
        other => panic!("no text: {other:#x}"),
    };
    take(rest, length as usize).to_vec()
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

/// Returns the value of a key as it is.
pub(crate) async fn value(connection: &ConnectionManager, key: &str) -> Option<Vec<u8>> {
    let mut command = Cmd::new();
    command.arg("GET").arg(key);
    let answer = command.query_async(&mut connection.clone()).await;
    answer.expect("a value")
}

/// Sets the value of a key.
pub(crate) async fn set_value(connection: &ConnectionManager, key: &str, value: &[u8]) {
    let mut command = Cmd::new();
    command.arg("SET").arg(key).arg(value);
    let answer = command.query_async(&mut connection.clone()).await;
    let () = answer.expect("an answer");
}
