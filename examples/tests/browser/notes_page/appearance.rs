//! The look of the page: narrow, light and dark.

use super::notes_service::NotesService;
use crate::driver::{Browser, ColorScheme, ExpectedEntry, Tab, in_each_browser};

in_each_browser!(
    a_narrow_page_does_not_scroll_sideways,
    text_is_readable_in_light_and_dark,
);

/// Opens the page with a conflict, whose three versions need the most room.
async fn open_conflict(browser: &Browser, service: &NotesService) -> std::sync::Arc<Tab> {
    let tab = browser.open(&service.url()).await;
    tab.set_viewport(320, 640).await;
    tab.append("Note 1", &"averylongword".repeat(9)).await;
    service
        .write(1, "Another title", &"another".repeat(9))
        .await;
    tab.press("Control+Enter").await;
    tab.wait_for_merge().await;
    tab
}

async fn a_narrow_page_does_not_scroll_sideways(browser: &Browser) {
    let service = NotesService::start();
    let tab = open_conflict(browser, &service).await;
    tab.click("button", "Break the connection").await;
    tab.wait_for("document.querySelectorAll('#plots svg').length")
        .await;
    tab.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        .await;
    let narrow = "document.documentElement.scrollWidth <= 320 && innerWidth === 320";
    assert_eq!(tab.evaluate(narrow).await, true);
    let wide = "[...document.body.querySelectorAll('*')].filter(element => \
        element.checkVisibility() && element.getBoundingClientRect().right > 320.5)\
        .map(element => element.outerHTML)";
    assert_eq!(tab.evaluate(wide).await, serde_json::json!([]));
    let expected = [ExpectedEntry::BrokenConnection, ExpectedEntry::Status(412)];
    browser.assert_quiet(&expected);
}

/// WCAG 2.2, 1.4.3: text has a contrast of 4.5 or more.
async fn text_is_readable_in_light_and_dark(browser: &Browser) {
    let service = NotesService::start();
    let tab = open_conflict(browser, &service).await;
    for (scheme, is_dark) in [(ColorScheme::Light, false), (ColorScheme::Dark, true)] {
        tab.set_color_scheme(scheme).await;
        tab.wait_for(&format!(
            "matchMedia('(prefers-color-scheme: dark)').matches === {is_dark}"
        ))
        .await;
        let contrasts = tab.evaluate(include_str!("contrast.js")).await;
        let texts = contrasts.as_array().unwrap();
        assert!(texts.len() > 50, "{contrasts}");
        for text in texts {
            assert!(
                text["contrast"].as_f64().unwrap() >= 4.5,
                "{scheme:?}: {text}"
            );
            assert_eq!(text["isOnDark"], is_dark, "{scheme:?}: {text}");
        }
    }
    browser.assert_quiet(&[ExpectedEntry::Status(412)]);
}
