//! The bytes that the page moves.

use super::notes_service::NotesService;
use crate::driver::{Browser, BrowserKind, BrowserRequest, in_each_browser};

in_each_browser!(
    a_reload_of_an_unchanged_list_moves_little,
    a_hundred_readers_are_answered_with_304,
);

/// The bytes of header and content of the document, its files, and the list.
const MOST_BYTES: u64 = 1024;

async fn a_reload_of_an_unchanged_list_moves_little(browser: &Browser) {
    let service = NotesService::start();
    let tab = browser.open(&service.url()).await;
    tab.wait_for_list().await;
    let list = |request: &BrowserRequest| request.path() == "/notes" && request.is_complete;
    let first = tab.wait_for_request(0, list).await;
    assert_eq!(first.response_header("content-encoding"), Some("br"));
    assert_eq!(first.protocol, "http/1.1");

    if browser.kind() == BrowserKind::Firefox {
        // A reload would end the request for the icon, and the next load would send it again.
        let files = "performance.getEntriesByType('resource')";
        tab.wait_for(&format!(
            "{files}.some(({{ name }}) => name.endsWith('.svg'))"
        ))
        .await;
    }
    let skipped = tab.requests().len();
    tab.reload().await;
    tab.wait_for_list().await;
    tab.wait_for_log("The list was checked: 304").await;
    tab.wait_for_request(skipped, list).await;
    let mut requests = tab.requests().split_off(skipped);
    // Firefox may ask for the icon late, and then that request is of the first load.
    let document = requests.iter().rposition(|request| request.path() == "/");
    let requests = requests.split_off(document.expect("a document"));
    let is_observing = |path: &str| ["/events", "/metrics"].contains(&path);
    let moved: Vec<_> = requests
        .iter()
        .filter(|request| !is_observing(request.path()))
        .collect();
    let sum: u64 = moved.iter().map(|request| request.bytes_received).sum();
    let lines: Vec<_> = moved.iter().map(ToString::to_string).collect();
    let lines = lines.join("\n");
    assert!(sum < MOST_BYTES, "{sum} bytes:\n{lines}");
    for path in ["/", "/notes"] {
        let request = moved.iter().find(|request| request.path() == path);
        assert_eq!(
            request.and_then(|request| request.status),
            Some(304),
            "{lines}"
        );
    }
    browser.assert_quiet(&[]);
}

/// Each reader has a copy, so nearly all of their reads are answered with 304, and no handler runs.
async fn a_hundred_readers_are_answered_with_304(browser: &Browser) {
    let service = NotesService::start();
    let tab = browser.open(&service.url()).await;
    tab.wait_for_list().await;
    let pressed = "document.querySelector('#readers').ariaPressed";
    tab.click("button", "100 readers").await;
    tab.wait_for(&format!("{pressed} === 'true'")).await;
    let share = "[...document.querySelectorAll('figure')]\
        .find(figure => figure.textContent.includes('304')).querySelector('.value').textContent";
    tab.wait_for(&format!("parseInt({share}) >= 75")).await;
    tab.click("button", "100 readers").await;
    tab.wait_for(&format!("{pressed} === 'false'")).await;
    let runs = service
        .counter("http_conditional_handler_runs_total", "")
        .await;
    let requests = "http_conditional_requests_total";
    let not_modified = service.counter(requests, "outcome=\"not_modified\"").await;
    let others = service.counter(requests, "").await - not_modified;
    assert!(not_modified > 50.0, "{not_modified}");
    // A run counts at once, and its request at the end. The page may be reading the counters.
    assert!(runs <= others + 1.0, "{runs} runs, {others} requests");

    tab.click("button", "Write").await;
    tab.wait_for_log("You added").await;
    browser.assert_quiet(&[]);
}
