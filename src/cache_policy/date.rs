//! The value of `Date`, which each thread renders once a second.

use std::cell::RefCell;

use http::HeaderValue;

use crate::semantics::field::HttpDate;

thread_local! {
    static LATEST: RefCell<(HttpDate, HeaderValue)> =
        RefCell::new((HttpDate::EPOCH, HttpDate::EPOCH.into()));
}

/// Returns the value for this second.
pub(super) fn value(now: HttpDate) -> HeaderValue {
    LATEST.with_borrow_mut(|(date, value)| {
        if *date != now {
            (*date, *value) = (now, now.into());
        }
        value.clone()
    })
}

#[cfg(test)]
#[test]
fn every_thread_renders_the_given_second() {
    let texts = |seconds: &[i64]| {
        let dates = seconds.iter().map(|at| HttpDate::from_unix_seconds(*at));
        dates.map(value).collect::<Vec<_>>()
    };
    // The clock may be set back.
    let seconds = [10, 11, 11, 10];
    let expected = [10, 11, 11, 10].map(|at| format!("Thu, 01 Jan 1970 00:00:{at} GMT"));
    assert_eq!(texts(&seconds), expected);
    let others = std::thread::spawn(move || texts(&[12, 11]));
    assert_eq!(others.join().unwrap()[0], "Thu, 01 Jan 1970 00:00:12 GMT");
    assert_eq!(texts(&seconds), expected);
}
