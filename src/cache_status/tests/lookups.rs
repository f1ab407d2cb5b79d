use std::time::Duration;

use http::StatusCode;

use super::*;
use crate::outcome::{CacheLookup, Condition, Outcome, Verdict};

/// Sends a request through a layer that remembers validators, as far as the outcome shows it.
fn looked_up(method: &str, record: impl Fn(&mut Outcome)) -> Option<String> {
    let request = request(method, "/", []);
    let response = send(&layer_for_all(), request, |_| {
        let mut response = Response::new(ScriptedBody::sized([Act::data("note")]));
        Outcome::record(response.extensions_mut(), &record);
        response
    });
    let member = response.headers().get(CACHE_STATUS);
    member.map(|value| value.to_str().expect("visible").to_owned())
}

/// R-9211-2-a: an entry that answers is a hit, and all else was forwarded.
#[test]
fn the_lookup_of_remembered_validators_is_told() {
    let ttl = Duration::from_secs(41);
    for (lookup, text) in [
        (CacheLookup::Unmatched { ttl }, "notes; fwd=request; ttl=41"),
        (CacheLookup::Stale, "notes; fwd=stale"),
        (CacheLookup::Miss, "notes; fwd=miss"),
        (CacheLookup::Busy, "notes; fwd=miss; detail=busy"),
        (CacheLookup::Bypass, "notes; fwd=bypass"),
    ] {
        let alone = looked_up("GET", |outcome| outcome.set_cache_lookup(lookup));
        assert_eq!(alone, member(text));
        // A layer outside evaluates the conditions of the request.
        let evaluated = looked_up("GET", |outcome| {
            outcome.set_cache_lookup(lookup);
            outcome.set_handler_status(StatusCode::OK);
            outcome.set_verdict(Verdict::Proceeded);
        });
        assert_eq!(evaluated, member(text));
        let refused = looked_up("GET", |outcome| {
            outcome.set_cache_lookup(lookup);
            outcome.set_verdict(Verdict::Failed(Condition::IfMatch));
        });
        assert_eq!(refused, None);
        let write = looked_up("PUT", |outcome| outcome.set_cache_lookup(lookup));
        assert_eq!(write, member("notes; fwd=method"));
    }
    let hit = looked_up("GET", |outcome| {
        outcome.set_cache_lookup(CacheLookup::Hit { ttl });
        outcome.set_verdict(Verdict::NotModified);
    });
    assert_eq!(hit, member("notes; hit; ttl=41"));
}

/// R-9211-2-a
#[test]
fn stored_and_collapsed_requests_are_told() {
    let stored = looked_up("GET", |outcome| {
        outcome.set_cache_lookup(CacheLookup::Stale);
        outcome.set_stored();
    });
    assert_eq!(stored, member("notes; fwd=stale; stored"));
    // The client got a 304 for the 200 of the handler.
    let not_modified = looked_up("GET", |outcome| {
        outcome.set_cache_lookup(CacheLookup::Miss);
        outcome.set_stored();
        outcome.set_handler_status(StatusCode::NOT_FOUND);
        outcome.set_verdict(Verdict::NotModified);
    });
    assert_eq!(
        not_modified,
        member("notes; fwd=miss; fwd-status=404; stored")
    );
    // The handler ran for the request that this one waited for.
    let collapsed = looked_up("GET", |outcome| {
        outcome.set_cache_lookup(CacheLookup::Busy);
        outcome.set_collapsed(true);
        outcome.set_verdict(Verdict::NotModified);
    });
    let expected = member("notes; fwd=miss; detail=busy; collapsed");
    assert_eq!(collapsed, expected);
    let ttl = Duration::from_secs(60);
    let looked_up_again = looked_up("GET", |outcome| {
        outcome.set_cache_lookup(CacheLookup::Hit { ttl });
        outcome.set_collapsed(true);
        outcome.set_verdict(Verdict::NotModified);
    });
    let expected = member("notes; fwd=miss; collapsed; ttl=60");
    assert_eq!(looked_up_again, expected);
}
