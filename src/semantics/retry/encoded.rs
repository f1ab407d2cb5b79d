use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};

use super::{
    Fingerprint, KeyRecord, KeyState, Owner, Retention, SealReason, record::RecordParts,
    response::CorruptRecord,
};

/// The version of the encoding, its first byte.
const VERSION: u8 = 1;

const IN_FLIGHT: u8 = 0;
const COMPLETED: u8 = 1;
const SEALED: u8 = 2;
const RELEASED: u8 = 3;

impl KeyRecord<Bytes> {
    /// Encodes the record without its response, for one column of a database.
    ///
    /// | Bytes | Content |
    /// |---|---|
    /// | 1 | the version, 1 |
    /// | 33 | the fingerprint |
    /// | 16 | the owner |
    /// | 8 | the fence |
    /// | 4 | the attempt |
    /// | 1 | 1 if the attempt takes over from another |
    /// | 1 | the state: 0 in flight, 1 completed, 2 sealed, 3 released |
    /// | 8 | the end of the lease, or the code of the [`SealReason`] |
    /// | 8, 8 | the retention and the tombstone |
    /// | 8 | the time at which the record expires |
    ///
    /// Numbers are in network order. Times are milliseconds, rounded up.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let parts = self.parts();
        let (state, detail) = match &parts.state {
            KeyState::InFlight { lease_until } => (IN_FLIGHT, milliseconds(*lease_until)),
            KeyState::Completed(_) => (COMPLETED, 0),
            KeyState::Sealed(reason) => (SEALED, u64::from(reason.code())),
            KeyState::Released => (RELEASED, 0),
        };
        let mut bytes = Vec::with_capacity(96);
        bytes.put_u8(VERSION);
        bytes.put_slice(&parts.fingerprint.to_bytes());
        bytes.put_slice(parts.owner.as_bytes());
        bytes.put_u64(parts.fence);
        bytes.put_u32(parts.attempt);
        bytes.put_u8(u8::from(parts.takes_over));
        bytes.put_u8(state);
        bytes.put_u64(detail);
        bytes.put_u64(milliseconds(parts.retention.replay));
        bytes.put_u64(milliseconds(parts.retention.tombstone));
        bytes.put_u64(milliseconds(parts.expires));
        bytes
    }

    /// Returns the response, if the request was performed.
    #[must_use]
    pub fn response(&self) -> Option<&Bytes> {
        match self.state() {
            KeyState::Completed(response) => Some(response),
            _ => None,
        }
    }

    /// Decodes the bytes that [`encode`](Self::encode) returned, with the response that was
    /// stored beside them.
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are cut, changed or of a later version, or if a completed
    /// record has no response.
    pub fn decode(mut bytes: &[u8], response: Option<Bytes>) -> Result<Self, CorruptRecord> {
        let record = read(&mut bytes, response).ok_or(CorruptRecord::new())?;
        if bytes.has_remaining() {
            return Err(CorruptRecord::new());
        }
        Ok(record)
    }
}

fn read(bytes: &mut &[u8], response: Option<Bytes>) -> Option<KeyRecord<Bytes>> {
    if bytes.try_get_u8().ok()? != VERSION {
        return None;
    }
    let fingerprint = Fingerprint::from(array(bytes)?);
    let owner = Owner::from(array(bytes)?);
    let fence = bytes.try_get_u64().ok()?;
    let attempt = bytes.try_get_u32().ok()?;
    let takes_over = match bytes.try_get_u8().ok()? {
        0 => false,
        1 => true,
        _ => return None,
    };
    let state = bytes.try_get_u8().ok()?;
    let detail = bytes.try_get_u64().ok()?;
    let state = match state {
        IN_FLIGHT => KeyState::InFlight {
            lease_until: Duration::from_millis(detail),
        },
        COMPLETED if detail == 0 => KeyState::Completed(response?),
        SEALED => KeyState::Sealed(SealReason::from_code(u8::try_from(detail).ok()?)?),
        RELEASED if detail == 0 => KeyState::Released,
        _ => return None,
    };
    let replay = Duration::from_millis(bytes.try_get_u64().ok()?);
    let tombstone = Duration::from_millis(bytes.try_get_u64().ok()?);
    Some(KeyRecord::from_parts(RecordParts {
        fingerprint,
        owner,
        fence,
        attempt,
        takes_over,
        state,
        retention: Retention::new(replay).with_tombstone(tombstone),
        expires: Duration::from_millis(bytes.try_get_u64().ok()?),
    }))
}

fn array<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (array, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*array)
}

/// Returns the milliseconds, rounded up: a lease never ends early.
fn milliseconds(time: Duration) -> u64 {
    let rest = u128::from(!time.subsec_nanos().is_multiple_of(1_000_000));
    u64::try_from(time.as_millis() + rest).unwrap_or(u64::MAX)
}
