//! Documents drawn at random, each in several notations.

use proptest::{collection::vec, prelude::*};
use serde::de::IgnoredAny;
use serde_json::{Map, Number, Value};

use super::{
    form,
    writer::{Notation, write},
};

/// Returns any value whose numbers a form can carry. Names and strings come from few characters, so
/// that some differ only in their order or in an escape.
fn any_value() -> impl Strategy<Value = Value> {
    const SAFE: i64 = (1 << 53) - 1;
    let text = || "[ab\"\\\\/\n\u{0}\u{7f}é€\u{e000}\u{ffff}😀\u{10ffff}]{0,4}";
    let number = prop_oneof![
        (-SAFE..=SAFE).prop_map(Number::from),
        (-3_i64..4).prop_map(Number::from),
        any::<f64>().prop_filter_map("an integer beyond 2^53", |double| {
            let is_accepted = double.fract() != 0.0 || double.abs() >= 1e21;
            Number::from_f64(double).filter(|_| is_accepted)
        }),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number.prop_map(Value::Number),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        let members = vec((text(), inner.clone()), 0..6);
        prop_oneof![
            vec(inner, 0..6).prop_map(Value::from),
            members.prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

/// The place of a value in a document, and its replacement.
fn changed(value: &Value, mut place: usize, change: &Value) -> Value {
    fn replace(value: &mut Value, place: &mut usize, change: &Value) {
        if *place == 0 {
            *value = change.clone();
        }
        *place = place.wrapping_sub(1);
        match value {
            Value::Array(elements) => elements
                .iter_mut()
                .for_each(|element| replace(element, place, change)),
            Value::Object(members) => members
                .values_mut()
                .for_each(|member| replace(member, place, change)),
            _ => {}
        }
    }
    let mut changed = value.clone();
    replace(&mut changed, &mut place, change);
    changed
}

proptest! {
    /// `R-8785-3-a`: a value has one form, however it is written.
    #[test]
    fn each_notation_has_one_form(value in any_value(), notations in any::<[u64; 2]>()) {
        let [one, other] = notations.map(|seed| write(&value, &mut Notation::new(seed)));
        let canonical = form(&one).expect(&one);
        prop_assert_eq!(form(&other), Ok(canonical.clone()), "{} {}", one, other);
        prop_assert_eq!(form(&canonical), Ok(canonical.clone()));
        // The last digit of a number depends on features of serde_json.
        prop_assert!(serde_json::from_str::<IgnoredAny>(&canonical).is_ok());
    }

    /// `R-8785-3-a`: another value has another form.
    #[test]
    fn another_value_has_another_form(value in any_value(), place in 0_usize..40, change in any_value()) {
        let other = changed(&value, place, &change);
        let [one, two] = [&value, &other].map(|value| form(value.to_string()).expect("a form"));
        prop_assert_eq!(one == two, is_equal(&value, &other), "{} {}", one, two);
    }

    /// Any bytes: no panic, and a form that is its own form.
    #[test]
    fn any_text_is_refused_or_has_a_form(text in "[\\[\\]{}\",:\\\\u0-9a-f.eE+\\- \u{e000}😀truefalsn]{0,40}") {
        match form(&text) {
            Ok(canonical) => {
                prop_assert!(serde_json::from_str::<IgnoredAny>(&text).is_ok());
                let again = form(&canonical);
                prop_assert_eq!(again, Ok(canonical));
            }
            Err(refused) => prop_assert!(refused.to_string().starts_with("no canonical JSON")),
        }
    }
}

/// Returns `true` if two values are one for RFC 8785, which has only doubles.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| is_equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same = |(name, one)| other.get(name).is_some_and(|other| is_equal(one, other));
            one.len() == other.len() && one.iter().all(same)
        }
        _ => one == other,
    }
}

#[test]
fn small_changes_have_other_forms() {
    let rows = [
        ("1", "\"1\""),
        ("1", "-1"),
        ("0", "null"),
        ("true", "\"true\""),
        ("[]", "{}"),
        ("[1,2]", "[2,1]"),
        ("[[1],2]", "[[1,2]]"),
        (r#"{"a":1}"#, r#"{"A":1}"#),
        (r#"{"a":1,"b":2}"#, r#"{"a":2,"b":1}"#),
        (r#"{"a":{"b":1}}"#, r#"{"a":1,"b":1}"#),
        (r#""a""#, r#""a ""#),
        (r#""é""#, r#""e\u0301""#),
        ("0.1", "0.10000000000000002"),
        ("9007199254740991", "9007199254740990"),
        (r#"{"a":null}"#, "{}"),
        ("[null]", "[]"),
    ];
    for (one, other) in rows {
        assert_ne!(form(one).expect(one), form(other).expect(other));
    }
}
