use super::*;

/// R-9213-2.1-a.
#[test]
fn a_targeted_header_is_a_dictionary() {
    for name in ["cdn-cache-control", "x-cdn-cache-control"] {
        for bad in [
            "",
            " ",
            "Max-Age=60",
            "max-age=60;",
            "max-age=60, ",
            "max-age=\"60",
            "max-age =60",
            "max-age=",
            "max-age",
            "max-age=\"60\"",
            "s-maxage=-1",
            "stale-if-error=1.5",
            "stale-while-revalidate=a",
            "x=/a b",
        ] {
            expect(&[], &[ASK, (name, bad)], &[Code::MalformedTargetedField]);
        }
        for good in [
            "no-store",
            "max-age=60",
            "max-age=60;x=1, must-revalidate,no-transform",
            "no-cache=\"set-cookie\"",
            "max-age=60, max-age=0",
            "s-maxage=60, stale-if-error=0, *x=?0",
        ] {
            expect(&[], &[ASK, (name, good)], &[]);
        }
        expect(&[], &[ASK, (name, "max-age=60"), (name, "s-maxage=0")], &[]);
        let lines = [ASK, (name, "max-age=60"), (name, "")];
        expect(&[], &lines, &[Code::MalformedTargetedField]);
    }
    // These have a syntax of their own.
    expect(&[], &[ASK, ("surrogate-control", "max-age=60+30")], &[]);
    expect(&[], &[ASK, ("x-cache-control", "Max-Age")], &[]);
    let codes = find_codes("POST", &[], 500, &[("cdn-cache-control", "")]);
    assert_eq!(codes, [Code::MalformedTargetedField]);
}

/// R-9211-2-a.
#[test]
fn cache_status_lists_caches() {
    for bad in [
        "origin; hit; fwd=miss",
        "a; hit, b; fwd=miss; hit=?1",
        "a; fwd=stale, \"b\"; hit; fwd=uri-miss",
        "\"a",
        "a hit",
        "(a b); hit",
        "?1",
        "1; hit",
        "a; hit,",
        "a; Hit",
    ] {
        let codes = [Code::MalformedCacheStatus];
        expect(&[], &[ASK, ("cache-status", bad)], &codes);
    }
    for good in [
        "",
        "a; hit",
        "a; hit; ttl=-412",
        "\"a b\"; fwd=stale; fwd-status=304; collapsed",
        "a; hit=?0; fwd=miss; stored",
        "a; hit, b.example; fwd=uri-miss; detail=\"hit; fwd\"",
    ] {
        expect(&[], &[ASK, ("cache-status", good)], &[]);
    }
    let lines = [
        ASK,
        ("cache-status", "a; hit"),
        ("cache-status", "b; fwd=miss"),
    ];
    expect(&[], &lines, &[]);
}
