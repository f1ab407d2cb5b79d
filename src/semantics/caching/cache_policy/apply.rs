//! A policy meets the head of a response.

use std::cell::LazyCell;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CACHE_CONTROL, DATE, EXPIRES, VARY},
};

use super::{
    CachePolicy, Handler,
    caching_fields::CachingFields,
    field_value::{Face, Joined, restrict},
};
use crate::semantics::{
    caching::{
        cache_control::{Known, Lines, is_targeted, lines_of, whole_seconds},
        no_vary_search::NO_VARY_SEARCH,
    },
    field::{HttpDate, lines, vary},
};

impl CachePolicy {
    /// Puts the policy into the head of a response to a safe request.
    /// `authorized` is whether the request had `Authorization`, `now` what
    /// `Expires` is counted from where there is no `Date`. `now` is called at most once,
    /// and only if there is an `Expires` to read or to write.
    pub fn apply(&self, headers: &mut HeaderMap, authorized: bool, now: impl FnOnce() -> HttpDate) {
        let there = CachingFields::of(headers);
        let personal = self.is_personal(authorized, there.cookies);
        if there.policy || self.expires {
            self.join(headers, personal, now);
        } else {
            self.write(headers, personal);
        }
        if let Some(line) = &self.vary_line {
            self.add_vary(headers, line, there.vary);
        }
        if let Some(value) = &self.no_vary_search
            && !there.no_vary_search
        {
            headers.insert(NO_VARY_SEARCH, value.clone());
        }
    }

    /// Writes all fields of the policy into a head that has none of them.
    fn write(&self, headers: &mut HeaderMap, personal: bool) {
        self.control.write(headers, &CACHE_CONTROL, personal);
        for (field, face) in &self.targeted {
            face.write(headers, field, personal);
        }
    }

    fn join(&self, headers: &mut HeaderMap, personal: bool, now: impl FnOnce() -> HttpDate) {
        if self.handler == Handler::Loses {
            headers.remove(CACHE_CONTROL);
            headers.remove(EXPIRES);
            for (field, _) in &self.targeted {
                headers.remove(field);
            }
        }
        let now = LazyCell::new(now);
        let said = Word::of(headers, || *now);
        let alone = self.handler == Handler::Wins && said.anything;
        let control = if alone { &self.guard } else { &self.control };
        let joined = said.join(control, headers, personal);
        if !alone {
            self.join_targeted(headers, said.known, personal);
        }
        restrict_others(headers, joined.ours, |field| {
            !alone && self.targeted.iter().any(|(name, _)| name == field)
        });
        let wanted = self.expires && !alone;
        said.date_of_expiry(headers, joined, wanted, alone, || *now);
    }

    /// Keeps what a handler speaks of from other users, where no policy applies, and
    /// writes anew what caches read in different ways.
    pub(crate) fn guard(
        &self,
        headers: &mut HeaderMap,
        authorized: bool,
        now: impl FnOnce() -> HttpDate,
    ) {
        let there = CachingFields::of(headers);
        if !there.policy {
            return;
        }
        let now = LazyCell::new(now);
        let said = Word::of(headers, || *now);
        if said.anything || headers.keys().any(is_targeted) {
            let personal = self.is_personal(authorized, there.cookies);
            let joined = said.join(&self.guard, headers, personal);
            restrict_others(headers, joined.ours, |_| false);
            said.date_of_expiry(headers, joined, false, true, || *now);
        }
    }

    /// Whether a response is for one user.
    fn is_personal(&self, authorized: bool, cookies: bool) -> bool {
        (authorized && !self.share_authorized) || (cookies && !self.share_cookies)
    }
}

/// What a handler said about the lifetime of its response.
struct Word {
    known: Known,
    /// The same without `Expires`, if there is a `Cache-Control`.
    lines: Option<Lines>,
    expires: Option<Expires>,
    /// Whether there is a word about caching.
    anything: bool,
}

/// What a handler's `Expires` says.
#[derive(Debug, Clone, Copy)]
struct Expires {
    /// Seconds from `Date`. One that is no date has run out (RFC 9111, section 5.3).
    seconds: u32,
    /// The most seconds that a cache reads in it. Some count from their own clock.
    longest: u32,
    /// Whether every cache reads the same in it; many ignore one that is no date.
    clear: bool,
}

impl Word {
    fn of(headers: &HeaderMap, now: impl FnOnce() -> HttpDate) -> Self {
        let lines = lines_of(headers, &CACHE_CONTROL);
        let mut known = lines.map_or(Known::NOTHING, |lines| lines.known);
        let expires = Expires::of(headers, now);
        let anything = expires.is_some() || !known.is_silent();
        // `max-age` is heard first (RFC 9111, section 5.3).
        known.max_age = known.max_age.or(expires.map(|expires| expires.seconds));
        Self {
            known,
            lines,
            expires,
            anything,
        }
    }

    /// Puts `Cache-Control` into the head.
    fn join(&self, control: &Face, headers: &mut HeaderMap, personal: bool) -> Joined {
        let elsewhere = self.expires.is_none_or(|expires| expires.clear);
        control.join(
            headers,
            &CACHE_CONTROL,
            self.known,
            self.lines,
            elsewhere,
            personal,
        )
    }

    /// `Expires` says the same as `max-age`, where it is wanted or `Cache-Control` was
    /// changed, or is not there.
    fn date_of_expiry(
        &self,
        headers: &mut HeaderMap,
        joined: Joined,
        wanted: bool,
        alone: bool,
        now: impl FnOnce() -> HttpDate,
    ) {
        let lifetime = joined.lifetime();
        if let (true, Some(lifetime)) = (wanted, lifetime) {
            let now = now();
            let from = date(headers, now).unix_seconds().min(now.unix_seconds());
            let until = HttpDate::from_unix_seconds(from + i64::from(lifetime));
            headers.insert(EXPIRES, until.into());
        } else if let Some(said) = self.expires {
            let differs = joined.written && (lifetime != Some(said.seconds) || !said.clear);
            // For caches that know no other field, unless the handler's word stands alone.
            let grants_more = !alone && said.longest > lifetime.unwrap_or(0);
            if differs || grants_more {
                headers.remove(EXPIRES);
            }
        }
    }
}

impl Expires {
    /// How long the one form is that is sent (RFC 9110, section 5.6.7). Not every
    /// cache reads the other two.
    const LENGTH: usize = "Sun, 06 Nov 1994 08:49:37 GMT".len();

    fn of(headers: &HeaderMap, now: impl FnOnce() -> HttpDate) -> Option<Self> {
        if !lines::has(headers, &EXPIRES) {
            return None;
        }
        let now = now();
        let line = lines::only(headers, &EXPIRES);
        let until = line.and_then(|line| HttpDate::parse(line.as_bytes(), now));
        let left = |from: HttpDate| {
            // One that is no date has run out (RFC 9111, section 5.3).
            until.map_or(0, |until| {
                whole_seconds(until.saturating_duration_since(from))
            })
        };
        let seconds = left(date(headers, now));
        let longest = seconds.max(left(now));
        let usual = line.is_some_and(|line| line.len() == Self::LENGTH);
        Some(Self {
            seconds,
            longest,
            clear: usual && until.is_some() && longest == seconds,
        })
    }
}

/// What `Expires` is counted from.
fn date(headers: &HeaderMap, now: HttpDate) -> HttpDate {
    let date = lines::only(headers, &DATE);
    let date = date.and_then(|date| HttpDate::parse(date.as_bytes(), now));
    date.unwrap_or(now)
}

/// Copies a restriction into the targeted fields that the policy has no word for,
/// and writes those anew that caches read in different ways.
fn restrict_others(headers: &mut HeaderMap, from: Known, done: impl Fn(&HeaderName) -> bool) {
    let others = |field: &&HeaderName| is_targeted(field) && !done(field);
    if headers.keys().any(|field| others(&field)) {
        let others: Vec<_> = headers.keys().filter(others).cloned().collect();
        for field in others {
            restrict(headers, &field, from.restriction());
        }
    }
}

impl CachePolicy {
    /// A handler that said nothing to the caches of such a field means them too
    /// in `Cache-Control`.
    fn join_targeted(&self, headers: &mut HeaderMap, said: Known, personal: bool) {
        for (field, face) in &self.targeted {
            let there = lines_of(headers, field);
            let said = there.map_or(said, |lines| lines.known);
            face.join(headers, field, said, there, false, personal);
        }
    }

    /// The union with what is there. All that a 304 gets of which the policy is not known.
    pub(crate) fn merge_vary(&self, headers: &mut HeaderMap) {
        if let Some(line) = &self.vary_line {
            self.add_vary(headers, line, lines::has(headers, &VARY));
        }
    }

    fn add_vary(&self, headers: &mut HeaderMap, line: &HeaderValue, there: bool) {
        if there {
            vary::merge(headers, self.vary.iter().cloned());
        } else {
            headers.insert(VARY, line.clone());
        }
    }
}
