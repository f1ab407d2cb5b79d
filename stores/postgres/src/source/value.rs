//! The conversion of a row to a version.

use std::{
    error::Error as StdError,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio_postgres::{
    Row,
    types::{FromSql, Type},
};
use tower_conditional::{Current, EntityTag, Validators, VersionTags};

use crate::{Error, ErrorKind};

/// The time from 1970 to 2000, when the time of PostgreSQL begins.
const EPOCH: Duration = Duration::from_secs(946_684_800);

/// The bytes of a column of any type.
struct RawColumn<'a>(&'a [u8]);

impl<'a> FromSql<'a> for RawColumn<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Reads a state from the first column, and from the second if there is one.
pub(crate) fn current_of(row: &Row, tags: &VersionTags) -> Result<Current, Error> {
    let mut current = Validators::new();
    let columns = row.columns();
    if columns.is_empty() || columns.len() > 2 {
        let reason = format!("{} columns", columns.len());
        return Err(Error::with_reason(ErrorKind::InvalidVersion, reason));
    }
    for (at, column) in columns.iter().enumerate() {
        let Some(RawColumn(bytes)) = row.try_get(at)? else {
            continue;
        };
        let known = match at {
            0 => tag(column.type_(), bytes, tags).map(|tag| current.etag = Some(tag)),
            _ => time(column.type_(), bytes).map(|time| current.last_modified = Some(time.into())),
        };
        known.ok_or_else(|| {
            let reason = format!("column {:?} of type {}", column.name(), column.type_());
            Error::with_reason(ErrorKind::InvalidVersion, reason)
        })?;
    }
    Ok(current.into())
}

fn tag(of: &Type, bytes: &[u8], tags: &VersionTags) -> Option<EntityTag> {
    Some(match *of {
        Type::INT2 => tags.number(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::INT4 => tags.number(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::INT8 => tags.number(i64::from_be_bytes(bytes.try_into().ok()?)),
        Type::UUID => tags.uuid(bytes.try_into().ok()?),
        Type::TEXT | Type::VARCHAR | Type::BYTEA => tags.bytes(bytes),
        Type::TIMESTAMPTZ => tags.timestamp(time(of, bytes)?),
        _ => return None,
    })
}

/// Converts a `timestamptz`, which is a number of microseconds. The least and the greatest
/// are infinite.
fn time(of: &Type, bytes: &[u8]) -> Option<SystemTime> {
    let micros = i64::from_be_bytes(bytes.try_into().ok()?);
    if *of != Type::TIMESTAMPTZ || matches!(micros, i64::MIN | i64::MAX) {
        return None;
    }
    let (epoch, distance) = (
        UNIX_EPOCH + EPOCH,
        Duration::from_micros(micros.unsigned_abs()),
    );
    if micros < 0 {
        epoch.checked_sub(distance)
    } else {
        epoch.checked_add(distance)
    }
}
