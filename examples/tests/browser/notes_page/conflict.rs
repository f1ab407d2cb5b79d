//! Two tabs that write the same note.

use serde_json::{Value, json};

use super::notes_service::NotesService;
use crate::driver::{Browser, BrowserRequest, ExpectedEntry, Tab, in_each_browser};

in_each_browser!(
    two_tabs_keep_both_changes,
    different_fields_need_no_choice,
    equal_changes_need_no_choice,
    a_merge_takes_no_other_text_for_its_own,
    a_deleted_note_can_be_saved,
    a_deletion_during_a_merge_is_no_kept_version,
    a_note_that_was_created_again_is_merged,
);

/// Two tabs change the text of the first note. The second save is refused, merged, and saved. Returns
/// the second tab.
pub(super) async fn merge_in_two_tabs(browser: &Browser, url: &str) -> std::sync::Arc<Tab> {
    let first = browser.open(url).await;
    first.append("Note 1", "apple").await;
    let second = browser.open(url).await;
    second.append("Note 1", "pear").await;
    first.click("button", "Save").await;
    first.wait_for_log("You saved version 2").await;
    second.click("button", "Save").await;
    second.wait_for_merge().await;
    second.wait_for_log("(412)").await;
    second.wait_for_state("Choose the text to keep").await;

    let shown = second.merge_fields().await;
    assert_eq!(shown.as_array().unwrap().len(), 1, "{shown}");
    let [field, base, mine, theirs, result, why] = [0, 1, 2, 3, 4, 5].map(|at| &shown[0][at]);
    assert_eq!(field, "Text");
    let base = base.as_str().unwrap();
    assert_eq!(mine, &json!(format!("{base} pear")));
    assert_eq!(theirs, &json!(format!("{base} apple")));
    assert_eq!(result, "", "nothing is chosen yet");
    let why = why.as_str().unwrap();
    assert!(why.starts_with("Both of you changed it."), "{why}");
    second.click("radio", "Both").await;
    second.click("button", "Save the merge").await;
    second
        .wait_for_log("You saved version 3 of “Note 1”. Nobody had saved since version 2.")
        .await;
    second
}

fn is_write(request: &BrowserRequest) -> bool {
    request.method == "PUT" && request.is_complete
}

async fn two_tabs_keep_both_changes(browser: &Browser) {
    let service = NotesService::start();
    let before = service.get("/notes/1").await["text"].clone();
    let second = merge_in_two_tabs(browser, &service.url()).await;

    let note = service.get("/notes/1").await;
    let before = before.as_str().unwrap();
    assert_eq!(note["text"], format!("{before} apple pear"));
    assert_eq!(note["version"], 3);
    assert_eq!(service.refused().await, 1.0);

    // The 412 had the note and its tag, so no read came between the two writes.
    let refused = second
        .wait_for_request(0, |request| request.status == Some(412))
        .await;
    let saved = second
        .wait_for_request(0, |request| {
            is_write(request) && request.status == Some(200)
        })
        .await;
    assert!(refused.header("If-Match").is_some());
    assert_eq!(saved.header("If-Match"), refused.response_header("ETag"));
    let methods: Vec<_> = second
        .requests()
        .into_iter()
        .filter(|request| request.path() == "/notes/1")
        .map(|request| (request.method, request.status.unwrap_or_default()))
        .collect();
    let put = methods
        .iter()
        .position(|(method, _)| method == "PUT")
        .unwrap();
    let expected = [("PUT".to_owned(), 412), ("PUT".to_owned(), 200)];
    assert_eq!(methods[put..], expected);
    browser.assert_quiet(&[ExpectedEntry::Status(412)]);
}

async fn different_fields_need_no_choice(browser: &Browser) {
    let service = NotesService::start();
    let tab = browser.open(&service.url()).await;
    tab.append("Note 2", "mine").await;
    let text = service.get("/notes/2").await["text"].clone();
    service
        .write(2, "Their title", text.as_str().unwrap())
        .await;
    tab.press("Control+Enter").await;
    tab.wait_for_merge().await;
    tab.wait_for_state("both changes fit").await;
    // Each side has changed one field, so both changes are chosen.
    let mine = format!("{} mine", text.as_str().unwrap());
    let expected = json!([
        [
            "Title",
            "Their title",
            "Only the other side changed it. Theirs is taken."
        ],
        ["Text", mine, "Only you changed it. Yours is taken."],
    ]);
    assert_eq!(results(&tab).await, expected);
    tab.click("button", "Save the merge").await;
    tab.wait_for_log("You saved version 3").await;
    let note = service.get("/notes/2").await;
    assert_eq!(note["title"], "Their title");
    assert_eq!(note["text"], mine);
    assert_eq!(service.refused().await, 1.0);
    browser.assert_quiet(&[ExpectedEntry::Status(412)]);
}

/// Returns the name, the result and its reason for each field of the merge.
async fn results(tab: &Tab) -> Value {
    let shown = tab.merge_fields().await;
    let shown = shown.as_array().unwrap().iter();
    shown
        .map(|field| json!([field[0], field[4], field[5]]))
        .collect()
}

async fn equal_changes_need_no_choice(browser: &Browser) {
    let service = NotesService::start();
    let tab = browser.open(&service.url()).await;
    tab.append("Note 2", "added").await;
    let text = service.get("/notes/2").await["text"].clone();
    let text = format!("{} added", text.as_str().unwrap());
    service.write(2, "Their title", &text).await;
    tab.press("Control+Enter").await;
    tab.wait_for_merge().await;
    let expected = json!([
        [
            "Title",
            "Their title",
            "Only the other side changed it. Theirs is taken."
        ],
        ["Text", text, "You both made the same change."],
    ]);
    assert_eq!(results(&tab).await, expected);
    tab.click("button", "Save the merge").await;
    tab.wait_for_log("You kept version 2").await;
    assert_eq!(service.get("/notes/2").await["version"], 2);
    browser.assert_quiet(&[ExpectedEntry::Status(412)]);
}

/// The text of the first save is refused, so somebody else has written the same text.
async fn a_merge_takes_no_other_text_for_its_own(browser: &Browser) {
    let service = NotesService::start();
    let before = service.get("/notes/1").await["text"].clone();
    let refused = format!("{} mine", before.as_str().unwrap());
    let tab = browser.open(&service.url()).await;
    tab.append("Note 1", "mine").await;
    service.write(1, "Note 1", "They wrote this.").await;
    tab.press("Control+Enter").await;
    tab.wait_for_merge().await;
    tab.fill("Result", "My own words").await;
    service.write(1, "Note 1", &refused).await;
    tab.click("button", "Save the merge").await;
    tab.wait_for_log("somebody saved version 3 after you opened version 2")
        .await;
    tab.wait_for_merge().await;
    let shown = tab.merge_fields().await;
    assert_eq!(shown[0][2], "My own words", "{shown}");
    assert_eq!(shown[0][3], refused, "{shown}");
    assert_eq!(service.get("/notes/1").await["text"], refused);
    browser.assert_quiet(&[ExpectedEntry::Status(412)]);
}

async fn a_deleted_note_can_be_saved(browser: &Browser) {
    let service = NotesService::start();
    let tab = browser.open(&service.url()).await;
    tab.append("Note 3", "kept").await;
    service.delete(3).await;
    tab.wait_for_log("Somebody deleted “Note 3”").await;
    tab.press("Control+Enter").await;
    tab.wait_for_log("You saved version 1").await;
    let note = service.get("/notes/3").await;
    assert!(note["text"].as_str().unwrap().ends_with(" kept"), "{note}");
    browser.assert_quiet(&[]);
}

async fn a_deletion_during_a_merge_is_no_kept_version(browser: &Browser) {
    let service = NotesService::start();
    let tab = browser.open(&service.url()).await;
    tab.append("Note 3", "mine").await;
    service.write(3, "Note 3", "They wrote this.").await;
    tab.press("Control+Enter").await;
    tab.wait_for_merge().await;
    service.delete(3).await;
    tab.wait_for_log("Somebody deleted “Note 3”").await;
    tab.click("radio", "Theirs").await;
    tab.click("button", "Save the merge").await;
    tab.wait_for_state("Somebody has deleted").await;
    // Nobody but this tab has the text.
    tab.wait_for_listed_version(3, "deleted, unsaved text")
        .await;
    tab.click("button", "Save").await;
    tab.wait_for_log("You saved version 1").await;
    assert_eq!(service.get("/notes/3").await["text"], "They wrote this.");
    browser.assert_quiet(&[ExpectedEntry::Status(412)]);
}

/// The version of the new note is lower than that of the draft. A hidden tab gets no events, and reads
/// the list later.
async fn a_note_that_was_created_again_is_merged(browser: &Browser) {
    let service = NotesService::start();
    for (id, is_hidden) in [(3, false), (4, true)] {
        let title = format!("Note {id}");
        service.write(id, &title, "Old").await;
        let tab = browser.open(&service.url()).await;
        tab.append(&title, "mine").await;
        service.delete(id).await;
        tab.wait_for_state("Somebody has deleted").await;
        tab.set_hidden(is_hidden).await;
        service.create(id, &title, "They wrote this.").await;
        tab.set_hidden(false).await;
        tab.wait_for_state("Somebody else has changed").await;
        tab.press("Control+Enter").await;
        tab.wait_for_merge().await;
        let shown = tab.merge_fields().await;
        let sides = ["Old", "Old mine", "They wrote this."];
        for (place, side) in (1..).zip(sides) {
            assert_eq!(shown[0][place], side, "{shown}");
        }
    }
    browser.assert_quiet(&[ExpectedEntry::Status(412)]);
}
