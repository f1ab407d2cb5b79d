//! The answers of the scripts.

use std::time::Duration;

use bytes::Bytes;
use redis::Value;
use tower_conditional::{
    idempotency::{Admission, KeyState, SealReason, Update},
    store::{Inspection, StoreError},
};

pub(super) const IN_FLIGHT: u8 = 0;
pub(super) const COMPLETED: u8 = 1;
pub(super) const SEALED: u8 = 2;
pub(super) const RELEASED: u8 = 3;

/// The answer of a script for a key: a word, and values in its order.
#[derive(Debug)]
pub(super) struct KeyAnswer {
    key: String,
    word: Vec<u8>,
    values: std::vec::IntoIter<Value>,
}

impl KeyAnswer {
    /// Reads the answer of a script that ran on `key`.
    pub(super) fn read(key: String, answer: Value) -> Result<Self, StoreError> {
        let mut values = match answer {
            Value::Array(values) => values.into_iter(),
            _ => return Err(unexpected(&key)),
        };
        let Some(Value::BulkString(word)) = values.next() else {
            return Err(unexpected(&key));
        };
        let mut answer = Self { key, word, values };
        if answer.word != b"corrupt" {
            return Ok(answer);
        }
        let fault = answer.bytes()?;
        Err(answer.corrupt(&String::from_utf8_lossy(&fault)))
    }

    pub(super) fn admission(mut self) -> Result<Admission<Bytes>, StoreError> {
        Ok(match &*self.word {
            b"started" => Admission::Started {
                fence: self.number()?,
                attempt: self.attempt()?,
                takes_over: self.number()? == 1,
            },
            b"in_flight" => Admission::InFlight {
                retry_after: Duration::from_millis(self.number()?),
            },
            b"replay" => Admission::Replay(self.bytes()?),
            b"sealed" => {
                let code = self.number()?;
                Admission::Sealed(self.seal_reason(code)?)
            }
            b"mismatch" => Admission::Mismatch,
            b"unknown" => Admission::Unknown {
                fence: self.number()?,
            },
            b"expired" => Admission::Expired,
            _ => return Err(unexpected(&self.key)),
        })
    }

    pub(super) fn update(self) -> Result<Update, StoreError> {
        match &*self.word {
            b"applied" => Ok(Update::Applied),
            b"lost" => Ok(Update::Lost),
            _ => Err(unexpected(&self.key)),
        }
    }

    pub(super) fn inspection(mut self) -> Result<Option<Inspection>, StoreError> {
        match &*self.word {
            b"none" => return Ok(None),
            b"record" => {}
            _ => return Err(unexpected(&self.key)),
        }
        let state = self.number()?;
        let detail = self.number()?;
        let is_unknown = self.number()? == 1;
        let fence = self.number()?;
        let attempt = self.attempt()?;
        let response = self.bytes()?;
        let state = match u8::try_from(state) {
            Ok(IN_FLIGHT) => KeyState::InFlight {
                lease_until: Duration::from_millis(detail),
            },
            Ok(COMPLETED) => KeyState::Completed(response),
            Ok(SEALED) => KeyState::Sealed(self.seal_reason(detail)?),
            Ok(RELEASED) => KeyState::Released,
            _ => return Err(self.corrupt("it has an unknown state")),
        };
        Ok(Some(Inspection::new(state, is_unknown, fence, attempt)))
    }

    fn number(&mut self) -> Result<u64, StoreError> {
        match self.values.next() {
            Some(Value::Int(number)) if number >= 0 => Ok(number.unsigned_abs()),
            _ => Err(unexpected(&self.key)),
        }
    }

    fn bytes(&mut self) -> Result<Bytes, StoreError> {
        match self.values.next() {
            Some(Value::BulkString(bytes)) => Ok(bytes.into()),
            _ => Err(unexpected(&self.key)),
        }
    }

    fn attempt(&mut self) -> Result<u32, StoreError> {
        let number = self.number()?;
        u32::try_from(number).map_err(|_| self.corrupt("its number of the attempt is too large"))
    }

    fn seal_reason(&self, code: u64) -> Result<SealReason, StoreError> {
        let reason = u8::try_from(code).ok().and_then(SealReason::from_code);
        reason.ok_or_else(|| self.corrupt("it has an unknown reason of a seal"))
    }

    fn corrupt(&self, fault: &str) -> StoreError {
        StoreError::corrupt(format!(
            "the value of the key {:?} cannot be read: {fault} (use a prefix that no other \
             program uses, and delete the value if no request with this key can have run)",
            self.key
        ))
    }
}

/// An answer that no script gives. The step may have been applied.
///
/// The text has nothing of the answer, since a recorded response may be a secret.
fn unexpected(key: &str) -> StoreError {
    StoreError::ambiguous(format!(
        "the script for the key {key:?} has an unexpected answer (connect to Redis or Valkey \
         without a proxy that changes answers)"
    ))
}
