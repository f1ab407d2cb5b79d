use redis::Value;
use tower_conditional::{idempotency::KeyState, store::StoreErrorKind};

use super::*;

fn text(bytes: &[u8]) -> Value {
    Value::BulkString(bytes.to_vec())
}

fn answer<T>(
    values: Vec<Value>,
    read: impl FnOnce(KeyAnswer) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    read(KeyAnswer::read(
        "shop:key:17".to_owned(),
        Value::Array(values),
    )?)
}

#[test]
fn the_name_of_a_key_is_the_prefix_and_the_id() {
    let id = RecordId::from([0xa7; 32]);
    let name = key_name("shop", &id);
    assert_eq!(name, format!("shop:key:{}", "a7".repeat(32)));
    assert_eq!(key_name("s", &RecordId::from([0; 32])).len(), 70);
}

/// A double of Lua would round such a fence to that of another attempt.
#[test]
fn a_fence_beyond_the_numbers_of_lua_is_that_of_no_record() {
    assert_eq!(fence_argument(0), 0);
    assert_eq!(fence_argument((1 << 53) - 1), (1 << 53) - 1);
    for fence in [1 << 53, u64::MAX, u64::MAX - 1] {
        assert_eq!(fence_argument(fence), -1);
    }
}

#[test]
fn answers_of_claims_are_read() {
    let number = Value::Int;
    let rows = [
        (
            vec![text(b"started"), number(2), number(1), number(1)],
            Admission::Started {
                fence: 2,
                attempt: 1,
                takes_over: true,
            },
        ),
        (
            vec![text(b"in_flight"), number(1500)],
            Admission::InFlight {
                retry_after: Duration::from_millis(1500),
            },
        ),
        (
            vec![text(b"replay"), text(b"\0\xff")],
            Admission::Replay(Bytes::from_static(b"\0\xff")),
        ),
        (
            vec![text(b"sealed"), number(4)],
            Admission::Sealed(SealReason::Operator),
        ),
        (vec![text(b"mismatch")], Admission::Mismatch),
        (
            vec![text(b"unknown"), number(3)],
            Admission::Unknown { fence: 3 },
        ),
        (vec![text(b"expired")], Admission::Expired),
    ];
    for (values, expected) in rows {
        let read = answer(values, KeyAnswer::admission).expect("an answer");
        assert_eq!(read, expected);
    }
}

#[test]
fn answers_of_other_steps_are_read() {
    for (word, expected) in [(&b"applied"[..], Update::Applied), (b"lost", Update::Lost)] {
        let read = answer(vec![text(word)], KeyAnswer::update);
        assert_eq!(read.expect("an answer"), expected);
    }
    let none = answer(vec![text(b"none")], KeyAnswer::inspection);
    assert_eq!(none.expect("an answer"), None);
    let record = |state, detail| {
        let numbers = [state, detail, 0, 2, 1].map(Value::Int);
        let mut values = vec![text(b"record")];
        values.extend(numbers);
        values.push(text(b"paid"));
        answer(values, KeyAnswer::inspection)
            .expect("an answer")
            .map(|found| found.state)
    };
    for (flag, is_unknown) in [(0, false), (1, true)] {
        let mut values = vec![text(b"record")];
        values.extend([0, 9, flag, 2, 1].map(Value::Int));
        values.push(text(b""));
        let found = answer(values, KeyAnswer::inspection).expect("an answer");
        assert_eq!(found.map(|found| found.is_unknown), Some(is_unknown));
    }
    let lease_until = Duration::from_millis(9);
    let states = [
        (record(0, 9), KeyState::InFlight { lease_until }),
        (
            record(1, 0),
            KeyState::Completed(Bytes::from_static(b"paid")),
        ),
        (record(2, 3), KeyState::Sealed(SealReason::Policy)),
        (record(3, 0), KeyState::Released),
    ];
    for (found, expected) in states {
        assert_eq!(found, Some(expected));
    }
}

#[test]
fn an_answer_about_a_corrupt_record_names_the_key_and_the_remedy() {
    let answers = [
        vec![text(b"corrupt"), text(b"it is no record")],
        vec![text(b"sealed"), Value::Int(200)],
        vec![
            text(b"started"),
            Value::Int(1),
            Value::Int(1 << 32),
            Value::Int(0),
        ],
    ];
    for values in answers {
        let error = answer(values, KeyAnswer::admission).expect_err("a corrupt record");
        assert_eq!(error.kind(), StoreErrorKind::Corrupt);
        let cause = std::error::Error::source(&error)
            .expect("a cause")
            .to_string();
        assert!(cause.contains("\"shop:key:17\""), "{cause}");
        assert!(cause.contains("use a prefix"), "{cause}");
    }
}

/// A proxy or another script may answer anything. The step may have been applied.
#[test]
fn an_unexpected_answer_is_ambiguous_and_shows_nothing_of_it() {
    let secret = || text(b"secret");
    let answers = [
        Value::Nil,
        Value::Okay,
        secret(),
        Value::Array(vec![]),
        Value::Array(vec![Value::Int(1)]),
        Value::Array(vec![secret()]),
        Value::Array(vec![text(b"started")]),
        Value::Array(vec![text(b"started"), Value::Int(-1)]),
        Value::Array(vec![text(b"in_flight"), Value::Int(-1)]),
        Value::Array(vec![text(b"started"), secret()]),
        Value::Array(vec![text(b"replay"), Value::Int(1)]),
        Value::Array(vec![text(b"corrupt")]),
    ];
    for value in answers {
        let read = KeyAnswer::read("k".to_owned(), value.clone());
        let error = read.and_then(KeyAnswer::admission).expect_err("no answer");
        assert_eq!(error.kind(), StoreErrorKind::Ambiguous, "{value:?}");
        let cause = std::error::Error::source(&error)
            .expect("a cause")
            .to_string();
        assert!(!cause.contains("secret"), "{cause}");
    }
    for word in [&b"started"[..], b"", b"APPLIED"] {
        let error = answer(vec![text(word)], KeyAnswer::update).expect_err("no answer");
        assert_eq!(error.kind(), StoreErrorKind::Ambiguous);
        let error = answer(vec![text(word)], KeyAnswer::inspection).expect_err("no answer");
        assert_eq!(error.kind(), StoreErrorKind::Ambiguous);
    }
}
