//! The cache directives that a handler set: `Cache-Control` and `Expires`.

use http::{
    HeaderMap,
    header::{CACHE_CONTROL, DATE, EXPIRES},
};

use super::field_policy::{FieldPolicy, MergedField};
use crate::semantics::{
    caching::cache_control::{Directives, ParsedField, parse_field, whole_seconds},
    field::{HttpDate, lines},
};

/// The directives that a handler set in `Cache-Control` and `Expires`.
pub(super) struct HandlerPolicy {
    /// The directives of both headers.
    pub(super) directives: Directives,
    /// `Cache-Control`, if it is present.
    cache_control: Option<ParsedField>,
    expires: Option<HandlerExpires>,
    /// `true` if any of the directives concerns caching.
    pub(super) is_about_caching: bool,
}

/// The `Expires` of a handler.
#[derive(Debug, Clone, Copy)]
struct HandlerExpires {
    /// Seconds after `Date`. An invalid date has expired (RFC 9111, section 5.3).
    seconds: u32,
    /// The longest lifetime that a cache derives. Some caches count from their own clock.
    longest: u32,
    /// `true` if every cache derives the same lifetime. Many ignore an invalid date.
    unambiguous: bool,
}

impl HandlerPolicy {
    pub(super) fn from_headers(headers: &HeaderMap, now: impl FnOnce() -> HttpDate) -> Self {
        let cache_control = parse_field(headers, &CACHE_CONTROL);
        let mut directives = cache_control.map_or(Directives::NONE, |field| field.directives);
        let expires = HandlerExpires::from_headers(headers, now);
        let is_about_caching = expires.is_some() || !directives.is_silent_on_caching();
        // `max-age` takes precedence over `Expires` (RFC 9111, section 5.3).
        directives.max_age = directives
            .max_age
            .or(expires.map(|expires| expires.seconds));
        Self {
            directives,
            cache_control,
            expires,
            is_about_caching,
        }
    }

    /// Merges a policy into `Cache-Control`.
    pub(super) fn merge_cache_control(
        &self,
        policy: &FieldPolicy,
        headers: &mut HeaderMap,
        for_one_user: bool,
    ) -> MergedField {
        let set_elsewhere = self.expires.is_none_or(|expires| expires.unambiguous);
        policy.merge(
            headers,
            &CACHE_CONTROL,
            self.directives,
            self.cache_control,
            set_elsewhere,
            for_one_user,
        )
    }

    /// Makes `Expires` agree with `max-age`.
    ///
    /// Sets it if `wanted` is true. Otherwise removes it if it disagrees with a changed
    /// `Cache-Control`. Also removes a longer lifetime, unless the handler's headers are kept
    /// (`alone`).
    pub(super) fn update_expires(
        &self,
        headers: &mut HeaderMap,
        merged: MergedField,
        wanted: bool,
        alone: bool,
        now: impl FnOnce() -> HttpDate,
    ) {
        let lifetime = merged.lifetime();
        if let (true, Some(lifetime)) = (wanted, lifetime) {
            let now = now();
            // With a `Date` in the future, the lifetime counts from now.
            let from = message_date(headers, now).unix_seconds();
            let from = from.min(now.unix_seconds());
            let until = HttpDate::from_unix_seconds(from + i64::from(lifetime));
            headers.insert(EXPIRES, until.into());
        } else if let Some(own) = self.expires {
            let disagrees =
                merged.is_written && (lifetime != Some(own.seconds) || !own.unambiguous);
            // Caches that know no other header must not get a longer lifetime than the policy's.
            let is_longer = !alone && own.longest > lifetime.unwrap_or(0);
            if disagrees || is_longer {
                headers.remove(EXPIRES);
            }
        }
    }
}

impl HandlerExpires {
    /// The length of the preferred date format (RFC 9110, section 5.6.7). Not every cache reads
    /// the other two.
    const FIXDATE_LENGTH: usize = "Sun, 06 Nov 1994 08:49:37 GMT".len();

    fn from_headers(headers: &HeaderMap, now: impl FnOnce() -> HttpDate) -> Option<Self> {
        if !lines::has(headers, &EXPIRES) {
            return None;
        }
        let now = now();
        let line = lines::only(headers, &EXPIRES);
        let until = line.and_then(|line| HttpDate::parse(line.as_bytes(), now));
        let seconds_left = |from: HttpDate| {
            // An invalid date has expired (RFC 9111, section 5.3).
            until.map_or(0, |until| {
                whole_seconds(until.saturating_duration_since(from))
            })
        };
        let seconds = seconds_left(message_date(headers, now));
        let longest = seconds.max(seconds_left(now));
        let is_fixdate = line.is_some_and(|line| line.len() == Self::FIXDATE_LENGTH);
        Some(Self {
            seconds,
            longest,
            unambiguous: is_fixdate && until.is_some() && longest == seconds,
        })
    }
}

/// Returns the date from which `Expires` counts: `Date`, or `now` if it is missing or invalid.
fn message_date(headers: &HeaderMap, now: HttpDate) -> HttpDate {
    let date = lines::only(headers, &DATE);
    let date = date.and_then(|date| HttpDate::parse(date.as_bytes(), now));
    date.unwrap_or(now)
}
