//! The keys and arguments of the scripts.

use bytes::Bytes;
use redis::Cmd;
use tower_conditional::idempotency::{RecordId, SealReason};

use super::answer::{COMPLETED, RELEASED, SEALED};
use crate::hex::push_hex;

/// Returns the key of a record: `PREFIX:key:HEX`.
pub(super) fn key_name(prefix: &str, id: &RecordId) -> String {
    let mut name = String::with_capacity(prefix.len() + 69);
    name.push_str(prefix);
    name.push_str(":key:");
    push_hex(&mut name, id.as_bytes());
    name
}

/// Returns the fence as an argument. A fence beyond the numbers of Lua is that of no record.
pub(super) fn fence_argument(fence: u64) -> i64 {
    const MAX: u64 = (1 << 53) - 1;
    match i64::try_from(fence) {
        Ok(number) if fence <= MAX => number,
        _ => -1,
    }
}

/// A state that a step writes, as the arguments of a script.
pub(super) struct EndArguments {
    state: u8,
    /// The reason of a seal, or 0.
    detail: u8,
    response: Bytes,
}

impl EndArguments {
    pub(super) fn completed(response: Bytes) -> Self {
        Self {
            state: COMPLETED,
            detail: 0,
            response,
        }
    }

    pub(super) fn released() -> Self {
        Self {
            state: RELEASED,
            detail: 0,
            response: Bytes::new(),
        }
    }

    pub(super) fn sealed(reason: SealReason) -> Self {
        Self {
            state: SEALED,
            detail: reason.code(),
            response: Bytes::new(),
        }
    }

    pub(super) fn add_to(&self, command: &mut Cmd) {
        command.arg(self.state).arg(self.detail);
        command.arg(&*self.response);
    }
}
