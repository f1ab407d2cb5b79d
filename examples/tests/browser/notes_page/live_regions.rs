//! The parts of the page that a screen reader reads when they change.

use super::notes_service::NotesService;
use crate::driver::{Browser, BrowserRequest, Tab, in_each_browser};

in_each_browser!(an_idle_page_says_nothing);

/// Counts the changes of live regions from now on.
const COUNT: &str = "(() => {
    globalThis.changesHeard = 0;
    const observer = new MutationObserver(records => globalThis.changesHeard += records.length);
    const regions = document.querySelectorAll('[aria-live], [role=status], [role=log], [role=alert]');
    for (const region of regions) {
        observer.observe(region, { attributes: true, characterData: true, childList: true, subtree: true });
    }
    return regions.length;
})()";

/// Waits until the page has read the counters of the service twice more, and shown them.
async fn wait_for_plots(tab: &Tab) {
    let is_read = |request: &BrowserRequest| request.path() == "/metrics" && request.is_complete;
    for _ in 0..2 {
        let skipped = tab.requests().len();
        tab.wait_for_request(skipped, is_read).await;
    }
    // The page handles a response in a task before that of this frame.
    tab.evaluate("new Promise(requestAnimationFrame).then(() => 0)")
        .await;
}

async fn an_idle_page_says_nothing(browser: &Browser) {
    let service = NotesService::start();
    let tab = browser.open(&service.url()).await;
    tab.wait_for_list().await;
    tab.wait_for_log("The list was read").await;
    wait_for_plots(&tab).await;
    assert_eq!(tab.evaluate(COUNT).await, 4);
    wait_for_plots(&tab).await;
    assert_eq!(tab.evaluate("changesHeard").await, 0);
    // The observers do hear.
    service.write(1, "Note 1", "They wrote this.").await;
    tab.wait_for_log("Somebody saved version 2").await;
    tab.wait_for("changesHeard > 0").await;
    browser.assert_quiet(&[]);
}
