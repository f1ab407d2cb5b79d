//! The logs of all tests of this program, searched for anything that a client has sent.

#[path = "../../../src/test_support/event_text.rs"]
mod event_text;

use std::{
    collections::BTreeSet,
    io::{self, Write},
    process,
    sync::{Mutex, Once},
};

use tracing::{Event, Metadata, Subscriber, span};

use event_text::event_text;

/// The paths, queries, tags, keys and credentials of all requests so far.
static SENT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Adds what a request names, and starts the search with the first request.
pub(super) fn add_sent(path: &str, fields: &[&str]) {
    static SEARCH: Once = Once::new();
    SEARCH.call_once(|| {
        tracing::subscriber::set_global_default(LogSearch).expect("no other subscriber");
    });
    let mut sent = SENT.lock().expect("nobody panicked");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let values = fields.iter().filter_map(|field| field.split_once(':'));
    let quoted = values.flat_map(|(_, value)| value.split('"').skip(1).step_by(2));
    let credentials = fields
        .iter()
        .filter_map(|field| field.strip_prefix("authorization: "));
    let words = [path, query].into_iter().chain(quoted).chain(credentials);
    // Shorter ones are parts of other words, and one tag is the name of requests without a route.
    let searched = words.filter(|word| word.len() > 4 && *word != "other");
    sent.extend(searched.map(str::to_owned));
}

/// A subscriber that ends the program if an event of the layers has a word of a request.
struct LogSearch;

impl Subscriber for LogSearch {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("tower_conditional")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let text = event_text(event);
        let sent = SENT.lock().expect("nobody panicked");
        if let Some(word) = sent.iter().find(|word| text.contains(*word)) {
            // The task that logs belongs to a server, whose panic no test would see.
            let message = format!("\nthe log has {word:?} of a request: {text}\n");
            let _ = io::stderr().write_all(message.as_bytes());
            process::exit(1);
        }
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
