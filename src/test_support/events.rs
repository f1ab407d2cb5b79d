//! A subscriber that keeps the text of events, and of fields that are recorded on spans.

use std::{
    mem,
    sync::{Arc, Mutex},
};

use tracing::{Event, Metadata, Subscriber, span};
use tracing_core::span::Current;

use super::event_text::{FieldText, event_text};

/// The texts of events and recorded fields. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct RecordedEvents {
    texts: Arc<Mutex<Vec<String>>>,
    /// The metadata of each span, whose id is its place.
    spans: Arc<Mutex<Vec<&'static Metadata<'static>>>>,
    entered: Arc<Mutex<Vec<span::Id>>>,
}

impl RecordedEvents {
    /// Takes the texts since the last call.
    pub(crate) fn take(&self) -> Vec<String> {
        mem::take(&mut self.texts.lock().unwrap())
    }

    fn push(&self, text: String) {
        self.texts.lock().unwrap().push(text);
    }
}

impl Subscriber for RecordedEvents {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut spans = self.spans.lock().unwrap();
        spans.push(attributes.metadata());
        span::Id::from_u64(spans.len() as u64)
    }

    fn current_span(&self) -> Current {
        let Some(id) = self.entered.lock().unwrap().last().cloned() else {
            return Current::none();
        };
        let metadata = self.spans.lock().unwrap()[id.into_u64() as usize - 1];
        Current::new(id, metadata)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        let mut text = "SPAN".to_owned();
        values.record(&mut FieldText(&mut text));
        self.push(text);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        // Other crates have logs of their own: axum logs rejections with their text, at `trace`.
        if !event.metadata().target().starts_with("tower_conditional") {
            return;
        }
        self.push(event_text(event));
    }

    fn enter(&self, id: &span::Id) {
        self.entered.lock().unwrap().push(id.clone());
    }

    fn exit(&self, _: &span::Id) {
        self.entered.lock().unwrap().pop();
    }
}
