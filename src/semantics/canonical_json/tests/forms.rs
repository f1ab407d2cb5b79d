//! Documents and their forms.

use super::form;

#[test]
fn members_are_sorted_at_each_level() {
    let json = r#" {"b":[1.0, {"z":{"b":1,"a":2},"a":{}, "m":[{"y":[],"x":"\u20ac\/\n"}]}, -0.0], "a":1E30 } "#;
    let canonical = r#"{"a":1e+30,"b":[1,{"a":{},"m":[{"x":"€/\n","y":[]}],"z":{"a":2,"b":1}},0]}"#;
    assert_eq!(form(json).as_deref(), Ok(canonical));
    assert_eq!(form(canonical).as_deref(), Ok(canonical));
}
