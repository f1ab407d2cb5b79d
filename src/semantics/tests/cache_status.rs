use http::{HeaderMap, HeaderValue, StatusCode};
use sfv::{BareItem, List, ListEntry, Parser};

use crate::semantics::caching::cache_status::*;

fn member(handled: Handled, name: &str) -> HeaderValue {
    handled.to_value(&CacheName::new(name).expect("a name"))
}

/// R-9211-2-a
#[test]
fn members_are_short() {
    let said = |handled| member(handled, "notes");
    assert_eq!(said(Handled::Hit), "notes; hit");
    for (why, text) in [
        (Forward::Bypass, "notes; fwd=bypass"),
        (Forward::Method, "notes; fwd=method"),
        (Forward::Miss, "notes; fwd=miss"),
        (Forward::Request, "notes; fwd=request"),
    ] {
        assert_eq!(said(Handled::Forwarded(why, None)), text);
    }
    let status = Some(StatusCode::NOT_FOUND);
    assert_eq!(
        said(Handled::Forwarded(Forward::Miss, status)),
        "notes; fwd=miss; fwd-status=404"
    );
}

/// R-9211-2-a
#[test]
fn any_name_makes_a_member_of_a_list() {
    for name in [
        "notes",
        "*",
        "notes.example:8443",
        "a/b",
        "1st",
        "two words",
        r#"a "quoted\ name""#,
        ", ",
        "fwd=miss",
        ";",
    ] {
        let value = member(Handled::Hit, name);
        let list: List = Parser::new(value.as_bytes()).parse().expect("a list");
        let [ListEntry::Item(item)] = list.as_slice() else {
            panic!("{value:?} is not one member");
        };
        let read = match &item.bare_item {
            BareItem::Token(token) => token.as_str(),
            BareItem::String(string) => string.as_str(),
            other => panic!("{other:?} is no name"),
        };
        assert_eq!(read, name);
        let parameters: Vec<_> = item.params.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(parameters, ["hit"]);
    }
}

#[test]
fn a_name_that_no_list_can_hold_is_refused() {
    for name in ["", "né", "a\tb", "a\nb", "\u{7f}"] {
        assert!(CacheName::new(name).is_err(), "{name:?}");
    }
}

/// R-9211-2-a
#[test]
fn the_members_of_others_stay() {
    let mut headers = HeaderMap::new();
    let inner = HeaderValue::from_static("inner; fwd=stale; fwd-status=304, middle; hit");
    headers.insert(CACHE_STATUS, inner.clone());
    Handled::Hit.append(&CacheName::new("notes").unwrap(), &mut headers);
    let lines: Vec<_> = headers.get_all(CACHE_STATUS).iter().collect();
    assert_eq!(lines, [&inner, &HeaderValue::from_static("notes; hit")]);
}
