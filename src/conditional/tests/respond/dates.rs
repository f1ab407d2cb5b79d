//! Dates in the conditions of reads, against the layer's clock.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

use http::{
    Method, Response,
    header::{ETAG, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE, LAST_MODIFIED},
};

use crate::conditional::tests::{Answer, answer, request};
use crate::{
    ConditionalLayer,
    clock::ManualClock,
    semantics::{field::HttpDate, validator::Validators},
    source::now,
    test_support::{Act, Log, ScriptedBody, knows, request as upload, send, tagged},
};

/// 2026-11-20 12:00:00.
const NOW: i64 = 1_795_176_000;

fn at(seconds: i64) -> HttpDate {
    HttpDate::from_unix_seconds(seconds)
}

fn layer(now: i64) -> ConditionalLayer {
    ConditionalLayer::new().clock(ManualClock::new(SystemTime::from(at(now))))
}

/// Returns a 200 without a tag.
fn dated(modified: i64) -> Response<ScriptedBody> {
    let mut response = answer(&[]);
    response.headers_mut().remove(ETAG);
    let modified = at(modified).into();
    response.headers_mut().insert(LAST_MODIFIED, modified);
    response
}

fn get(layer: &ConditionalLayer, modified: i64) -> Answer {
    send(layer, request(Method::GET, &[]), |_| dated(modified))
}

/// Issue 10, D.1, R-9110-13.1.3-a, R-9110-13.1.4-a: a date with a two-digit year is read
/// with the layer's clock, with a source and without.
#[test]
fn short_dates_are_read_by_the_clock_of_the_layer() {
    let table = [
        // In 1970 it would be a Friday of 1925.
        (NOW, 1_767_225_600, "Thursday, 20-Nov-25 00:00:00 GMT", true),
        (
            NOW,
            1_600_000_000,
            "Thursday, 20-Nov-25 00:00:00 GMT",
            false,
        ),
        // From 2000 on it would be a Saturday of 2050.
        (
            631_152_000,
            -157_766_400,
            "Sunday, 01-Jan-50 00:00:00 GMT",
            true,
        ),
        (
            631_152_000,
            -631_152_001,
            "Sunday, 01-Jan-50 00:00:00 GMT",
            false,
        ),
    ];
    for (now, modified, date, changed) in table {
        for (field, status) in [
            (IF_MODIFIED_SINCE, if changed { 200 } else { 304 }),
            (IF_UNMODIFIED_SINCE, if changed { 412 } else { 200 }),
        ] {
            let answer = send(
                &layer(now),
                request(Method::GET, &[(field.clone(), date)]),
                |_| dated(modified),
            );
            assert_eq!(answer.status(), status, "{field} {date}");

            let source = knows(Validators::new().with_last_modified(at(modified)));
            let upload = upload("GET", "/", [(field.as_str(), date)]);
            let log = Log::default();
            let answer = send(&layer(now).source(source), upload, {
                let log = log.clone();
                move |_| {
                    log.note("ran");
                    Response::new(ScriptedBody::sized([Act::data("hello")]))
                }
            });
            assert_eq!(log.take().is_empty(), status != 200, "{field} {date}");
            assert_eq!(answer.status(), status, "{field} {date} by a source");
        }
    }
}

/// Issue 10, A.6: two changes in one second have one date. So it is not sent without a tag
/// before the second is over.
#[test]
fn a_date_of_the_current_second_is_not_sent_alone() {
    for (now, sent) in [(NOW - 1, false), (NOW, false), (NOW + 1, true)] {
        let answer = get(&layer(now), NOW);
        assert_eq!(answer.headers().contains_key(LAST_MODIFIED), sent);
        let tagged = send(&layer(now), request(Method::GET, &[]), |_| {
            let mut response = dated(NOW);
            response
                .headers_mut()
                .insert(ETAG, "\"1\"".parse().unwrap());
            response
        });
        assert_eq!(
            tagged.headers()[LAST_MODIFIED],
            at(now.min(NOW)).to_string()
        );
    }
    // A client that has this date from elsewhere still gets a 304.
    let date: &'static str = "Fri, 20 Nov 2026 12:00:00 GMT";
    let known = [(IF_MODIFIED_SINCE, date)];
    let answer = send(&layer(NOW), request(Method::GET, &known), |_| dated(NOW));
    assert_eq!(answer.status(), 304);
    assert!(!answer.headers().contains_key(LAST_MODIFIED));
    let guarded = [(IF_UNMODIFIED_SINCE, date)];
    let answer = send(&layer(NOW), request(Method::GET, &guarded), |_| dated(NOW));
    assert_eq!(answer.status(), 412);
}

/// R-9110-8.8.2.1-a: a date of a source is not after the response, either. Nor is the handler's own
/// after a write in between, which has no tag (issue 10, A.6).
#[test]
fn a_date_beside_a_source_is_not_after_the_response() {
    let dates = knows(tagged("1").with_last_modified(at(NOW + 10)));
    let hello = || Response::new(ScriptedBody::sized([Act::data("hello")]));
    let asked = || upload("GET", "/", []);
    let found = send(&layer(NOW).source(dates), asked(), move |_| hello());
    assert_eq!(found.headers()[ETAG], "\"1\"");
    assert_eq!(found.headers()[LAST_MODIFIED], at(NOW).to_string());

    for (modified, sent) in [(NOW + 10, false), (NOW, false), (NOW - 1, true)] {
        let writes = AtomicU64::new(0);
        let moves = now(move |_| tagged(&writes.fetch_add(1, Ordering::SeqCst).to_string()));
        let found = send(&layer(NOW).source(moves), asked(), move |_| {
            let mut own = hello();
            let modified = at(modified).into();
            own.headers_mut().insert(LAST_MODIFIED, modified);
            own
        });
        assert!(!found.headers().contains_key(ETAG));
        assert_eq!(found.headers().contains_key(LAST_MODIFIED), sent);
    }

    // A 412 has the tag of the new state, and not the date of the old content.
    let writes = AtomicU64::new(0);
    let moves = now(move |_| tagged(&writes.fetch_add(1, Ordering::SeqCst).to_string()));
    let guarded = upload("GET", "/", [("if-match", "\"0\"")]);
    let failed = send(&layer(NOW).source(moves), guarded, move |_| {
        let mut own = hello();
        let earlier = at(NOW - 9).into();
        own.headers_mut().insert(LAST_MODIFIED, earlier);
        own
    });
    assert_eq!(failed.status(), 412);
    assert_eq!(failed.headers()[ETAG], "\"1\"");
    assert!(!failed.headers().contains_key(LAST_MODIFIED));
}
