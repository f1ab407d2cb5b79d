use std::time::Duration;

use super::parse_line;
use crate::semantics::caching::cache_control::CacheControl;

/// R-9111-5.2.2.1-a: durations become whole seconds, at most 2³¹.
#[test]
fn seconds_are_clamped_and_never_quoted() {
    for (duration, written) in [
        (Duration::ZERO, "0"),
        (Duration::from_millis(999), "0"),
        (Duration::from_millis(1_999), "1"),
        (Duration::from_secs(60), "60"),
        (Duration::from_secs((1 << 31) - 1), "2147483647"),
        (Duration::from_secs(1 << 31), "2147483648"),
        (Duration::from_secs((1 << 31) + 1), "2147483648"),
        (Duration::from_secs(1 << 32), "2147483648"),
        (Duration::from_secs(u64::MAX), "2147483648"),
        (Duration::MAX, "2147483648"),
    ] {
        let new = CacheControl::new;
        for (policy, name) in [
            (new().with_max_age(duration), "max-age"),
            (new().with_s_maxage(duration), "s-maxage"),
            (
                new().with_stale_while_revalidate(duration),
                "stale-while-revalidate",
            ),
            (new().with_stale_if_error(duration), "stale-if-error"),
        ] {
            assert_eq!(policy.to_string(), format!("{name}={written}"));
            assert_eq!(parse_line(&policy.to_string()), policy);
        }
    }
}
