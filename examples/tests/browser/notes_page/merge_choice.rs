//! The choice of a field's result in a merge.

use super::notes_service::NotesService;
use crate::driver::{Browser, ExpectedEntry, in_each_browser};

in_each_browser!(an_own_result_outlives_other_choices);

async fn an_own_result_outlives_other_choices(browser: &Browser) {
    let service = NotesService::start();
    let before = service.get("/notes/1").await["text"].clone();
    let mine = format!("{} mine", before.as_str().unwrap());
    let tab = browser.open(&service.url()).await;
    tab.append("Note 1", "mine").await;
    service.write(1, "Note 1", "They wrote this.").await;
    tab.press("Control+Enter").await;
    tab.wait_for_merge().await;
    // An own result starts as the chosen one.
    for choice in ["Theirs", "As I write it below"] {
        tab.click("radio", choice).await;
        assert_eq!(tab.merge_fields().await[0][4], "They wrote this.");
    }
    tab.click("radio", "Mine").await;
    tab.fill("Result", "My own words").await;
    let own = "document.querySelector('[value=own]').checked";
    assert_eq!(tab.evaluate(own).await, true);
    let kept = "Object.values(sessionStorage).join().includes('My own words')";
    assert_eq!(tab.evaluate(kept).await, true);
    for (choice, result) in [
        ("Mine", Some(mine.as_str())),
        ("Theirs", Some("They wrote this.")),
        ("Both", None),
        ("As I write it below", Some("My own words")),
    ] {
        tab.click("radio", choice).await;
        let shown = tab.merge_fields().await;
        let shown = shown[0][4].as_str().unwrap();
        match result {
            Some(result) => assert_eq!(shown, result, "{choice}"),
            // The order of the words is tested with the merge itself.
            None => assert!(
                shown.contains("mine") && shown.contains("They wrote"),
                "{shown}"
            ),
        }
    }
    tab.click("button", "Save the merge").await;
    tab.wait_for_log("You saved version 3").await;
    assert_eq!(service.get("/notes/1").await["text"], "My own words");
    browser.assert_quiet(&[ExpectedEntry::Status(412)]);
}
