//! Tags, conditions and keys in a script of another origin.

use axum::http::{
    HeaderName, HeaderValue, Method,
    header::{ETAG, LOCATION},
};
use tower_conditional::cors::{allowed_headers, exposed_headers};
use tower_http::cors::CorsLayer;

use crate::{
    driver::{Browser, in_each_browser, in_time},
    page::{self, Report, Seen},
    service::{self, Note},
};

in_each_browser!(
    a_script_of_another_origin_reads_and_writes,
    without_the_list_of_exposed_headers_a_script_reads_none,
    without_the_list_of_allowed_headers_a_script_sends_nothing,
);

/// Opens the page with a service that allows and exposes these headers. Returns the report of the
/// page and the note.
async fn visit(
    browser: &Browser,
    allowed: Vec<HeaderName>,
    exposed: Vec<HeaderName>,
) -> (Report, Note) {
    let (page, mut reports) = page::serve().await;
    let cors = CorsLayer::new()
        .allow_origin(HeaderValue::from_str(&page).unwrap())
        .allow_methods([Method::GET, Method::POST, Method::PUT])
        .allow_headers(allowed)
        .expose_headers(exposed);
    let (api, note) = service::serve(cors).await;
    browser.open(&format!("{page}/?api={api}")).await;
    let report = in_time("a report", reports.recv()).await.unwrap();
    let parsed = serde_json::from_value(report.clone());
    let parsed = parsed.unwrap_or_else(|error| panic!("{error}: {report}"));
    (parsed, note)
}

/// Issue 19, C.1: with both lists, a script reads and writes like any other client.
async fn a_script_of_another_origin_reads_and_writes(browser: &Browser) {
    let exposed = exposed_headers([LOCATION]);
    let (report, note) = visit(browser, allowed_headers([]), exposed).await;
    let current = note.tag().to_string();

    assert_eq!(report.read.status, Some(200));
    assert!(report.read.etag.is_some_and(|tag| tag != current));
    assert_eq!(report.write.status, Some(204));
    assert_eq!(report.write.etag.as_ref(), Some(&current));
    // Neither the late write nor the one without a condition was performed.
    assert_eq!(note.version(), 2);
    assert_eq!(report.late.status, Some(412));
    assert_eq!(report.late.etag.as_ref(), Some(&current));
    assert_eq!(report.late.text, "new");
    assert_eq!(report.minimal.status, Some(412));
    assert_eq!(report.minimal.applied.as_deref(), Some("return=minimal"));
    assert_ne!(report.minimal.text, "new");
    assert_eq!(report.bare.status, Some(428));
    assert_eq!(report.unchanged.status, Some(304));
    assert_eq!(report.unchanged.etag.as_ref(), Some(&current));

    for order in [&report.order, &report.retry] {
        assert_eq!(order.status, Some(201));
        assert_eq!(order.location.as_deref(), Some("/orders/1"));
        assert_eq!(order.text, "order 1");
    }
    assert_eq!(report.order.replayed, None);
    assert_eq!(report.retry.replayed.as_deref(), Some("true"));
    assert_eq!(report.early.status, Some(409));
    assert!(report.early.retry_after.is_some());
    assert_eq!(report.held.text, "slow");
}

/// Issue 19, C.1: headers that are not exposed are hidden from the script.
async fn without_the_list_of_exposed_headers_a_script_reads_none(browser: &Browser) {
    let (report, note) = visit(browser, allowed_headers([]), Vec::new()).await;
    assert_eq!((report.read.status, &*report.read.text), (Some(200), "old"));
    // The script knew no tag for If-Match.
    assert_eq!(report.write.status, Some(412));
    assert_eq!(note.version(), 1);
    assert_eq!(report.retry.text, "order 1");
    assert_eq!(report.early.status, Some(409));
    let Report {
        read,
        write,
        minimal,
        retry,
        early,
        ..
    } = report;
    for seen in [read, write, minimal, retry, early] {
        let Seen {
            etag,
            replayed,
            retry_after,
            applied,
            location,
            ..
        } = seen;
        assert_eq!(
            [etag, replayed, retry_after, applied, location],
            [const { None }; 5]
        );
    }
}

/// Issue 19, C.1: the browser sends no request with a header that is not allowed.
async fn without_the_list_of_allowed_headers_a_script_sends_nothing(browser: &Browser) {
    let (report, note) = visit(browser, Vec::new(), vec![ETAG]).await;
    assert_eq!(report.read.etag, Some(note.tag().to_string()));
    assert_eq!(note.version(), 1);
    let Report {
        write,
        late,
        unchanged,
        order,
        early,
        ..
    } = report;
    for seen in [write, late, unchanged, order, early] {
        assert_eq!(
            (seen.status, seen.error.as_deref()),
            (None, Some("TypeError"))
        );
    }
}
