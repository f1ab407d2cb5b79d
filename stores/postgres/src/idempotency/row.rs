//! Records as rows.

use std::time::Duration;

use bytes::Bytes;
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};
use tower_conditional::{
    idempotency::{Admission, Claim, Fingerprint, KeyState, SealReason, Update},
    store::{Inspection, Step},
};

use crate::{Error, ErrorKind};

pub(super) const IN_FLIGHT: i16 = 0;
pub(super) const COMPLETED: i16 = 1;
pub(super) const SEALED: i16 = 2;
pub(super) const RELEASED: i16 = 3;

/// Longer times do not fit into a `timestamptz`. Nothing is kept for 1,000 years.
const MAX_SECONDS: f64 = 1_000.0 * 365.0 * 24.0 * 60.0 * 60.0;

/// The end of an attempt.
pub(super) struct End<'a> {
    id: &'a [u8],
    owner: &'a [u8],
    fence: i64,
    state: i16,
    reason: Option<i16>,
    response: Option<&'a [u8]>,
}

impl<'a> End<'a> {
    pub(super) fn new(
        step: &'a Step,
        state: i16,
        reason: Option<SealReason>,
        response: Option<&'a [u8]>,
    ) -> Self {
        Self {
            id: step.id.as_bytes(),
            owner: step.owner.as_bytes(),
            fence: fence(step.fence),
            state,
            reason: reason.map(reason_code),
            response,
        }
    }

    /// Returns the parameters of `sql::END`.
    pub(super) fn parameters(&self) -> [(&(dyn ToSql + Sync), Type); 6] {
        [
            (&self.id, Type::BYTEA),
            (&self.owner, Type::BYTEA),
            (&self.fence, Type::INT8),
            (&self.state, Type::INT2),
            (&self.reason, Type::INT2),
            (&self.response, Type::BYTEA),
        ]
    }
}

/// Returns the admission that a row of `sql::BEGIN` shows.
pub(super) fn admission(row: &Row, claim: &Claim) -> Result<Admission<Bytes>, Error> {
    let started = Admission::Started {
        fence: from_fence(row.try_get(3)?)?,
        attempt: u32::try_from(row.try_get::<_, i32>(4)?).map_err(|_| corrupt("attempt"))?,
        takes_over: row.try_get(5)?,
    };
    let was_started: bool = row.try_get(0)?;
    let is_own = row.try_get::<_, &[u8]>(2)? == claim.owner.as_bytes();
    let state: i16 = row.try_get(6)?;
    // A released key that is not started is one of the same attempt: a late duplicate, for
    // which nobody waits.
    if was_started || state == RELEASED {
        return Ok(started);
    }
    if row.try_get(10)? {
        return Ok(Admission::Expired);
    }
    let fingerprint: [u8; 33] = row
        .try_get::<_, &[u8]>(1)?
        .try_into()
        .map_err(|_| corrupt("fingerprint"))?;
    if Fingerprint::from(fingerprint).differs(&claim.fingerprint) {
        return Ok(Admission::Mismatch);
    }
    let time_left = time_left(row.try_get(9)?);
    Ok(match key_state(state, row, 7)? {
        KeyState::Completed(response) => Admission::Replay(response),
        KeyState::Sealed(reason) => Admission::Sealed(reason),
        _ => match time_left {
            Some(_) if is_own => started,
            Some(left) => Admission::InFlight {
                retry_after: left.min(claim.lease),
            },
            None => Admission::Unknown {
                fence: from_fence(row.try_get(3)?)?,
            },
        },
    })
}

/// Returns the time that a lease of so many seconds has left. `None` from its very end on, at which
/// `sql::BEGIN` lets others take over.
pub(super) fn time_left(seconds: f64) -> Option<Duration> {
    (seconds > 0.0).then(|| Duration::from_secs_f64(seconds))
}

/// Returns the state that a row of `sql::INSPECT` shows.
pub(super) fn inspection(row: &Row) -> Result<Inspection, Error> {
    let state: i16 = row.try_get(2)?;
    let lease_until: f64 = row.try_get(5)?;
    let state = match key_state(state, row, 3)? {
        KeyState::InFlight { .. } => KeyState::InFlight {
            lease_until: Duration::from_secs_f64(lease_until.max(0.0)),
        },
        state => state,
    };
    let is_over: bool = row.try_get(6)?;
    let is_unknown = is_over && matches!(state, KeyState::InFlight { .. });
    let attempt = u32::try_from(row.try_get::<_, i32>(1)?).map_err(|_| corrupt("attempt"))?;
    Ok(Inspection::new(
        state,
        is_unknown,
        from_fence(row.try_get(0)?)?,
        attempt,
    ))
}

/// Returns the state of a row whose columns `reason` and the next one are the reason of a seal
/// and the response.
fn key_state(state: i16, row: &Row, reason: usize) -> Result<KeyState<Bytes>, Error> {
    Ok(match state {
        IN_FLIGHT => KeyState::InFlight {
            lease_until: Duration::ZERO,
        },
        COMPLETED => {
            let response: Option<Vec<u8>> = row.try_get(reason + 1)?;
            KeyState::Completed(response.ok_or_else(|| corrupt("response"))?.into())
        }
        SEALED => {
            let code: Option<i16> = row.try_get(reason)?;
            let code = code.and_then(|code| u8::try_from(code).ok());
            let reason = code.and_then(SealReason::from_code);
            KeyState::Sealed(reason.ok_or_else(|| corrupt("seal_reason"))?)
        }
        RELEASED => KeyState::Released,
        _ => return Err(corrupt("state")),
    })
}

fn corrupt(column: &str) -> Error {
    Error::with_reason(ErrorKind::CorruptRecord, format!("column {column:?}"))
}

/// Returns the update of a statement that changed so many rows.
pub(super) fn update(rows: u64) -> Update {
    if rows == 1 {
        Update::Applied
    } else {
        Update::Lost
    }
}

pub(super) fn reason_code(reason: SealReason) -> i16 {
    i16::from(reason.code())
}

/// A fence beyond the column is that of no record.
pub(super) fn fence(fence: u64) -> i64 {
    i64::try_from(fence).unwrap_or(-1)
}

fn from_fence(fence: i64) -> Result<u64, Error> {
    u64::try_from(fence).map_err(|_| corrupt("fence"))
}

pub(super) fn seconds(time: Duration) -> f64 {
    time.as_secs_f64().min(MAX_SECONDS)
}
