use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode};
use sfv::{BareItem, List, ListEntry, Parser};

use super::{CACHE_STATUS, CacheName, CacheOutcome, Forward, ForwardReason, InvalidCacheName};

fn member(outcome: CacheOutcome, name: &str) -> HeaderValue {
    outcome.to_value(&CacheName::new(name).expect("a name"))
}

/// R-9211-2-a
#[test]
fn outcomes_are_formatted_as_list_members() {
    let member = |outcome| self::member(outcome, "notes");
    assert_eq!(member(CacheOutcome::Hit { ttl: None }), "notes; hit");
    let at = Duration::from_secs;
    for (ttl, text) in [
        (at(60), "notes; hit; ttl=60"),
        (Duration::from_millis(900), "notes; hit; ttl=0"),
        (Duration::MAX, "notes; hit; ttl=999999999999999"),
    ] {
        assert_eq!(member(CacheOutcome::Hit { ttl: Some(ttl) }), text);
    }
    for (reason, text) in [
        (ForwardReason::Bypass, "notes; fwd=bypass"),
        (ForwardReason::Method, "notes; fwd=method"),
        (ForwardReason::Miss, "notes; fwd=miss"),
        (ForwardReason::Busy, "notes; fwd=miss; detail=busy"),
        (ForwardReason::Stale, "notes; fwd=stale"),
        (ForwardReason::Request, "notes; fwd=request"),
    ] {
        assert_eq!(member(CacheOutcome::Forwarded(reason.into())), text);
    }
    let mut forward = Forward::from(ForwardReason::Miss);
    forward.status = Some(StatusCode::NOT_FOUND);
    assert_eq!(
        member(CacheOutcome::Forwarded(forward)),
        "notes; fwd=miss; fwd-status=404"
    );
    forward.stored = true;
    forward.collapsed = true;
    forward.ttl = Some(at(5));
    let all = member(CacheOutcome::Forwarded(forward));
    assert_eq!(
        all,
        "notes; fwd=miss; fwd-status=404; stored; collapsed; ttl=5"
    );
    let list: List = Parser::new(all.as_bytes()).parse().expect("a list");
    assert_eq!(list.len(), 1);
}

/// R-9211-2-a
#[test]
fn every_valid_name_makes_one_list_member() {
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
        let value = member(CacheOutcome::Hit { ttl: None }, name);
        let list: List = Parser::new(value.as_bytes()).parse().expect("a list");
        let [ListEntry::Item(item)] = list.as_slice() else {
            panic!("{value:?} is not one member");
        };
        let read = match &item.bare_item {
            BareItem::Token(token) => token.as_str(),
            BareItem::String(string) => string.as_str(),
            other => panic!("{other:?} is not a name"),
        };
        assert_eq!(read, name);
        let parameters: Vec<_> = item.params.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(parameters, ["hit"]);
    }
}

#[test]
fn a_name_that_no_list_can_hold_is_refused() {
    for name in ["", "né", "a\tb", "a\nb", "\u{7f}"] {
        let expected = InvalidCacheName(name.to_owned());
        assert_eq!(CacheName::new(name), Err(expected));
    }
    assert_eq!(
        CacheName::new("né").unwrap_err().to_string(),
        "invalid name of a cache \"né\": \
         it must be visible ASCII characters or spaces, and not empty"
    );
}

/// R-9211-2-a
#[test]
fn members_of_other_caches_stay_unchanged() {
    let mut headers = HeaderMap::new();
    let inner = HeaderValue::from_static("inner; fwd=stale; fwd-status=304, middle; hit");
    headers.insert(CACHE_STATUS, inner.clone());
    CacheOutcome::Hit { ttl: None }.append(&CacheName::new("notes").unwrap(), &mut headers);
    let lines: Vec<_> = headers.get_all(CACHE_STATUS).iter().collect();
    assert_eq!(lines, [&inner, &HeaderValue::from_static("notes; hit")]);
}
