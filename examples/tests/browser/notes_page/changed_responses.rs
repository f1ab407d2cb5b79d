//! Proxies that change responses in a way that HTTP does not allow.

use super::{
    changing_proxy::{ChangingProxy, ResponseChange},
    notes_service::NotesService,
};
use crate::driver::{Browser, BrowserRequest, in_each_browser};

in_each_browser!(
    a_missing_or_weak_tag_overwrites_nothing,
    a_page_in_place_of_an_answer_is_no_save,
);

fn requests_of_note(requests: Vec<BrowserRequest>) -> Vec<String> {
    let note = requests
        .into_iter()
        .filter(|request| request.path() == "/notes/1");
    note.map(|request| request.method).collect()
}

async fn a_missing_or_weak_tag_overwrites_nothing(browser: &Browser) {
    let service = NotesService::start();
    let (proxy, url) = ChangingProxy::start(&service).await;
    let tab = browser.open(&url).await;
    tab.wait_for_list().await;
    let mut version = 1;
    for (change, word) in [
        (ResponseChange::MissingTag, "missing"),
        (ResponseChange::WeakTag, "weak"),
    ] {
        let skipped = tab.requests().len();
        proxy.set(Some(change));
        tab.append("Note 1", word).await;
        tab.press("Control+Enter").await;
        tab.wait_for_state("tag is missing or weak").await;
        // One read has opened the note, and another one has asked for a better tag.
        let requests = tab.requests().split_off(skipped);
        assert_eq!(requests_of_note(requests), ["GET", "GET"], "{word}");
        assert_eq!(service.get("/notes/1").await["version"], version);

        proxy.set(None);
        tab.press("Control+Enter").await;
        version += 1;
        tab.wait_for_log(&format!("You saved version {version}"))
            .await;
        let note = service.get("/notes/1").await;
        let text = note["text"].as_str().unwrap();
        assert!(text.ends_with(word), "{text}");
    }
    assert_eq!(service.refused().await, 0.0);
    browser.assert_quiet(&[]);
}

/// The page sends the save again after some seconds.
async fn a_page_in_place_of_an_answer_is_no_save(browser: &Browser) {
    let service = NotesService::start();
    let (proxy, url) = ChangingProxy::start(&service).await;
    let tab = browser.open(&url).await;
    tab.shorten_pauses().await;
    tab.append("Note 1", "first").await;
    proxy.set(Some(ResponseChange::PageForWrites));
    tab.press("Control+Enter").await;
    tab.wait_for_log("was not saved: the service does not answer")
        .await;
    assert_eq!(tab.listed_version(1).await, "version 1, unsaved text");
    let answer = tab
        .wait_for_request(0, |request| request.method == "PUT" && request.is_complete)
        .await;
    assert_eq!(answer.status, Some(200));
    proxy.set(None);
    tab.wait_for_log("You saved version 2").await;
    let note = service.get("/notes/1").await;
    assert!(note["text"].as_str().unwrap().ends_with(" first"), "{note}");
    assert_eq!(note["version"], 2);
    tab.wait_for_listed_version(1, "version 2").await;
    assert_eq!(service.refused().await, 0.0);
    browser.assert_quiet(&[]);
}
