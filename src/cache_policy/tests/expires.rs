//! A policy and the `Expires` of the handler.

use super::*;
use crate::semantics::caching::cache_control::CacheControl;

/// R-9111-4.2.1-a: `Expires` is a lifetime too.
#[test]
fn expires_counts_as_a_lifetime() {
    const AT_40: &str = "Thu, 01 Jan 1970 00:00:40 GMT";
    let hour = layer(CachePolicy::shared_and_public());
    let lasting = |seconds| {
        let policy = CachePolicy::transformed();
        let policy = policy.adjust(|said| said.with_max_age(Duration::from_secs(seconds)));
        layer(policy.unwrap())
    };
    let (short, brief) = (lasting(5), lasting(20));
    let table: &[(_, Fields<'_>, &str, &str)] = &[
        (&hour, &[(EXPIRES, AT_40)], "", AT_40),
        (&short, &[(EXPIRES, AT_40)], "max-age=5", ""),
        (&hour, &[(EXPIRES, "0")], "max-age=0", ""),
        (
            &hour,
            &[(EXPIRES, AT_40), (DATE, "Thu, 01 Jan 1970 00:00:10 GMT")],
            "",
            AT_40,
        ),
        // With `Date` these are 40 seconds.
        (
            &hour,
            &[(EXPIRES, AT_40), (DATE, "Thu, 01 Jan 1970 00:00:00 GMT")],
            "",
            AT_40,
        ),
        (&brief, &[(EXPIRES, AT_40)], "max-age=20", ""),
        // `max-age` overrides it.
        (
            &hour,
            &[(EXPIRES, AT_40), (CACHE_CONTROL, "max-age=7")],
            "max-age=7",
            "",
        ),
        (
            &short,
            &[(EXPIRES, AT_40), (CACHE_CONTROL, "max-age=7")],
            "max-age=5",
            "",
        ),
        (
            &hour,
            &[(EXPIRES, AT_40), SECRET_COOKIE],
            "private, max-age=30",
            AT_40,
        ),
    ];
    for (layer, fields, expected, expires) in table {
        let response = send(*layer, get(&[]), |_| answer(200, fields));
        assert_eq!(says(&response, &CACHE_CONTROL), *expected, "{fields:?}");
        assert_eq!(says(&response, &EXPIRES), *expires, "{fields:?}");
    }
    let expiring = layer(CachePolicy::transformed().expires());
    let response = send(&expiring, get(&[]), |_| answer(200, &[]));
    assert_eq!(says(&response, &EXPIRES), "Thu, 01 Jan 1970 00:01:10 GMT");
    let own: Fields<'_> = &[(CACHE_CONTROL, "max-age=7"), (EXPIRES, AT_40)];
    let response = send(&expiring, get(&[]), |_| answer(200, own));
    assert_eq!(says(&response, &EXPIRES), "Thu, 01 Jan 1970 00:00:17 GMT");
    let yielding = layer(CachePolicy::transformed().expires().yield_to_handler());
    let response = send(&yielding, get(&[]), |_| answer(200, own));
    assert_eq!(says(&response, &EXPIRES), AT_40);
}

/// R-9111-5.2.2.1-a: the seconds to the date may exceed the largest number.
#[test]
fn a_lifetime_from_expires_is_clamped() {
    let far: Fields<'_> = &[(EXPIRES, "Fri, 31 Dec 9999 23:59:59 GMT")];
    let private = CachePolicy::new(CacheControl::new().with_private()).unwrap();
    let found = control(&layer(private), get(&[]), 200, far);
    assert_eq!(found, "private, max-age=2147483648");
}
