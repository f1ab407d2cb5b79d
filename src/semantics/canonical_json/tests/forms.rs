//! Documents and their forms.

use super::{form, vectors::DOCUMENTS};

/// `R-8785-3-a`: the published documents have their published forms.
#[test]
fn published_documents_have_their_forms() {
    for (json, canonical) in DOCUMENTS {
        assert_eq!(form(json).as_deref(), Ok(*canonical));
    }
}

/// `R-8785-3-a`: a second reader finds nothing to change.
#[test]
fn a_form_is_its_own_form() {
    for (_, canonical) in DOCUMENTS {
        assert_eq!(form(canonical).as_deref(), Ok(*canonical));
    }
}

#[test]
fn members_are_sorted_at_each_level() {
    let rows = [
        (r#"{"b":1,"a":2}"#, r#"{"a":2,"b":1}"#),
        (
            r#"{"b":{"d":1,"c":2},"a":[]}"#,
            r#"{"a":[],"b":{"c":2,"d":1}}"#,
        ),
        (
            r#"{"a":{"d":1,"c":2},"b":[]}"#,
            r#"{"a":{"c":2,"d":1},"b":[]}"#,
        ),
        // Objects in order between others, and empty ones.
        (
            r#"[{"b":1,"a":{}},{"a":1,"b":2},{"d":{"z":1,"y":[]},"c":{"x":1,"y":2}},{}]"#,
            r#"[{"a":{},"b":1},{"a":1,"b":2},{"c":{"x":1,"y":2},"d":{"y":[],"z":1}},{}]"#,
        ),
        // A jump back to an object that is not in order, and forward over another.
        (
            r#"{"c":{"b":0,"a":1},"b":{"e":2,"d":3},"a":{"g":4,"f":{"i":5,"h":6}}}"#,
            r#"{"a":{"f":{"h":6,"i":5},"g":4},"b":{"d":3,"e":2},"c":{"a":1,"b":0}}"#,
        ),
    ];
    for (json, canonical) in rows {
        assert_eq!(form(json).as_deref(), Ok(canonical));
    }
}

#[test]
fn the_order_of_an_array_stays() {
    assert_eq!(form("[3, 1,\t2]").as_deref(), Ok("[3,1,2]"));
}

#[test]
fn white_space_is_dropped_outside_of_strings() {
    let json = " \r\n\t{ \"a b\" : [ true , false , null , \" \" ] } \n";
    let canonical = r#"{"a b":[true,false,null," "]}"#;
    assert_eq!(form(json).as_deref(), Ok(canonical));
}

/// `R-8785-3-a`: only characters that JSON does not allow in a string are escaped.
#[test]
fn strings_have_one_notation() {
    let rows = [
        (r#""\/\"\\\b\f\n\r\t""#, r#""/\"\\\b\f\n\r\t""#),
        (r#""\u0008\u000C\u000a\u000D\u0009""#, r#""\b\f\n\r\t""#),
        (r#""\u0000\u001F\u0020""#, r#""\u0000\u001f ""#),
        (r#""\u0041\u00e9\u20AC\uD83D\uDE02""#, r#""Aé€😂""#),
        (r#""\u007f\u0080""#, "\"\u{7f}\u{80}\""),
        (r#""\uffff\ufffe\ufeff""#, "\"\u{ffff}\u{fffe}\u{feff}\""),
        (r#""12345678\u005c12345678""#, r#""12345678\\12345678""#),
    ];
    for (json, canonical) in rows {
        assert_eq!(form(json).as_deref(), Ok(canonical));
    }
}

/// No normalization: two notations of one letter are two names.
#[test]
fn unicode_is_not_normalized() {
    let json = r#"{"\u00e5":1,"a\u030a":2}"#;
    let canonical = "{\"a\u{30a}\":2,\"\u{e5}\":1}";
    assert_eq!(form(json).as_deref(), Ok(canonical));
}
