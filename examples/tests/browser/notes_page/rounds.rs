//! Rounds in which three tabs write the same note, with a model of its words.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::notes_service::NotesService;
use crate::{
    driver::{Browser, ExpectedEntry, Tab, in_each_browser},
    seeded::{Draw, seeds},
};

in_each_browser!(three_tabs_lose_no_word);

const ROUNDS: u32 = 20;

/// In each round, all tabs open the note and add a word. Then they save in some order, and merge both
/// changes of each field. The seed is that of `PAGE_ROUNDS_SEED`, or 1.
///
/// A script uses the page here. Real input needs the tab in front, and would take a minute.
async fn three_tabs_lose_no_word(browser: &Browser) {
    for seed in seeds("PAGE_ROUNDS", 1) {
        eprintln!("seed {seed}");
        write_rounds(browser, Draw::new(seed)).await;
    }
}

/// Does one step of a tab, and returns the heading of its editor.
async fn take_step(tab: &Tab, step: Value) -> String {
    let script = include_str!("rounds.js");
    let heading = tab.evaluate(&format!("({script})({step})")).await;
    heading.as_str().unwrap().to_owned()
}

async fn write_rounds(browser: &Browser, mut draw: Draw) {
    let service = NotesService::start();
    let mut tabs = Vec::new();
    for _ in 0..3 {
        tabs.push(browser.open(&service.url()).await);
    }
    let mut words = BTreeSet::new();
    for round in 1..=ROUNDS {
        for (number, tab) in (1..).zip(&tabs) {
            let word = format!("word-{round}-{number}");
            // A word at the start or the end is often at the place of another one.
            let field = draw.pick(&["title", "text", "text", "text"]);
            let step = json!({ "word": word, "field": field, "isAtStart": draw.coin() });
            let heading = take_step(tab, step).await;
            assert!(heading.starts_with("Edit"), "{heading}");
            words.insert(word);
        }
        for left in (1..=3).rev() {
            let at = usize::try_from(draw.below(left)).unwrap();
            // The tab goes behind those that have not saved yet.
            let tab = tabs.remove(at);
            let heading = take_step(&tab, json!({ "isSave": true })).await;
            let is_refused = heading.starts_with("Two versions");
            assert_eq!(is_refused, left < 3, "{heading}");
            tabs.push(tab);
        }
        let note = service.get("/notes/1").await;
        let saved = format!("{} {}", note["title"], note["text"]);
        let saved: BTreeSet<_> = saved.split([' ', '"']).map(str::to_owned).collect();
        let lost: Vec<_> = words.difference(&saved).collect();
        assert!(lost.is_empty(), "lost in round {round}: {lost:?}\n{note}");
        assert_eq!(note["version"], 1 + 3 * round);
    }
    assert_eq!(service.refused().await, f64::from(2 * ROUNDS));
    browser.assert_quiet(&[ExpectedEntry::Status(412)]);
}
