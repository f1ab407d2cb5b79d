//! Any handler below any policy, read by careless caches.

use http::HeaderMap;

use super::*;
use crate::{
    semantics::{caching::cache_control::CacheControl, field::HttpDate},
    test_support::Random,
};

mod readers;

use readers::{READERS, Use, date, expires, lines};

const VENDOR: HeaderName = HeaderName::from_static("akamai-cdn-cache-control");
const NOW: u64 = 1_000_000_000;
static FIELDS: [HeaderName; 4] = [CACHE_CONTROL, CDN, SURROGATE, VENDOR];

const NAMES: &[&str] = &[
    "max-age",
    "Max-Age",
    "s-maxage",
    "stale-while-revalidate",
    "stale-if-error",
    "no-store",
    "no-cache",
    "private",
    "public",
    "must-revalidate",
    "must-understand",
    "no-transform",
    "immutable",
    "x",
    "x-max-age",
    "1y",
    "",
];
const ARGUMENTS: &[&str] = &[
    "",
    "=",
    "=0",
    "=5",
    "=600",
    "=600",
    "=606461.53",
    "=\"600\"",
    "=\"\"",
    "=-600",
    "=+600",
    "=600s",
    "=1e9",
    " = 600",
    "=600 5",
    "=600;x=1",
    "=99999999999",
    "=99999999999999999999999",
    "=0600",
    "=\"600",
    "=600\"",
    "=?1",
    "=\"x, max-age=600\"",
    "=\"x-a\"",
    "=x",
];
const SEPARATORS: &[&str] = &[", ", ", ", ", ", ",", ",,", "; ", " ", "\t,", "\""];
const DATES: &[&str] = &[
    "Sun, 09 Sep 2001 01:46:45 GMT",
    "Sun, 09 Sep 2001 02:46:40 GMT",
    "Mon, 10 Sep 2001 02:46:40 GMT",
    "Sunday, 09-Sep-01 02:46:40 GMT",
    "Sun Sep  9 02:46:40 2001",
    "Sun, 09 Sep 2001 01:00:00 GMT",
    "0",
    "-1",
    "",
    "tomorrow",
];
const POLICIES: &[&str] = &[
    "max-age=1",
    "max-age=0",
    "max-age=60, s-maxage=1",
    "max-age=1, stale-while-revalidate=1, stale-if-error=2",
    "max-age=1, must-revalidate",
    "max-age=1, no-cache=\"set-cookie\"",
    "private, max-age=1",
    "no-cache",
    "no-store",
    "must-revalidate",
    "no-transform",
    "public, max-age=100000, stale-while-revalidate=100000",
];

fn line(random: &mut Random) -> String {
    let mut line = String::new();
    for _ in 0..random.below(5) {
        line.push_str(random.pick(NAMES));
        line.push_str(random.pick(ARGUMENTS));
        line.push_str(random.pick(SEPARATORS));
    }
    line
}

fn head(random: &mut Random) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for _ in 0..random.below(5) {
        let field = &FIELDS[random.below(6) % 4];
        headers.append(field, line(random).parse().unwrap());
    }
    for _ in 0..random.below(3) {
        let field = random.pick(&[EXPIRES, EXPIRES, DATE].each_ref());
        headers.append(field, HeaderValue::from_static(random.pick(DATES)));
    }
    headers
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Handler {
    Joins,
    Yields,
    Overridden,
}

struct Case {
    control: CacheControl,
    /// The directives of the policy in a targeted header of its own.
    targeted: Option<(HeaderName, CacheControl)>,
    handler: Handler,
    before: HeaderMap,
    after: HeaderMap,
}

impl Case {
    fn new(random: &mut Random) -> Self {
        let directives = |random: &mut Random| -> CacheControl {
            random.pick(POLICIES).parse().expect("a policy")
        };
        let control = directives(random);
        let mut policy = CachePolicy::new(control.clone()).expect("a policy");
        let field = FIELDS[1 + random.below(3)].clone();
        let targeted = (random.below(2) == 0).then(|| (field, directives(random)));
        if let Some((field, directives)) = &targeted {
            let added = policy.targeted(field.clone(), directives.clone());
            policy = added.expect("a policy");
        }
        let handler = random.pick(&[
            Handler::Joins,
            Handler::Joins,
            Handler::Yields,
            Handler::Overridden,
        ]);
        policy = match handler {
            Handler::Joins => policy,
            Handler::Yields => policy.yield_to_handler(),
            Handler::Overridden => policy.override_handler(),
        };
        if random.below(4) == 0 {
            policy = policy.expires();
        }
        let before = head(random);
        let mut after = before.clone();
        let authorized = random.below(4) == 0;
        policy.apply(&mut after, authorized, || {
            HttpDate::from_unix_seconds(NOW.cast_signed())
        });
        Self {
            control,
            targeted,
            handler,
            before,
            after,
        }
    }

    /// Returns the handler's directives in a header, or else those in `Cache-Control` and `Expires`.
    /// Without any, everything is allowed.
    fn handler_directives(&self, field: &HeaderName) -> CacheControl {
        if *field != CACHE_CONTROL && self.before.contains_key(field) {
            return CacheControl::of_field(&self.before, field);
        }
        let said = CacheControl::of(&self.before);
        if !self.before.contains_key(EXPIRES) || said.max_age().is_some() {
            return said;
        }
        let from = date(&self.before).unwrap_or(HttpDate::from_unix_seconds(NOW.cast_signed()));
        let seconds = expires(&self.before, from).unwrap_or(0);
        said.with_max_age(Duration::from_secs(seconds))
    }

    /// Returns the directives of the policy for a header, if there are any.
    fn policy_directives(&self, field: &HeaderName) -> Option<&CacheControl> {
        let is_silent =
            !self.before.contains_key(CACHE_CONTROL) && !self.before.contains_key(EXPIRES);
        if self.handler == Handler::Yields && !is_silent {
            return None;
        }
        if *field == CACHE_CONTROL {
            return Some(&self.control);
        }
        let targeted = self.targeted.as_ref();
        targeted.and_then(|(name, directives)| (name == field).then_some(directives))
    }

    /// Returns `true` if the handler's header was replaced.
    fn is_overridden(&self, field: &HeaderName) -> bool {
        let named = self
            .targeted
            .as_ref()
            .is_some_and(|(name, _)| name == field);
        self.handler == Handler::Overridden
            && (named || *field == CACHE_CONTROL || !self.before.contains_key(field))
    }

    fn check(&self, field: &HeaderName) -> Result<(), String> {
        let expires = expires(&self.after, HttpDate::from_unix_seconds(NOW.cast_signed()));
        // A cache that reads only `Expires` ignores an invalid one, and a handler's header
        // that stands alone may contradict it.
        let told = expires.is_some() && self.handler != Handler::Yields && *field == CACHE_CONTROL;
        let lines = lines(&self.after, field);
        let policy = self.policy_directives(field);
        let handler = (!self.is_overridden(field)).then(|| self.handler_directives(field));
        for reader in &READERS {
            if reader.name == "expires" && !told {
                continue;
            }
            let found = (reader.read)(&lines, expires);
            for (said, whose) in [(policy, "policy"), (handler.as_ref(), "handler")] {
                let Some(said) = said else { continue };
                let granted = Use::granted(said, reader.shared);
                if !found.is_within(granted) {
                    return Err(format!(
                        "{} takes {field} for {found:?}, and the {whose} grants {granted:?}",
                        reader.name
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Issue 10, B.1 (R-9111-5.2-a, R-9111-4.2.1-a): the response grants careless caches no more than
/// the policy does. It also grants no more than this crate reads in the handler's headers.
#[test]
fn a_naive_cache_never_uses_a_response_for_longer() {
    let seed: u64 = std::env::var("SEED").map_or(10, |seed| seed.parse().expect("a number"));
    let mut random = Random::new(seed);
    for round in 0..40_000 {
        let case = Case::new(&mut random);
        for field in &FIELDS {
            if *field != CACHE_CONTROL && !case.after.contains_key(field) {
                continue;
            }
            case.check(field).unwrap_or_else(|problem| {
                panic!(
                    "seed {seed}, round {round}: {problem}\n{:?}\n{:?}\n{}",
                    case.before, case.after, case.control
                )
            });
        }
    }
}
