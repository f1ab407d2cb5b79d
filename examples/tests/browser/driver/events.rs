//! The events of a browser, sorted by tab.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tokio::sync::Notify;

use super::{console::ConsoleEntry, network::BrowserRequest};

/// The events that the driver listens to.
pub(super) const EVENTS: [&str; 5] = [
    "log.entryAdded",
    "network.beforeRequestSent",
    "network.responseStarted",
    "network.responseCompleted",
    "network.fetchError",
];

/// The event of Chromium's own protocol, for lines that WebDriver BiDi does not report.
pub(super) const CHROMIUM_LOG: &str = "goog:cdp.Log.entryAdded";

/// Everything that a tab has reported.
#[derive(Debug, Default)]
pub(super) struct TabRecord {
    pub(super) console: Mutex<Vec<ConsoleEntry>>,
    pub(super) requests: Mutex<Vec<BrowserRequest>>,
    pub(super) changed: Notify,
}

/// The records of all tabs, by the name of a browsing context or of a session of Chromium's
/// protocol.
#[derive(Debug, Default)]
pub(super) struct EventRouter(Mutex<HashMap<String, Arc<TabRecord>>>);

impl EventRouter {
    /// Adds the events of this name to the record from now on.
    pub(super) fn register(&self, name: &str, record: &Arc<TabRecord>) {
        let mut records = self.0.lock().unwrap();
        records.insert(name.to_owned(), Arc::clone(record));
    }

    /// Forgets the names of a record.
    pub(super) fn forget(&self, record: &Arc<TabRecord>) {
        let mut records = self.0.lock().unwrap();
        records.retain(|_, kept| !Arc::ptr_eq(kept, record));
    }

    /// Adds an event to the record of its tab. The browser has tabs of its own, which have none.
    pub(super) fn add(&self, method: &str, parameters: &Value) {
        let names = [
            &parameters["context"],
            &parameters["source"]["context"],
            &parameters["session"],
        ];
        let name = names.into_iter().find_map(Value::as_str);
        let records = self.0.lock().unwrap();
        let Some(record) = name.and_then(|name| records.get(name)) else {
            return;
        };
        match method {
            "log.entryAdded" => {
                let entry = ConsoleEntry::of_bidi(parameters);
                record.console.lock().unwrap().push(entry);
            }
            CHROMIUM_LOG => {
                let entry = ConsoleEntry::of_chromium(&parameters["params"]["entry"]);
                record.console.lock().unwrap().push(entry);
            }
            _ => BrowserRequest::record(&record.requests, method, parameters),
        }
        record.changed.notify_waiters();
    }
}
