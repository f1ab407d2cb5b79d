//! `Date`, written once a second.

use std::cell::RefCell;

use http::HeaderValue;

use crate::semantics::date::HttpDate;

thread_local! {
    static LATEST: RefCell<(HttpDate, HeaderValue)> =
        RefCell::new((HttpDate::EPOCH, HttpDate::EPOCH.into()));
}

/// The value for this second.
pub(super) fn value(now: HttpDate) -> HeaderValue {
    LATEST.with_borrow_mut(|(date, value)| {
        if *date != now {
            (*date, *value) = (now, now.into());
        }
        value.clone()
    })
}
