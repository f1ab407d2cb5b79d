use super::*;

/// Issue 10, A.1: a conditional write that gets 428.
#[test]
fn an_overlooked_condition_is_found() {
    let overlooked = [Code::ConditionOverlooked];
    assert_eq!(
        find_codes("PUT", &[("if-match", "\"a\"")], 428, &[]),
        overlooked
    );
    assert_eq!(
        find_codes("DELETE", &[("if-match", "W/\"b\", \"a\"")], 428, &[]),
        overlooked
    );
    for other in ["*", "W/\"a\"", "a", "\"a\", b", ""] {
        assert_eq!(
            find_codes("PUT", &[("if-match", other)], 428, &[]),
            [],
            "{other}"
        );
    }
    assert_eq!(find_codes("PUT", &[("if-none-match", "*")], 428, &[]), []);
    assert_eq!(find_codes("PUT", &[("if-match", "\"a\"")], 412, &[]), []);
    assert_eq!(find_codes("GET", &[("if-match", "\"a\"")], 428, &[]), []);
}
