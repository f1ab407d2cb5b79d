//! Lists of conditions that are long, cut, or not ASCII.

use http::HeaderValue;

use super::{put, v1};
use crate::{
    PreconditionLayer,
    precondition::tests::{problem, resource},
    test_support::{Log, knows, request, send, tagged},
};

const PERFORMED: (u16, bool) = (204, true);
const REFUSED: (u16, bool) = (412, false);

/// A list of ten thousand tags, none of them the current one.
fn others() -> String {
    (2..10_000)
        .map(|number| format!("\"{number}\", "))
        .collect()
}

/// R-9110-5.6.1.2-a, R-9110-13.1.1-a.
#[test]
fn the_last_of_ten_thousand_tags_allows_a_write() {
    assert_eq!(put(v1(), "PUT", &[("if-match", &others())]), REFUSED);
    let with_own = others() + "\"1\"";
    assert_eq!(put(v1(), "PUT", &[("if-match", &with_own)]), PERFORMED);
}

/// R-9110-13.1.2-f.
#[test]
fn the_last_of_ten_thousand_tags_refuses_a_write() {
    assert_eq!(put(v1(), "PUT", &[("if-none-match", &others())]), PERFORMED);
    let with_own = others() + "W/\"1\"";
    assert_eq!(put(v1(), "PUT", &[("if-none-match", &with_own)]), REFUSED);
}

/// R-9110-5.6.1.2-a: empty members count for nothing.
#[test]
fn commas_of_64_kib_are_an_empty_list() {
    let commas = ",\t ".repeat(21_845);
    for name in ["if-match", "if-none-match"] {
        assert_eq!(put(v1(), "PUT", &[(name, &commas)]), REFUSED, "{name}");
    }
    let with_own = commas + "\"1\"";
    assert_eq!(put(v1(), "PUT", &[("if-match", &with_own)]), PERFORMED);
    assert_eq!(put(v1(), "PUT", &[("if-none-match", &with_own)]), REFUSED);
}

/// Quotes that do not close, stars and weak marks without end.
#[test]
fn text_of_64_kib_that_is_no_list_refuses_a_write() {
    for unit in [
        "\"", "\\", "W/", "*,", "*", "\"a\" ", "W/\"", "\"\"\"", "true,", "\"1\";",
    ] {
        let text = unit.repeat(65_536 / unit.len());
        for name in ["if-match", "if-none-match"] {
            assert_eq!(put(v1(), "PUT", &[(name, &text)]), REFUSED, "{name} {unit}");
        }
    }
}

/// R-9110-5.6.1.2-a: several lines are one list, and no tag goes on in the next line.
#[test]
fn a_tag_ends_with_its_line() {
    let cut = [("if-match", "\"1"), ("if-match", "\"")];
    assert_eq!(put(v1(), "PUT", &cut), REFUSED);
    let comma = [("if-match", "\"0"), ("if-match", "\", \"1\"")];
    assert_eq!(put(v1(), "PUT", &comma), REFUSED);
    let mut lines = vec![("if-match", "\"0\""); 1_000];
    assert_eq!(put(v1(), "PUT", &lines), REFUSED);
    lines.push(("if-match", "\"1\""));
    assert_eq!(put(v1(), "PUT", &lines), PERFORMED);
}

/// R-9110-13.1.1-a: a comma, a star and a backslash may stand in a tag.
#[test]
fn marks_inside_a_tag_are_part_of_it() {
    for tag in [",", "*", "\\", "W/", "';--", "<script>", "%22"] {
        let quoted = format!("\"{tag}\"");
        let current = || tagged(tag).into();
        assert_eq!(put(current(), "PUT", &[("if-match", &quoted)]), PERFORMED);
        assert_eq!(put(v1(), "PUT", &[("if-match", &quoted)]), REFUSED, "{tag}");
    }
}

/// R-9110-5.6.1.2-a, R-9457-3-a: bytes above ASCII are compared as bytes, and the problem is JSON.
#[test]
fn obs_text_is_compared_and_rendered() {
    for bytes in [
        &b"\"\xe9\""[..],
        b"\"\xff\\\xfe\"",
        "\"é\"".as_bytes(),
        b"\"\x80\"",
    ] {
        let log = Log::default();
        let mut write = request("PUT", "/", []);
        let value = HeaderValue::from_bytes(bytes).expect("obs-text");
        write.headers_mut().insert("if-match", value);
        let answer = send(
            &PreconditionLayer::new(knows(tagged("1"))),
            write,
            resource(None, &log),
        );
        assert_eq!(answer.status(), 412);
        assert_eq!(problem(answer)["status"], 412);
        assert!(log.take().is_empty());
    }
}

/// A refusal is as long as the condition at most by a small factor.
#[test]
fn a_refusal_does_not_multiply_a_long_condition() {
    let list = others();
    let log = Log::default();
    let write = request("PUT", "/", [("if-match", list.as_str())]);
    let answer = send(
        &PreconditionLayer::new(knows(tagged("1"))),
        write,
        resource(None, &log),
    );
    let length = answer.headers()["content-length"]
        .to_str()
        .expect("a number");
    let length: usize = length.parse().expect("a number");
    assert!(length < 3 * list.len(), "{length} bytes for {}", list.len());
}
