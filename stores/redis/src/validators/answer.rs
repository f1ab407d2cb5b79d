//! The answers of the scripts.

use std::time::Duration;

use redis::Value;
use tower_conditional::{
    Validators,
    store::{
        StoreError,
        validators::{FillOutcome, Grant, Lookup, OperationId, WriteEnd},
    },
};

/// The answer of a lookup: a word, and values in its order.
pub(super) fn lookup(
    answer: &Value,
    lease: Option<OperationId>,
) -> Result<Lookup<Validators>, StoreError> {
    let Value::Array(parts) = answer else {
        return Err(unexpected(answer));
    };
    let found = match (word_of(parts.first()), parts.get(1..).unwrap_or_default()) {
        (b"hit", [Value::Int(age), Value::Int(ttl), Value::BulkString(bytes)]) => {
            hit(*age, *ttl, bytes)
        }
        (
            b"leased",
            [
                Value::Int(generation),
                Value::Int(granted_at),
                Value::Int(found_stale),
            ],
        ) => {
            let found_stale = *found_stale == 1;
            grant(lease, *generation, *granted_at)
                .map(|grant| Lookup::Leased { grant, found_stale })
        }
        (b"taken", []) => Some(Lookup::LeaseTaken),
        (b"written", []) => Some(Lookup::WriteInProgress),
        (b"miss", [Value::Int(found_stale)]) => Some(Lookup::Miss {
            found_stale: *found_stale == 1,
        }),
        _ => None,
    };
    found.ok_or_else(|| unexpected(answer))
}

/// Returns the encoded validators of a hit.
pub(super) fn validators_of(answer: &Value) -> Option<&[u8]> {
    match answer {
        Value::Array(parts) if word_of(parts.first()) == b"hit" => match parts.last() {
            Some(Value::BulkString(validators)) => Some(validators),
            _ => None,
        },
        _ => None,
    }
}

fn hit(age: i64, ttl: i64, bytes: &[u8]) -> Option<Lookup<Validators>> {
    let (age, ttl) = (duration(age)?, duration(ttl)?);
    Some(match Validators::decode(bytes) {
        Some(entry) => Lookup::Hit { entry, age, ttl },
        // Another version has filled it, so it is no entry.
        None => Lookup::Miss { found_stale: true },
    })
}

fn grant(id: Option<OperationId>, generation: i64, granted_at: i64) -> Option<Grant> {
    let generation = u64::try_from(generation).ok()?;
    Some(Grant::new(id?, generation, duration(granted_at)?))
}

fn duration(millis: i64) -> Option<Duration> {
    u64::try_from(millis).ok().map(Duration::from_millis)
}

pub(super) fn fill(answer: &Value) -> Result<FillOutcome, StoreError> {
    match word_of(Some(answer)) {
        b"stored" => Ok(FillOutcome::Stored),
        b"refused" => Ok(FillOutcome::Refused),
        _ => Err(unexpected(answer)),
    }
}

pub(super) fn end(answer: &Value) -> Result<WriteEnd, StoreError> {
    match word_of(Some(answer)) {
        b"ended" => Ok(WriteEnd::Ended),
        b"lost" => Ok(WriteEnd::IntentLost),
        _ => Err(unexpected(answer)),
    }
}

/// Checks the answer of a step that has one answer alone.
pub(super) fn done(answer: &Value, word: &[u8]) -> Result<(), StoreError> {
    if word_of(Some(answer)) == word {
        return Ok(());
    }
    Err(unexpected(answer))
}

fn word_of(value: Option<&Value>) -> &[u8] {
    match value {
        Some(Value::BulkString(word)) => word,
        _ => b"",
    }
}

/// The error has the shape of the answer alone: its values may be response headers.
fn unexpected(answer: &Value) -> StoreError {
    StoreError::ambiguous(format!(
        "the script has an unexpected answer, {} (connect to Redis or Valkey without a proxy that \
         changes answers)",
        shape(answer)
    ))
}

fn shape(value: &Value) -> String {
    match value {
        Value::Nil => "nothing".to_owned(),
        Value::Int(_) => "a number".to_owned(),
        Value::BulkString(bytes) => format!("a string of {} bytes", bytes.len()),
        Value::Array(parts) if parts.is_empty() => "an empty list".to_owned(),
        Value::Array(parts) => {
            let shapes: Vec<_> = parts.iter().map(shape).collect();
            format!("a list of {}", shapes.join(", "))
        }
        _ => "another value".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use tower_conditional::store::StoreErrorKind;

    use super::*;

    fn word(word: &str) -> Value {
        Value::BulkString(word.into())
    }

    #[test]
    fn an_unexpected_answer_is_ambiguous() {
        let answers = [
            Value::Nil,
            Value::Array(Vec::new()),
            Value::Array(vec![word("hit")]),
            Value::Array(vec![word("hit"), Value::Int(-1), Value::Int(1), word("")]),
            Value::Array(vec![word("leased"), Value::Int(1)]),
            // Nobody has asked for a lease.
            Value::Array(vec![
                word("leased"),
                Value::Int(1),
                Value::Int(1),
                Value::Int(0),
            ]),
            Value::Array(vec![word("taken"), Value::Int(1)]),
            word("hit"),
        ];
        for answer in answers {
            let errors = [
                fill(&answer).err(),
                end(&answer).err(),
                done(&answer, b"begun").err(),
                lookup(&answer, None).err(),
            ];
            for error in errors {
                let kind = error.map(|error| error.kind());
                assert_eq!(kind, Some(StoreErrorKind::Ambiguous), "{answer:?}");
            }
        }
    }

    /// An answer may have validators or the text of a response header.
    #[test]
    fn the_error_names_the_shape_of_an_unexpected_answer_alone() {
        let secret = word("secret");
        let answers = [
            (secret.clone(), "a string of 6 bytes"),
            (Value::Nil, "nothing"),
            (Value::Int(7_777), "a number"),
            (Value::SimpleString("secret".into()), "another value"),
            (
                Value::Array(vec![word("hit"), Value::Int(7_777), secret]),
                "a list of a string of 3 bytes, a number, a string of 6 bytes",
            ),
        ];
        for (answer, expected) in answers {
            let error = lookup(&answer, None).unwrap_err();
            let text = std::error::Error::source(&error).unwrap().to_string();
            assert!(text.contains(expected), "{text}");
            let debug = format!("{error:?} {error} {text}");
            assert!(
                !debug.contains("secret") && !debug.contains("7777"),
                "{debug}"
            );
        }
    }

    #[test]
    fn an_entry_of_another_encoding_is_a_miss() {
        let validators = word("\u{2}\0\0\0\0");
        let hit = vec![word("hit"), Value::Int(1), Value::Int(1), validators];
        let hit = Value::Array(hit);
        assert_eq!(validators_of(&hit), Some(&b"\x02\0\0\0\0"[..]));

        let found = lookup(&hit, None).unwrap();
        assert!(matches!(found, Lookup::Miss { found_stale: true }));
    }
}
