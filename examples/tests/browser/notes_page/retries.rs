//! Saves without an answer, which the page sends again.

use serde_json::json;
use tower_conditional_testing::Fault;

use super::notes_service::NotesService;
use crate::driver::{Browser, ExpectedEntry, in_each_browser};

in_each_browser!(
    a_retry_creates_no_deleted_note,
    a_refused_retry_interrupts_no_writing,
    undone_text_is_saved_after_a_lost_answer,
    a_retry_saves_no_text_again,
);

/// `If-None-Match: *` would create the note again, and nobody has asked for that.
async fn a_retry_creates_no_deleted_note(browser: &Browser) {
    let service = NotesService::start();
    let proxy = service.proxy();
    let url = format!("http://127.0.0.1:{}/", proxy.port());
    let tab = browser.open(&url).await;
    tab.shorten_pauses().await;
    tab.append("Note 1", "word").await;
    for _ in 0..3 {
        proxy.once_at("PUT /notes/1", Fault::LoseRequest);
    }
    tab.press("Control+Enter").await;
    tab.wait_for_log("the service does not answer").await;
    service.delete(1).await;
    tab.wait_for_log("Somebody deleted “Note 1”").await;
    // The page would retry after five readings of the counters, and the first retry may be lost too.
    let polls = "performance.getEntriesByType('resource')\
        .filter(({ name }) => name.endsWith('/metrics')).length";
    let before = tab.evaluate(polls).await.as_u64().unwrap();
    tab.wait_for(&format!("{polls} >= {}", before + 12)).await;
    assert_eq!(service.get("/notes").await[0]["id"], 2);
    browser.assert_quiet(&[ExpectedEntry::BrokenConnection]);
}

/// The page does not see the events meanwhile, and the versions have started again.
async fn a_refused_retry_interrupts_no_writing(browser: &Browser) {
    let service = NotesService::start();
    let proxy = service.proxy();
    let before = service.get("/notes/1").await["text"].clone();
    let url = format!("http://127.0.0.1:{}/", proxy.port());
    let tab = browser.open(&url).await;
    tab.shorten_pauses().await;
    tab.append("Note 1", "one").await;
    proxy.refuse();
    tab.press("Control+Enter").await;
    tab.wait_for_log("the service does not answer").await;
    service.delete(1).await;
    service.create(1, "Note 1", "They wrote this.").await;
    proxy.accept();
    tab.wait_for_log("was refused (412)").await;
    tab.wait_for_state("Somebody else has changed").await;
    tab.type_text(" two").await;
    tab.press("Control+Enter").await;
    tab.wait_for_merge().await;
    let shown = tab.merge_fields().await;
    let mine = format!("{} one two", before.as_str().unwrap());
    assert_eq!(shown[0][2], mine, "{shown}");
    let expected = [ExpectedEntry::BrokenConnection, ExpectedEntry::Status(412)];
    browser.assert_quiet(&expected);
}

/// The service has the words, so the text without them is unsaved, though the tab began with it.
async fn undone_text_is_saved_after_a_lost_answer(browser: &Browser) {
    let service = NotesService::start();
    let proxy = service.proxy();
    service.write(1, "Note 1", "Old").await;
    let url = format!("http://127.0.0.1:{}/", proxy.port());
    let tab = browser.open(&url).await;
    tab.append("Note 1", "word").await;
    proxy.hold_replies();
    tab.press("Control+Enter").await;
    service.wait_for_text(1, &json!("Old word")).await;
    proxy.refuse();
    proxy.release_replies();
    tab.wait_for_log("the service does not answer").await;
    tab.fill("Text", "Old").await;
    proxy.accept();
    tab.reload().await;
    tab.wait_for_log("Version 3 of “Note 1” has your text already")
        .await;
    tab.wait_for_listed_version(1, "version 3, unsaved text")
        .await;
    tab.edit("Note 1").await;
    tab.press("Control+Enter").await;
    tab.wait_for_log("You saved version 4").await;
    assert_eq!(service.get("/notes/1").await["text"], "Old");
    let expected = [ExpectedEntry::BrokenConnection, ExpectedEntry::Status(412)];
    browser.assert_quiet(&expected);
}

/// The page is to send the save again while the user has done so already, and writes.
async fn a_retry_saves_no_text_again(browser: &Browser) {
    let service = NotesService::start();
    let proxy = service.proxy();
    service.write(1, "Note 1", "Old").await;
    let url = format!("http://127.0.0.1:{}/", proxy.port());
    let tab = browser.open(&url).await;
    tab.evaluate(
        "(() => { const original = setTimeout; globalThis.pauses = []; \
         globalThis.setTimeout = (run, time) => \
         time === 5000 ? pauses.push(run) : original(run, time); })()",
    )
    .await;
    tab.append("Note 1", "one").await;
    proxy.refuse();
    tab.press("Control+Enter").await;
    tab.wait_for_log("the service does not answer").await;
    proxy.hold_replies();
    proxy.accept();
    tab.press("Control+Enter").await;
    service.wait_for_text(1, &json!("Old one")).await;
    tab.evaluate("pauses.forEach(run => run())").await;
    tab.type_text(" two").await;
    proxy.release_replies();
    tab.wait_for_log("You saved version 3").await;
    tab.press("Control+Enter").await;
    tab.wait_for_listed_version(1, "version 4").await;
    let note = service.get("/notes/1").await;
    assert_eq!(
        (&note["version"], &note["text"]),
        (&json!(4), &json!("Old one two"))
    );
    browser.assert_quiet(&[ExpectedEntry::BrokenConnection]);
}
