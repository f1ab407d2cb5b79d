use crate::semantics::{
    retry::{IdempotencyKey, KeyScope, RecordId},
    tests::headers,
};

fn parse(lines: &[&str], accept_bare: bool) -> Option<String> {
    let headers = headers(lines.iter().map(|line| ("idempotency-key", *line)));
    let key = IdempotencyKey::from_headers(&headers, accept_bare).ok()?;
    Some(key.expect("a header").as_str().to_owned())
}

/// R-IK07-2.1-a, R-9651-4.2-a: a String of RFC 9651 in one line, and nothing else.
#[test]
fn a_key_is_a_string_in_quotes() {
    let longest = "k".repeat(255);
    let table: [(&[&str], Option<&str>); 22] = [
        (&[r#""abc""#], Some("abc")),
        (&[r#"  "abc"  "#], Some("abc")),
        (&[r#""a\"b\\c""#], Some(r#"a"b\c"#)),
        (&[r#""abc";foo;bar=1"#], Some("abc")),
        (&[r#"" ""#], Some(" ")),
        (&["abc"], None),
        (&[r#""a"#], None),
        (&[r#"a""#], None),
        (&[r#""""#], None),
        (&[""], None),
        (&["?1"], None),
        (&["42"], None),
        (&[":YWJj:"], None),
        (&[r#"("abc")"#], None),
        (&[r#""abc", "abc""#], None),
        (&[r#""abc""#, r#""abc""#], None),
        (&[r#""a\b""#], None),
        (&["\"a\tb\""], None),
        (&[r#""abc" x"#], None),
        (&[r#""abc";"#], None),
        (&["8e03978e-40d5-43dd-bc93-6894a57f9324"], None),
        (&[&format!("\"{longest}\"")], Some(&longest)),
    ];
    for (lines, expected) in table {
        assert_eq!(parse(lines, false).as_deref(), expected, "{lines:?}");
    }
    assert_eq!(parse(&[&format!("\"{longest}k\"")], false), None);
}

/// R-9651-4.2-a: a bare key and the same one in quotes have one record.
#[test]
fn a_bare_key_is_the_quoted_one() {
    let uuid = "8e03978e-40d5-43dd-bc93-6894a57f9324";
    let quoted = format!("\"{uuid}\"");
    assert_eq!(parse(&[uuid], true).as_deref(), Some(uuid));
    assert_eq!(parse(&[&quoted], true).as_deref(), Some(uuid));
    // Of another type in RFC 9651, and a bare key all the same.
    assert_eq!(parse(&["42"], true).as_deref(), Some("42"));
    for refused in ["", "a b", "a,b", "a;b", "\"a", "a\"", "a\\b", "\"\""] {
        assert_eq!(parse(&[refused], true), None, "{refused}");
    }
    assert_eq!(parse(&[uuid, uuid], true), None);
    assert_eq!(parse(&[&"k".repeat(256)], true), None);
}

/// R-IK07-5-a: a long key is refused before it is looked up, whatever its form.
#[test]
fn an_endless_key_is_refused() {
    let endless = "k".repeat(1 << 20);
    for accept_bare in [false, true] {
        assert_eq!(parse(&[&endless], accept_bare), None);
        assert_eq!(parse(&[&format!("\"{endless}\"")], accept_bare), None);
        assert_eq!(
            parse(&[&format!("\"{}\"", "\\".repeat(1 << 20))], accept_bare),
            None
        );
    }
}

#[test]
fn a_key_that_is_made_keeps_to_the_same_rules() {
    let key = IdempotencyKey::new("abc").expect("a key");
    assert_eq!(key.as_str(), "abc");
    let refused = |text: &str| IdempotencyKey::new(text).expect_err(text).to_string();
    assert_eq!(refused(""), "invalid idempotency key: it is empty");
    assert_eq!(
        refused(&"k".repeat(256)),
        "invalid idempotency key: it has 256 characters, at most 255 fit"
    );
    for text in ["a\nb", "\u{e4}", "a\0"] {
        assert!(
            refused(text).ends_with("other than printable ASCII"),
            "{text}"
        );
    }
}

/// P-ID-replay-secrets: neither logs nor stores show a key.
#[test]
fn a_key_is_not_shown() {
    let key = IdempotencyKey::new("secret-1").expect("a key");
    let scope = KeyScope::of_principal("alice").mounted_at("/shop");
    let id = RecordId::new(&scope, &key);
    for shown in [format!("{key:?}"), format!("{scope:?}"), format!("{id:?}")] {
        assert!(
            !shown.contains("secret") && !shown.contains("alice"),
            "{shown}"
        );
    }
    let bytes = id.as_bytes();
    assert!(!bytes.windows(6).any(|window| window == b"secret"));
    assert_eq!(RecordId::from(*bytes), id);
}

/// R-IK07-5-b: principals, services and keys have records of their own.
#[test]
fn each_part_of_a_scope_has_its_own_record() {
    let key = |text| IdempotencyKey::new(text).expect("a key");
    let ids = [
        RecordId::new(&KeyScope::of_anyone(), &key("k")),
        RecordId::new(&KeyScope::of_principal(""), &key("k")),
        RecordId::new(&KeyScope::of_principal("a"), &key("k")),
        RecordId::new(&KeyScope::of_principal("b"), &key("k")),
        RecordId::new(&KeyScope::of_principal("a"), &key("l")),
        RecordId::new(&KeyScope::of_principal("a").mounted_at("/x"), &key("k")),
        RecordId::new(&KeyScope::of_principal("a").mounted_at("/x/y"), &key("k")),
        RecordId::new(&KeyScope::of_principal("a").mounted_at("/x%2Fy"), &key("k")),
        RecordId::new(&KeyScope::of_principal("a").mounted_at("/X"), &key("k")),
        RecordId::new(&KeyScope::of_principal("a").in_namespace("x"), &key("k")),
        RecordId::new(&KeyScope::of_anyone().in_namespace("a"), &key("k")),
        // No character moves from one part to the next.
        RecordId::new(&KeyScope::of_principal("a/x"), &key("k")),
        RecordId::new(&KeyScope::of_principal("a").mounted_at("/k"), &key("x")),
    ];
    for (index, one) in ids.iter().enumerate() {
        for other in &ids[index + 1..] {
            assert_ne!(one, other);
        }
    }
}

/// An operator goes from the text of an event to the record, and sees all of it.
#[test]
fn a_record_is_named_by_its_digits() {
    let key = IdempotencyKey::new("k").expect("a key");
    let id = RecordId::new(&KeyScope::of_principal("a"), &key);
    let text = id.to_string();
    assert_eq!(text.len(), 64);
    assert_eq!(text.parse(), Ok(id));
    assert_eq!(text.to_uppercase().parse(), Ok(id));
    assert_eq!(format!("{id:?}"), format!("RecordId({text})"));
    let cut = &text[1..];
    for wrong in [
        "",
        cut,
        &format!("{text}0"),
        &format!("+{cut}"),
        &format!("g{cut}"),
        &format!("\u{e9}{}", &text[2..]),
    ] {
        let refused = wrong.parse::<RecordId>().expect_err(wrong);
        let told = "invalid record id: it must be 64 hexadecimal digits, as events show them";
        assert_eq!(refused.to_string(), told);
    }
}

/// All spellings of a prefix are one service.
#[test]
fn a_prefix_has_one_spelling() {
    for (path, same) in [
        ("/a-b", "/a%2Db"),
        ("/a-b", "/a%2db/"),
        ("/a/orders", "/a/%6Frders"),
        ("/a/b", "//a//b/"),
        ("", "/"),
    ] {
        let scope = |path| KeyScope::of_anyone().mounted_at(path);
        assert_eq!(scope(path), scope(same), "{path} {same}");
        assert_ne!(scope(path), scope("/a"), "{path}");
    }
}

/// Stores find records by these bytes: after an upgrade, a retry still finds its record.
#[test]
fn the_names_of_records_stay() {
    let key = IdempotencyKey::new("k").expect("a key");
    let scope = KeyScope::of_principal("alice").mounted_at("/shop");
    for (scope, expected) in [
        (scope, "b12ca44413985000"),
        (KeyScope::of_anyone(), "9cded0f270d32e68"),
    ] {
        let id = RecordId::new(&scope, &key);
        assert_eq!(id.to_string()[..16], *expected);
    }
}
