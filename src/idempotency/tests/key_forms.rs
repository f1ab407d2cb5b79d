//! Keys in each form, well-formed and malformed.

use http::HeaderValue;

use super::{Runs, layer, order, post, problem, send, service};

#[tokio::test]
async fn parameters_and_escapes_do_not_make_another_key() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    send(&service, post("\"a\\\"b\\\\\"")).await;
    for key in [
        "\"a\\\"b\\\\\";v=1",
        " \"a\\\"b\\\\\"  ",
        "\"a\\\"b\\\\\";a;b=?0",
    ] {
        assert!(send(&service, post(key)).await.replayed, "{key}");
    }
    assert_eq!(runs.count(), 1);
}

#[tokio::test]
async fn other_forms_of_a_key_run_nothing() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    for key in [
        "",
        "a",
        "\"",
        "\"\"",
        "\"a",
        "a\"",
        "\"a\"\"b\"",
        "\"a\" \"b\"",
        "\"a\", \"b\"",
        "'a'",
        "?1",
        "1",
        "1.5",
        ":YQ==:",
        "(\"a\")",
        "%\"a\"",
        "@1",
        "\"a\";",
        "\"a\";x=\"",
        "\"a\" ;x",
        "\"\\a\"",
        "\"a\"\t",
        "\"a\tb\"",
        "a=\"a\"",
    ] {
        let refused = send(&service, post(key)).await;
        let seen = (refused.status, problem(&refused));
        assert_eq!(seen, (400, "malformed"), "{key}");
    }
    assert_eq!(runs.count(), 0);
}

#[tokio::test]
async fn bytes_that_are_no_ascii_are_no_key() {
    for keys in [layer(), layer().accept_bare_keys()] {
        let runs = Runs::default();
        let service = service(&keys, &runs, order);
        for bytes in [
            &b"\"\x80\""[..],
            b"\xff",
            "\"é\"".as_bytes(),
            b"\"a\"\xa0",
            b"\xc3\xa9",
        ] {
            let mut request = post("\"a\"");
            let value = HeaderValue::from_bytes(bytes).expect("obs-text");
            request.headers_mut().insert("idempotency-key", value);
            assert_eq!(problem(&send(&service, request).await), "malformed");
        }
        assert_eq!(runs.count(), 0);
    }
}

#[tokio::test]
async fn keys_of_64_kib_are_refused_in_each_form() {
    let long = 65_536;
    for keys in [layer(), layer().accept_bare_keys()] {
        let runs = Runs::default();
        let service = service(&keys, &runs, order);
        for key in [
            format!("\"{}\"", "a".repeat(long)),
            "a".repeat(long),
            "\"".repeat(long),
            "\\".repeat(long),
            format!("\"{}\"", "\\\"".repeat(long / 2)),
            format!("\"a\"{}", ";x".repeat(long / 2)),
            format!("\"a\"{}", " ".repeat(long)) + ";",
        ] {
            assert_eq!(problem(&send(&service, post(&key)).await), "malformed");
        }
        assert_eq!(runs.count(), 0);
    }
}

#[tokio::test]
async fn two_lines_are_no_key_whatever_they_say() {
    for keys in [layer(), layer().accept_bare_keys()] {
        let runs = Runs::default();
        let service = service(&keys, &runs, order);
        for more in ["\"a\"", "\"b\"", "", "a", ";v=1"] {
            let mut request = post("\"a\"");
            let value = more.parse().expect("a value");
            request.headers_mut().append("idempotency-key", value);
            assert_eq!(
                problem(&send(&service, request).await),
                "malformed",
                "{more}"
            );
        }
        assert_eq!(runs.count(), 0);
    }
}

/// Texts of other types of structured fields are bare keys, and each is its own.
#[tokio::test]
async fn bare_keys_are_taken_letter_by_letter() {
    let runs = Runs::default();
    let service = service(&layer().accept_bare_keys(), &runs, order);
    let keys = ["1", "01", "1.0", "?1", ":YQ==:", "@1", "'a'", "a=1", "*"];
    for key in keys {
        assert_eq!(send(&service, post(key)).await.status, 201, "{key}");
        assert!(send(&service, post(&format!("\"{key}\""))).await.replayed);
    }
    assert_eq!(runs.count(), keys.len());
}
