//! Counters by name, as an observer and as a model count them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use tower_conditional::{
    observe::{Event, Exchange, ExchangeResult, KeyEvent, Observer, SavedBytes},
    outcome::{TagOrigin, UntaggedReason},
};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts(pub(crate) BTreeMap<String, u64>);

impl Counts {
    pub(crate) fn add(&mut self, name: impl Into<String>, number: u64) {
        if number > 0 {
            *self.0.entry(name.into()).or_default() += number;
        }
    }

    pub(crate) fn request(&mut self, route: &str, method: &str, result: ExchangeResult) {
        self.add(format!("requests {route} {method} {}", result.as_str()), 1);
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (name, number) in other.0 {
            self.add(name, number);
        }
    }

    /// Returns the names with two numbers, where they differ.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let names = self.0.keys().chain(other.0.keys());
        let mut differences: Vec<_> = names
            .filter(|name| self.0.get(*name) != other.0.get(*name))
            .map(|name| format!("{name}: {:?}, {:?}", self.0.get(name), other.0.get(name)))
            .collect();
        differences.sort();
        differences.dedup();
        differences
    }
}

/// An observer that counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct CountingObserver(pub(crate) Arc<Mutex<Counts>>);

impl Observer for CountingObserver {
    fn exchange(&self, exchange: &Exchange<'_>) {
        let mut counts = self.0.lock().expect("nobody panicked");
        let route = exchange.route();
        counts.request(route, exchange.method().as_str(), exchange.result());
        counts.add(format!("sent {route}"), exchange.bytes_sent());
        match exchange.bytes_saved() {
            Some(SavedBytes::Known(bytes)) => counts.add(format!("saved {route} known"), bytes),
            Some(SavedBytes::Last(bytes)) => counts.add(format!("saved {route} last"), bytes),
            _ => {}
        }
        counts.add("runs", exchange.handler_runs().into());
        let is_saved = exchange.status().is_some() && !exchange.handler_ran();
        counts.add("runs saved", is_saved.into());
        match exchange.outcome().tag() {
            Some(TagOrigin::Hashed(bytes)) => counts.add("hashed", bytes),
            Some(TagOrigin::Untouched(UntaggedReason::UnknownLength)) => counts.add("streams", 1),
            _ => {}
        }
        let sources = exchange.sources();
        counts.add("source present", sources.present.into());
        counts.add("source unknown", sources.unknown.into());
        counts.add("unchecked", exchange.outcome().is_unchecked().into());
    }

    fn event(&self, event: &Event<'_>) {
        let mut counts = self.0.lock().expect("nobody panicked");
        match event {
            Event::Key(event) => counts.add(key_name(*event), 1),
            Event::LateHandlerRun => counts.add("runs", 1),
            Event::UncheckedWrite { .. } => counts.add("unchecked events", 1),
            _ => counts.add(format!("{event:?}"), 1),
        }
    }
}

pub(crate) fn key_name(event: KeyEvent) -> String {
    format!("key {event:?}")
}
