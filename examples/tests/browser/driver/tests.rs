//! The driver with a page of its own.

use std::io;

use axum::{
    Router,
    body::Body,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG},
    },
    response::{Html, IntoResponse},
    routing::{any, get},
};
use futures_util::{FutureExt, stream};
use tower_conditional::stack;

use super::{Browser, BrowserKind, ColorScheme, ExpectedEntry, in_each_browser, run};
use crate::page::start;

in_each_browser!(
    a_page_gets_real_input,
    requests_are_told_with_their_bytes,
    consoles_are_heard,
    a_tab_is_closed_while_it_waits,
    sizes_and_colours_are_set,
);

const POLICY: &str = "default-src 'none'; script-src 'self'; img-src 'self'; connect-src 'self'";

async fn serve() -> String {
    let page = async || {
        let headers = [(CONTENT_SECURITY_POLICY, POLICY)];
        (headers, Html(include_str!("tests.html")))
    };
    let script = async || {
        let headers = [(CONTENT_TYPE, "text/javascript")];
        (headers, include_str!("tests.js"))
    };
    let text = async || {
        let headers = [(CACHE_CONTROL, "no-cache"), (ETAG, "\"1\"")];
        (headers, "a".repeat(5000)).into_response()
    };
    // The length of the response is not known, so its end would be marked.
    let broken = async || {
        let pieces = [Ok("piece"), Err(io::Error::other("planted"))];
        Body::from_stream(stream::iter(pieces))
    };
    let router = Router::new()
        .route("/", get(page))
        .route("/icon", get(StatusCode::NO_CONTENT))
        .route("/tests.js", get(script))
        .route("/text", get(text).route_layer(stack()))
        .route("/refused", any(StatusCode::PRECONDITION_FAILED))
        .route("/broken", get(broken))
        .route("/never", get(async || std::future::pending::<()>().await));
    start(router).await
}

async fn a_page_gets_real_input(browser: &Browser) {
    let tab = browser.open(&serve().await).await;
    tab.click("button", "Edit Second").await;
    tab.click("button", "Far below").await;
    // The button moves as soon as the pointer comes.
    let move_away = "addEventListener('pointermove', \
        () => document.querySelector('h1').style.marginBottom = '300px', { once: true }), 0";
    tab.evaluate(move_away).await;
    tab.click("button", "Edit First").await;
    tab.fill("Text", "two\nlines, ä and 漢").await;
    tab.fill("Title", "first").await;
    tab.fill("Title", "second").await;
    tab.press("Control+Enter").await;
    let log = tab
        .wait_for(
            "document.querySelector('[role=log]').textContent.includes('Enter') && log.textContent",
        )
        .await;
    assert_eq!(
        log,
        "Edit Second, trusted: true. Far below, trusted: true. Edit First, trusted: true. Control and Enter. "
    );
    let fields = "[...document.querySelectorAll('input, textarea')].map(field => field.value)";
    let typed = tab.evaluate(fields).await;
    assert_eq!(typed, serde_json::json!(["second", "two\nlines, ä and 漢"]));
    // A tab in the background hears changes too.
    let other = browser.open(&serve().await).await;
    let later = "setTimeout(() => document.title = 'later', 50), 0";
    tab.evaluate(later).await;
    tab.wait_for("document.title === 'later'").await;
    tab.press("Tab").await;
    assert_eq!(
        tab.evaluate("document.activeElement.tagName").await,
        "TEXTAREA"
    );
    other.close().await;
    assert_eq!(tab.find_all("button", "Edit Second").await.len(), 1);
    browser.assert_quiet(&[]);
}

async fn requests_are_told_with_their_bytes(browser: &Browser) {
    let tab = browser.open(&serve().await).await;
    let read = "fetch('/text').then(response => response.text()).then(text => text.length)";
    for (known, status, bytes) in [(0, 200, 5000..6000), (1, 304, 0..500)] {
        assert_eq!(tab.evaluate(read).await, 5000);
        let is_text =
            |request: &super::BrowserRequest| request.path() == "/text" && request.is_complete;
        let mut skipped = 0;
        for _ in 0..known {
            let requests = tab.requests();
            skipped = requests.iter().position(is_text).unwrap() + 1;
        }
        let request = tab.wait_for_request(skipped, is_text).await;
        assert_eq!(request.status, Some(status), "{request}");
        assert!(bytes.contains(&request.bytes_received), "{request}");
        let condition = (status == 304).then_some("\"1\"");
        assert_eq!(request.header("If-None-Match"), condition);
        assert_eq!(request.response_header("etag"), Some("\"1\""));
    }
}

async fn consoles_are_heard(browser: &Browser) {
    let tab = browser.open(&serve().await).await;
    tab.evaluate("fetch('/refused', { method: 'PUT' }).then(response => response.status)")
        .await;
    let refused =
        |request: &super::BrowserRequest| request.path() == "/refused" && request.is_complete;
    tab.wait_for_request(0, refused).await;
    browser.assert_quiet(&[ExpectedEntry::Status(412)]);
    let broken = "fetch('/broken').then(response => response.text()).catch(error => error.name)";
    assert_eq!(tab.evaluate(broken).await, "TypeError");
    browser.assert_quiet(&[ExpectedEntry::Status(412), ExpectedEntry::BrokenConnection]);
}

/// Each entry is the only one of its profile, since one of another would do as well.
#[tokio::test]
async fn an_unexpected_entry_is_not_quiet() {
    let expected = [ExpectedEntry::Status(412), ExpectedEntry::BrokenConnection];
    for kind in [BrowserKind::Chromium, BrowserKind::Firefox] {
        for (provocation, heard) in [
            (
                "setTimeout(() => { throw new Error('planted') }), 0",
                "planted",
            ),
            ("console.log('a line'), 0", "a line"),
            (
                "document.head.append(Object.assign(document.createElement('script'), { src: 'http://127.0.0.1:1/' })), 0",
                "Content",
            ),
        ] {
            let Some(browser) = Browser::start(kind).await else {
                break;
            };
            let tab = browser.open(&serve().await).await;
            tab.evaluate(provocation).await;
            let is_heard = |entry: &super::ConsoleEntry| entry.text.contains(heard);
            tab.wait_for_entry(is_heard).await;
            let asserted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                browser.assert_quiet(&expected);
            }));
            assert!(asserted.is_err(), "{heard}");
            browser.close().await;
        }
    }
}

#[tokio::test]
async fn each_start_has_its_own_profile() {
    for kind in [BrowserKind::Chromium, BrowserKind::Firefox] {
        let origin = serve().await;
        for _ in 0..2 {
            let Some(browser) = Browser::start(kind).await else {
                break;
            };
            let tab = browser.open(&origin).await;
            assert_eq!(tab.evaluate("localStorage.length").await, 0);
            tab.evaluate("localStorage.setItem('key', 'value')").await;
            let other = browser.open(&origin).await;
            assert_eq!(other.evaluate("localStorage.length").await, 1);
            browser.close().await;
        }
    }
}

async fn a_tab_is_closed_while_it_waits(browser: &Browser) {
    let origin = serve().await;
    let tab = browser.open(&origin).await;
    tab.fill("Title", "unsaved").await;
    tab.evaluate("fetch('/never'), 0").await;
    tab.close().await;
    let next = browser.open(&origin).await;
    next.reload().await;
    assert_eq!(
        next.evaluate("document.querySelector('input').value").await,
        ""
    );
}

async fn sizes_and_colours_are_set(browser: &Browser) {
    let tab = browser.open(&serve().await).await;
    tab.set_viewport(320, 500).await;
    assert_eq!(tab.evaluate("innerWidth").await, 320);
    for (scheme, is_dark) in [(ColorScheme::Dark, true), (ColorScheme::Light, false)] {
        tab.set_color_scheme(scheme).await;
        let condition = "matchMedia('(prefers-color-scheme: dark)').matches";
        tab.wait_for(&format!("{condition} === {is_dark}")).await;
    }
    let image = tab.screenshot().await.unwrap();
    assert_eq!(image[1..4], *b"PNG");
}

#[tokio::test]
async fn a_failure_keeps_the_page() {
    let failing = async |browser: &Browser| {
        let tab = browser.open(&serve().await).await;
        tab.evaluate("document.title = 'planted'").await;
        panic!("planted");
    };
    let name = "a_failure_keeps_the_page";
    let kind = BrowserKind::Chromium;
    let result = std::panic::AssertUnwindSafe(run(kind, name, failing)).catch_unwind();
    if let Err(panic) = result.await {
        assert_eq!(panic.downcast_ref(), Some(&"planted"));
        let kept = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
        let kept = kept.join(name).join("chromium");
        let html = std::fs::read_to_string(kept.join("tab-1.html")).unwrap();
        assert!(html.contains("<title>planted</title>"));
        for end in ["png", "txt"] {
            assert!(kept.join("tab-1").with_extension(end).is_file(), "{end}");
        }
    } else {
        assert!(Browser::start(kind).await.is_none(), "the failure is lost");
    }
}
