//! The page behind caches.

#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../../../../tests/showcase/tests/caches/support/nginx.rs"]
mod nginx;
#[path = "../../../../tests/showcase/tests/caches/support/process.rs"]
mod process;
#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../../../../tests/showcase/tests/caches/support/varnish.rs"]
mod varnish;

use super::{conflict::merge_in_two_tabs, notes_service::NotesService};
use crate::driver::{Browser, ExpectedEntry, has_server_program, in_each_browser};
use process::Process;

in_each_browser!(nginx_changes_nothing, varnish_changes_nothing);

async fn nginx_changes_nothing(browser: &Browser) {
    if !has_server_program("nginx", "nginx libnginx-mod-http-cache-purge") {
        return;
    }
    let service = NotesService::start();
    let cache = nginx::start(service.address(), nginx::Codings::Vary).await;
    check(browser, &service, &cache).await;
}

async fn varnish_changes_nothing(browser: &Browser) {
    if !has_server_program("varnishd", "varnish varnish-modules") {
        return;
    }
    let service = NotesService::start();
    let cache = varnish::start(service.address(), varnish::Codings::Origin).await;
    check(browser, &service, &cache).await;
}

async fn check(browser: &Browser, service: &NotesService, cache: &Process) {
    let before = service.get("/notes/1").await;
    let url = format!("http://{}/", cache.address());
    let tab = merge_in_two_tabs(browser, &url).await;
    let note = service.get("/notes/1").await;
    let before = before["text"].as_str().unwrap();
    assert_eq!(note["text"], format!("{before} apple pear"));
    assert_eq!(service.refused().await, 1.0);
    // The proxy was there, and the content was compressed.
    for request in tab.requests() {
        assert!(request.url.starts_with(&url), "{request}");
    }
    let list = tab
        .wait_for_request(0, |request| {
            request.path() == "/notes" && request.is_complete
        })
        .await;
    assert!(list.response_header("x-cache").is_some());
    assert_eq!(list.response_header("content-encoding"), Some("br"));
    browser.assert_quiet(&[ExpectedEntry::Status(412)]);
}
