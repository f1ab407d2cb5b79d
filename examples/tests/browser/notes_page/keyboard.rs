//! The page without a mouse.

use super::notes_service::NotesService;
use crate::driver::{Browser, ExpectedEntry, Tab, in_each_browser};

in_each_browser!(a_conflict_is_solved_by_keyboard_alone);

/// Presses a key until an element has the focus, which each element on the way shows.
async fn press_until(tab: &Tab, key: &str, selector: &str) {
    for _ in 0..30 {
        let is_there = format!("document.activeElement.matches({selector:?})");
        if tab.evaluate(&is_there).await == true {
            return;
        }
        tab.press(key).await;
        let focus = "(() => {
            const element = document.activeElement;
            const style = getComputedStyle(element);
            const isShown = element.matches(':focus-visible') && style.outlineStyle !== 'none'
                && parseFloat(style.outlineWidth) >= 2;
            return isShown ? '' : element.outerHTML;
        })()";
        assert_eq!(tab.evaluate(focus).await, "", "the focus is not visible");
    }
    panic!("{key} does not reach {selector}");
}

async fn a_conflict_is_solved_by_keyboard_alone(browser: &Browser) {
    let service = NotesService::start();
    let tab = browser.open(&service.url()).await;
    tab.wait_for_list().await;
    press_until(&tab, "Tab", "#notes button").await;
    tab.press("Enter").await;
    tab.wait_for("document.activeElement.id === 'text'").await;
    tab.press("Control+End").await;
    tab.type_text(" keys").await;
    let text = "They wrote this.";
    service.write(1, "Note 1", text).await;
    press_until(&tab, "Tab", "#form [type=submit]").await;
    tab.press("Enter").await;
    tab.wait_for_merge().await;
    press_until(&tab, "Tab", "[type=radio]").await;
    tab.press("Space").await;
    let both = "document.querySelector('[value=both]')";
    for _ in 0..3 {
        if tab.evaluate(&format!("{both}.checked")).await == true {
            break;
        }
        tab.press("ArrowDown").await;
    }
    press_until(&tab, "Tab", "#merge textarea").await;
    tab.press("Control+End").await;
    tab.type_text(" Checked.").await;
    press_until(&tab, "Tab", "#merge [type=submit]").await;
    tab.press("Enter").await;
    tab.wait_for_log("You saved version 3").await;
    // The focus is where it began, and the next note is near.
    tab.wait_for("document.activeElement.matches('#notes button')")
        .await;
    let note = service.get("/notes/1").await;
    let saved = note["text"].as_str().unwrap();
    for words in [text, "keys", " Checked."] {
        assert!(saved.contains(words), "{saved}");
    }
    browser.assert_quiet(&[ExpectedEntry::Status(412)]);
}
