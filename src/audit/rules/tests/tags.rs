use super::*;

/// R-9110-8.8.3-a.
#[test]
fn there_is_one_valid_tag() {
    for good in ["\"a\"", "W/\"a\"", "\"\"", "\"a,b\""] {
        expect(&[], &[ASK, ("etag", good)], &[]);
    }
    for bad in ["a", "w/\"a\"", "\"a b\"", "\"a\", \"b\"", "\"a"] {
        expect(&[], &[ASK, ("etag", bad)], &[Code::InvalidTag]);
    }
    let twice = [ASK, ("etag", "\"a\""), ("etag", "\"b\"")];
    expect(&[], &twice, &[Code::SeveralTags]);
}

/// R-9110-8.8.3-c.
#[test]
fn a_strong_tag_is_no_timestamp() {
    let modified = ("last-modified", "Thu, 30 Jan 2020 00:00:00 GMT");
    for tag in ["\"1738358399\"", "\"1738444800\"", "\"1580342400\""] {
        expect(&[], &[ASK, ("etag", tag), modified], &[Code::TimestampTag]);
    }
    expect(
        &[],
        &[ASK, ("etag", "\"5e321c80\""), modified],
        &[Code::TimestampTag],
    );
    for fine in [
        "\"1738444801\"",
        "\"1422998400\"",
        "\"17\"",
        "\"1738358399-5a\"",
        "W/\"1738358399\"",
        "\"5e321c81\"",
        "\"99999999999999999999999\"",
        "\"\"",
    ] {
        expect(&[], &[ASK, ("etag", fine), modified], &[]);
    }
    // Without a date, hexadecimal digits are not read as a time.
    expect(&[], &[ASK, ("etag", "\"5e321c80\"")], &[]);
}

#[test]
fn a_weak_tag_beside_ranges_is_found() {
    let weak = ("etag", "W/\"a\"");
    let bytes = ("accept-ranges", "bytes");
    let codes = [Code::WeakTagWithRanges];
    expect(&[], &[ASK, weak, bytes], &codes);
    assert_eq!(find_codes("GET", &[], 206, &[ASK, weak]), codes);
    expect(&[], &[ASK, weak], &[]);
    expect(&[], &[ASK, weak, ("accept-ranges", "none")], &[]);
    // A date led to this 304, for an unknown variant.
    assert_eq!(find_codes("GET", &[], 304, &[ASK, weak, bytes]), []);
    expect(&[], &[ASK, ("etag", "\"a\""), bytes], &[]);
}

#[test]
fn a_date_without_a_tag_is_found() {
    let modified = ("last-modified", GMT);
    expect(&[], &[ASK, modified], &[Code::DateOnlyValidator]);
    expect(&[], &[ASK, modified, ("etag", "\"a\"")], &[]);
    assert_eq!(find_codes("GET", &[], 304, &[ASK, modified]), []);
    assert_eq!(find_codes("PUT", &[], 200, &[ASK, modified]), []);
}

/// R-9111-5.2.2.5-a.
#[test]
fn a_validator_beside_no_store_is_found() {
    let no_store = ("cache-control", "no-store");
    let tag = ("etag", "\"a\"");
    let codes = [Code::ValidatorBesideNoStore];
    expect(&[], &[no_store, tag], &codes);
    expect(&[], &[no_store], &[]);
    expect(&[], &[ASK, tag], &[]);
    assert_eq!(find_codes("PUT", &[], 200, &[no_store, tag]), []);
    assert_eq!(find_codes("GET", &[], 404, &[no_store, tag]), []);
}

/// R-9110-13.1.2-a.
#[test]
fn a_missed_304_is_found() {
    let names = ("if-none-match", "\"x\", W/\"a\"");
    let tag = ("etag", "\"a\"");
    let missed = [Code::Missed304];
    expect(&[names], &[ASK, tag], &missed);
    assert_eq!(find_codes("HEAD", &[names], 200, &[ASK, tag]), missed);
    assert_eq!(find_codes("GET", &[names], 206, &[ASK, tag]), missed);
    expect(&[("if-none-match", "\"x\"")], &[ASK, tag], &[]);
    expect(&[names], &[ASK, ("etag", "\"b\"")], &[]);
    assert_eq!(find_codes("GET", &[names], 304, &[ASK, tag]), []);
    assert_eq!(find_codes("GET", &[names], 404, &[ASK, tag]), []);
    assert_eq!(find_codes("POST", &[names], 200, &[ASK, tag]), []);
    // R-9111-5.2.1-a: a reload may get the full response.
    expect(&[names, ("cache-control", "no-cache")], &[ASK, tag], &[]);
}
