//! A policy meets the head of a response.

use http::{
    HeaderMap, HeaderName,
    header::{CACHE_CONTROL, DATE, EXPIRES, SET_COOKIE, VARY},
};

use super::{
    CachePolicy, Handler,
    face::{Joined, restrict},
};
use crate::semantics::{
    cache_control::{Known, Lines, is_targeted, whole_seconds},
    date::HttpDate,
    fields,
    no_vary_search::NO_VARY_SEARCH,
    vary,
};

impl CachePolicy {
    /// Puts the policy into the head of a response to a safe request.
    /// `authorized` is whether the request had `Authorization`, `now` what
    /// `Expires` is counted from where there is no `Date`.
    pub fn apply(&self, headers: &mut HeaderMap, authorized: bool, now: HttpDate) {
        if self.handler == Handler::Loses {
            headers.remove(CACHE_CONTROL);
            headers.remove(EXPIRES);
            for (field, _) in &self.targeted {
                headers.remove(field);
            }
        }
        let personal = self.is_personal(headers, authorized);
        let said = Word::of(headers, now);
        let alone = self.handler == Handler::Wins && said.anything;
        let control = if alone { &self.guard } else { &self.control };
        let joined = control.join(headers, &CACHE_CONTROL, said.known, said.lines, personal);
        if !alone {
            self.join_targeted(headers, said.known, personal);
        }
        copy_restrictions(headers, joined.ours, |field| {
            !alone && self.targeted.iter().any(|(name, _)| name == field)
        });
        let expires = self.expires && !alone;
        date_of_expiry(headers, joined, expires, said.expires, now);
        self.merge_vary(headers);
        if let Some(value) = &self.no_vary_search
            && !fields::has(headers, &NO_VARY_SEARCH)
        {
            headers.insert(NO_VARY_SEARCH, value.clone());
        }
    }

    /// Whether it matters what time it is; otherwise any `now` will do.
    pub(crate) fn needs_now(&self, headers: &HeaderMap) -> bool {
        self.expires || fields::has(headers, &EXPIRES)
    }

    /// Keeps what a handler speaks of from other users, where no policy applies.
    pub(crate) fn guard(&self, headers: &mut HeaderMap, authorized: bool, now: HttpDate) {
        if !self.is_personal(headers, authorized) {
            return;
        }
        let said = Word::of(headers, now);
        if said.anything || headers.keys().any(is_targeted) {
            let joined = self
                .guard
                .join(headers, &CACHE_CONTROL, said.known, said.lines, true);
            copy_restrictions(headers, joined.ours, |_| false);
        }
    }

    /// Whether a response is for one user.
    fn is_personal(&self, headers: &HeaderMap, authorized: bool) -> bool {
        (authorized && !self.share_authorized)
            || (!self.share_cookies && fields::has(headers, &SET_COOKIE))
    }
}

/// What a handler said about the lifetime of its response.
struct Word {
    known: Known,
    /// The same without `Expires`, if there is a `Cache-Control`.
    lines: Option<Lines>,
    /// Seconds from `Date` to `Expires`.
    expires: Option<u32>,
    /// Whether there is a word about caching.
    anything: bool,
}

impl Word {
    fn of(headers: &HeaderMap, now: HttpDate) -> Self {
        let lines = lines(headers, &CACHE_CONTROL);
        let mut known = lines.map_or(Known::NOTHING, |lines| lines.known);
        let expires = lifetime(headers, now);
        let anything = expires.is_some() || !known.is_silent();
        // `max-age` is heard first (RFC 9111, section 5.3).
        known.max_age = known.max_age.or(expires);
        Self {
            known,
            lines,
            expires,
            anything,
        }
    }
}

/// What a field says, if it is there.
fn lines(headers: &HeaderMap, field: &HeaderName) -> Option<Lines> {
    fields::has(headers, field).then(|| Lines::of(fields::lines(headers, field)))
}

/// One that is no date has run out (RFC 9111, section 5.3).
fn lifetime(headers: &HeaderMap, now: HttpDate) -> Option<u32> {
    if !fields::has(headers, &EXPIRES) {
        return None;
    }
    let date = |name| HttpDate::parse(fields::only(headers, name)?.as_bytes(), now);
    let from = date(&DATE).unwrap_or(now);
    let until = date(&EXPIRES).unwrap_or(from);
    Some(whole_seconds(until.saturating_duration_since(from)))
}

fn copy_restrictions(headers: &mut HeaderMap, from: Known, done: impl Fn(&HeaderName) -> bool) {
    let from = from.restriction();
    if from == Known::NOTHING {
        return;
    }
    let others = |field: &&HeaderName| is_targeted(field) && !done(field);
    if headers.keys().any(|field| others(&field)) {
        let others: Vec<_> = headers.keys().filter(others).cloned().collect();
        for field in others {
            restrict(headers, &field, from);
        }
    }
}

impl CachePolicy {
    /// A handler that said nothing to the caches of such a field means them too
    /// in `Cache-Control`.
    fn join_targeted(&self, headers: &mut HeaderMap, said: Known, personal: bool) {
        for (field, face) in &self.targeted {
            let there = lines(headers, field);
            let said = there.map_or(said, |lines| lines.known);
            face.join(headers, field, said, there, personal);
        }
    }

    /// The union with what is there. All that a 304 gets of which the policy is not known.
    pub(crate) fn merge_vary(&self, headers: &mut HeaderMap) {
        let Some(line) = &self.vary_line else { return };
        if fields::has(headers, &VARY) {
            vary::merge(headers, self.vary.iter().cloned());
        } else {
            headers.insert(VARY, line.clone());
        }
    }
}

/// `Expires` says the same as `max-age`, where it is wanted or `Cache-Control` was
/// changed, or is not there.
fn date_of_expiry(
    headers: &mut HeaderMap,
    joined: Joined,
    wanted: bool,
    said: Option<u32>,
    now: HttpDate,
) {
    let fresh = joined.known.is_fresh();
    let lifetime = joined.known.max_age.filter(|_| fresh);
    if let (true, Some(lifetime)) = (wanted, lifetime) {
        let date = fields::only(headers, &DATE);
        let from = date.and_then(|date| HttpDate::parse(date.as_bytes(), now));
        let from = from.unwrap_or(now).unix_seconds();
        let until = HttpDate::from_unix_seconds(from + i64::from(lifetime));
        headers.insert(EXPIRES, until.into());
    } else if said.is_some() && joined.written && lifetime != said {
        headers.remove(EXPIRES);
    }
}
