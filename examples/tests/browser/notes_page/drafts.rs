//! Text that is not saved yet.

use serde_json::json;

use super::notes_service::NotesService;
use crate::driver::{Browser, ExpectedEntry, in_each_browser};

in_each_browser!(
    a_draft_outlives_a_reload,
    a_merge_outlives_a_reload,
    a_merge_of_undone_text_outlives_a_reload,
    words_stay_in_their_note_while_another_opens,
    a_deleted_note_with_unsaved_text_stays_in_the_list,
    two_quick_saves_make_two_versions,
    a_quick_save_creates_no_deleted_note,
    a_text_that_is_too_long_is_not_sent,
);

async fn a_draft_outlives_a_reload(browser: &Browser) {
    let service = NotesService::start();
    let before = service.get("/notes/1").await["text"].clone();
    let tab = browser.open(&service.url()).await;
    tab.append("Note 1", "unsaved").await;
    tab.reload().await;
    tab.wait_for_list().await;
    tab.wait_for_listed_version(1, "version 1, unsaved text")
        .await;
    tab.edit("Note 1").await;
    let text = json!(format!("{} unsaved", before.as_str().unwrap()));
    let field = "document.querySelector('#text').value";
    assert_eq!(tab.evaluate(field).await, text);
    tab.press("Control+Enter").await;
    tab.wait_for_log("You saved version 2").await;
    assert_eq!(service.get("/notes/1").await["text"], text);
    assert_eq!(tab.listed_version(1).await, "version 2");
    browser.assert_quiet(&[]);
}

async fn a_merge_outlives_a_reload(browser: &Browser) {
    let service = NotesService::start();
    let tab = browser.open(&service.url()).await;
    tab.append("Note 1", "mine").await;
    service.write(1, "Note 1", "They wrote this.").await;
    tab.press("Control+Enter").await;
    tab.wait_for_merge().await;
    tab.click("radio", "Theirs").await;
    let shown = tab.merge_fields().await;
    assert_eq!(shown[0][4], "They wrote this.", "{shown}");
    tab.reload().await;
    tab.wait_for_list().await;
    tab.wait_for_listed_version(1, "version 2, unsaved text")
        .await;
    tab.click("button", "Edit Note 1").await;
    tab.wait_for_merge().await;
    assert_eq!(tab.merge_fields().await, shown);
    let chosen = "document.querySelector('[value=theirs]').checked";
    assert_eq!(tab.evaluate(chosen).await, true);
    tab.click("radio", "Both").await;
    tab.click("button", "Save the merge").await;
    tab.wait_for_log("You saved version 3").await;
    let note = service.get("/notes/1").await;
    let saved = note["text"].as_str().unwrap();
    for words in ["They wrote this.", "mine"] {
        assert!(saved.contains(words), "{saved}");
    }
    // The second write named the version that the merge has seen.
    assert_eq!(service.refused().await, 1.0);
    browser.assert_quiet(&[ExpectedEntry::Status(412)]);
}

/// The user sets the text back while the save is under way, and writes another one in the merge.
async fn a_merge_of_undone_text_outlives_a_reload(browser: &Browser) {
    let service = NotesService::start();
    let proxy = service.proxy();
    service.write(1, "Note 1", "Old").await;
    let url = format!("http://127.0.0.1:{}/", proxy.port());
    let tab = browser.open(&url).await;
    tab.append("Note 1", "mine").await;
    service.write(1, "Note 1", "They wrote this.").await;
    proxy.hold_replies();
    tab.press("Control+Enter").await;
    tab.fill("Text", "Old").await;
    proxy.release_replies();
    tab.wait_for_merge().await;
    tab.fill("Result", "My own words").await;
    tab.reload().await;
    tab.wait_for_list().await;
    tab.wait_for_listed_version(1, "version 3, unsaved text")
        .await;
    tab.click("button", "Edit Note 1").await;
    tab.wait_for_merge().await;
    let shown = tab.merge_fields().await;
    assert_eq!(shown[0][4], "My own words", "{shown}");
    browser.assert_quiet(&[ExpectedEntry::Status(412)]);
}

async fn words_stay_in_their_note_while_another_opens(browser: &Browser) {
    let service = NotesService::start();
    let proxy = service.proxy();
    let texts = [
        service.get("/notes/1").await["text"].clone(),
        service.get("/notes/2").await["text"].clone(),
    ];
    let url = format!("http://127.0.0.1:{}/", proxy.port());
    let tab = browser.open(&url).await;
    tab.edit("Note 1").await;
    proxy.hold_replies();
    tab.click("button", "Edit Note 2").await;
    let other = tab
        .wait_for_request(0, |request| request.path() == "/notes/2")
        .await;
    assert_eq!(other.status, None);
    tab.click("textbox", "Text").await;
    tab.press("Control+End").await;
    tab.type_text(" here").await;
    let heading = "document.querySelector('#editor-heading').textContent";
    assert_eq!(tab.evaluate(heading).await, "Edit “Note 1”");
    proxy.release_replies();
    tab.wait_for(&format!("{heading} === 'Edit “Note 2”'"))
        .await;
    let field = "document.querySelector('#text').value";
    assert_eq!(tab.evaluate(field).await, texts[1]);
    assert_eq!(tab.listed_version(1).await, "version 1, unsaved text");
    assert_eq!(tab.listed_version(2).await, "version 1");
    tab.edit("Note 1").await;
    tab.press("Control+Enter").await;
    tab.wait_for_log("You saved version 2").await;
    let saved = format!("{} here", texts[0].as_str().unwrap());
    assert_eq!(service.get("/notes/1").await["text"], saved);
    assert_eq!(service.get("/notes/2").await["version"], 1);
    browser.assert_quiet(&[]);
}

async fn a_deleted_note_with_unsaved_text_stays_in_the_list(browser: &Browser) {
    let service = NotesService::start();
    let tab = browser.open(&service.url()).await;
    tab.append("Note 3", "kept").await;
    // The editor shows another note meanwhile.
    tab.edit("Note 4").await;
    service.delete(3).await;
    tab.wait_for_log("Somebody deleted “Note 3”").await;
    tab.wait_for_listed_version(3, "deleted, unsaved text")
        .await;
    // The list of the service does not have the note any more.
    tab.reload().await;
    tab.wait_for_listed_version(3, "deleted, unsaved text")
        .await;
    tab.edit("Note 3").await;
    let field = "document.querySelector('#text').value";
    assert!(
        tab.evaluate(field)
            .await
            .as_str()
            .unwrap()
            .ends_with(" kept")
    );
    tab.click("button", "Cancel").await;
    tab.wait_for("!document.querySelector('#notes [data-note=\"3\"]')")
        .await;
    browser.assert_quiet(&[]);
}

async fn two_quick_saves_make_two_versions(browser: &Browser) {
    let service = NotesService::start();
    let proxy = service.proxy();
    let before = service.get("/notes/1").await["text"].clone();
    let before = before.as_str().unwrap();
    let url = format!("http://127.0.0.1:{}/", proxy.port());
    let tab = browser.open(&url).await;
    tab.append("Note 1", "one").await;
    proxy.hold_replies();
    tab.press("Control+Enter").await;
    tab.type_text(" two").await;
    tab.press("Control+Enter").await;
    let first = json!(format!("{before} one"));
    service.wait_for_text(1, &first).await;
    proxy.release_replies();
    tab.wait_for_log("You saved version 2").await;
    tab.wait_for_log("You saved version 3").await;
    let note = service.get("/notes/1").await;
    assert_eq!(note["text"], format!("{before} one two"));
    assert_eq!(note["version"], 3);
    assert_eq!(service.refused().await, 0.0);
    browser.assert_quiet(&[]);
}

/// `If-None-Match: *` would create the note again, which nobody who presses Save twice has asked for.
async fn a_quick_save_creates_no_deleted_note(browser: &Browser) {
    let service = NotesService::start();
    let proxy = service.proxy();
    let url = format!("http://127.0.0.1:{}/", proxy.port());
    let tab = browser.open(&url).await;
    tab.append("Note 1", "one").await;
    proxy.hold_replies();
    service.delete(1).await;
    let skipped = tab.requests().len();
    tab.press("Control+Enter").await;
    tab.press("Control+Enter").await;
    proxy.release_replies();
    tab.wait_for_state("Somebody has deleted this note").await;
    tab.click("button", "Save").await;
    tab.wait_for_log("You saved version 1").await;
    let requests = tab.requests().split_off(skipped);
    let writes = requests.iter().filter(|request| request.method == "PUT");
    // One was refused, and one was asked for after that.
    assert_eq!(writes.count(), 2);
    browser.assert_quiet(&[ExpectedEntry::Status(412)]);
}

/// In the middle of such a request, the service ends the connection. No script would get its answer.
async fn a_text_that_is_too_long_is_not_sent(browser: &Browser) {
    let service = NotesService::start();
    let tab = browser.open(&service.url()).await;
    tab.edit("Note 1").await;
    let text = json!("word ".repeat(20_000));
    tab.evaluate(&format!(
        "(document.execCommand('insertText', false, {text}), \
         document.querySelector('#form').requestSubmit())"
    ))
    .await;
    tab.wait_for_log("was not saved: the note is longer than 64 KiB in JSON")
        .await;
    assert_eq!(tab.listed_version(1).await, "version 1, unsaved text");
    tab.click("button", "Cancel").await;
    // It was not sent, so it cannot be saved nevertheless.
    let log = "document.querySelector('[role=log]').lastChild.textContent";
    let discarded = "'Your text for “Note 1” was discarded.'";
    tab.wait_for(&format!("{log} === {discarded}")).await;
    browser.assert_quiet(&[]);
}
