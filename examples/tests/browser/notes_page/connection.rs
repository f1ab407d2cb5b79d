//! Connections that break.

use serde_json::json;
use tower_conditional_testing::Fault;

use super::notes_service::NotesService;
use crate::driver::{Browser, ExpectedEntry, in_each_browser};

in_each_browser!(
    offline_and_back_loses_nothing,
    a_tab_closed_while_it_saves_leaves_old_or_new,
    a_lost_answer_is_recognized,
    an_order_is_executed_once,
);

async fn offline_and_back_loses_nothing(browser: &Browser) {
    let service = NotesService::start();
    let proxy = service.proxy();
    let url = format!("http://127.0.0.1:{}/", proxy.port());
    let tab = browser.open(&url).await;
    tab.append("Note 1", "before").await;
    proxy.refuse();
    let status = "document.querySelector('#connection').textContent";
    tab.wait_for(&format!("{status}.includes('do not arrive')"))
        .await;
    tab.type_text(" offline").await;
    tab.press("Control+Enter").await;
    tab.wait_for_log("was not saved: the service does not answer")
        .await;
    tab.type_text(" later").await;
    proxy.accept();
    // The browser connects again after some seconds.
    // Words that were written after the save wait for the next one.
    for (version, end) in [(2, " before offline"), (3, " before offline later")] {
        tab.wait_for_log(&format!("You saved version {version}"))
            .await;
        let note = service.get("/notes/1").await;
        let text = note["text"].as_str().unwrap();
        assert!(text.ends_with(end), "{text}");
        tab.press("Control+Enter").await;
    }
    assert_eq!(service.refused().await, 0.0);
    browser.assert_quiet(&[ExpectedEntry::BrokenConnection]);
}

/// Both browsers send a `PUT` again by themselves if the connection was in use before. So the first
/// response that the page gets to its own write may be a 412. Later, all connections break.
async fn a_lost_answer_is_recognized(browser: &Browser) {
    let service = NotesService::start();
    let proxy = service.proxy();
    let url = format!("http://127.0.0.1:{}/", proxy.port());
    let tab = browser.open(&url).await;
    let before = service.get("/notes/1").await["text"].clone();
    let before = before.as_str().unwrap();
    tab.append("Note 1", "first").await;
    proxy.once_at("PUT /notes/1", Fault::LoseReply);
    tab.press("Control+Enter").await;
    tab.wait_for_log("Version 2 of “Note 1” has your text already")
        .await;

    tab.append("Note 1", "second").await;
    proxy.hold_replies();
    tab.press("Control+Enter").await;
    let text = json!(format!("{before} first second"));
    service.wait_for_text(1, &text).await;
    proxy.refuse();
    proxy.release_replies();
    tab.wait_for_log("was not saved: the service does not answer")
        .await;
    proxy.accept();
    tab.press("Control+Enter").await;
    tab.wait_for_log("Version 3 of “Note 1” has your text already")
        .await;
    let note = service.get("/notes/1").await;
    assert_eq!((&note["version"], &note["text"]), (&json!(3), &text));
    let expected = [ExpectedEntry::BrokenConnection, ExpectedEntry::Status(412)];
    browser.assert_quiet(&expected);
}

/// The moment of a save at which the tab is closed.
#[derive(Clone, Copy, Debug)]
enum CloseAt {
    /// So many milliseconds after the start.
    Milliseconds(u32),
    /// The service got the head of the request alone, or nothing.
    RequestLost,
    /// The service has answered, and the tab did not get the response.
    ResponseHeld,
}

async fn a_tab_closed_while_it_saves_leaves_old_or_new(browser: &Browser) {
    use CloseAt::{Milliseconds, RequestLost, ResponseHeld};

    let service = NotesService::start();
    let proxy = service.proxy();
    let url = format!("http://127.0.0.1:{}/", proxy.port());
    let mut old = service.get("/notes/1").await["text"].clone();
    let moments = [
        Milliseconds(0),
        Milliseconds(2),
        Milliseconds(8),
        Milliseconds(30),
    ];
    let moments = moments.into_iter().chain([RequestLost, ResponseHeld]);
    for (round, moment) in moments.enumerate() {
        let tab = browser.open(&url).await;
        tab.edit("Note 1").await;
        // The text comes in several packets.
        let new = json!(format!("word-{round} ").repeat(6000));
        match moment {
            Milliseconds(_) => {}
            // A browser sends a request again if its connection breaks.
            RequestLost => {
                for _ in 0..3 {
                    proxy.once_at(&format!("word-{round} "), Fault::LoseRequest);
                }
            }
            ResponseHeld => proxy.hold_replies(),
        }
        tab.evaluate(&format!(
            "(document.execCommand('selectAll'), document.execCommand('insertText', false, {new}), \
             document.querySelector('#form').requestSubmit())"
        ))
        .await;
        match moment {
            Milliseconds(0) => {}
            Milliseconds(number) => {
                let pause = format!("new Promise(resume => setTimeout(resume, {number}))");
                tab.evaluate(&pause).await;
            }
            RequestLost => {
                tab.wait_for_log("the service does not answer").await;
                // The page would send it again after some seconds.
                proxy.refuse();
            }
            ResponseHeld => service.wait_for_text(1, &new).await,
        }
        tab.close().await;
        proxy.accept();
        proxy.release_replies();
        let text = service.get("/notes/1").await["text"].clone();
        let is_new = text == new;
        assert!(
            is_new || text == old,
            "{moment:?}: neither old nor new: {text}"
        );
        match moment {
            Milliseconds(_) => {}
            RequestLost => assert!(!is_new),
            ResponseHeld => assert!(is_new),
        }
        old = text;
    }
    browser.assert_quiet(&[ExpectedEntry::BrokenConnection]);
}

async fn an_order_is_executed_once(browser: &Browser) {
    let service = NotesService::start();
    let tab = browser.open(&service.url()).await;
    tab.wait_for_list().await;
    tab.click("button", "Break the connection").await;
    tab.wait_for_log("Executions: 1.").await;
    let orders = service.get("/orders").await;
    assert_eq!(orders.as_array().unwrap().len(), 1, "{orders}");
    let name = "http_conditional_idempotency_keys_total";
    let replayed = service.counter(name, "result=\"replayed\"").await;
    assert_eq!(replayed, 1.0);
    browser.assert_quiet(&[ExpectedEntry::BrokenConnection]);
}
