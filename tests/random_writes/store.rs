//! A small versioned store that remembers every state.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

/// The state of one resource: its version, if it exists. No version is used twice.
pub(crate) type State = Option<i64>;

#[derive(Clone, Debug, Default)]
pub(crate) struct Store(Arc<Mutex<Rows>>);

#[derive(Debug, Default)]
pub(crate) struct Rows {
    last_version: i64,
    changes: u64,
    /// The states of a path, each with the number of the change that made it.
    histories: HashMap<String, Vec<(u64, State)>>,
    /// The states that each write replaced.
    performed: HashMap<u64, Vec<State>>,
}

impl Store {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().expect("nobody panics under the lock")
    }

    pub(crate) fn now(&self) -> u64 {
        self.lock().changes
    }

    /// Returns the states of a path since the change `start`.
    pub(crate) fn states_since(&self, path: &str, start: u64) -> Vec<State> {
        let rows = self.lock();
        let history = rows.histories.get(path).map_or(&[][..], Vec::as_slice);
        let before = history.iter().rev().find(|(at, _)| *at <= start);
        let first = before.and_then(|(_, state)| *state);
        let later = history.iter().filter(|(at, _)| *at > start);
        [first]
            .into_iter()
            .chain(later.map(|(_, state)| *state))
            .collect()
    }

    /// Returns the state that the write with this number replaced, if it was performed.
    pub(crate) fn performed(&self, write: u64) -> Option<State> {
        let rows = self.lock();
        let replaced = rows.performed.get(&write)?;
        assert_eq!(replaced.len(), 1, "write {write} was performed twice");
        Some(replaced[0])
    }
}

impl Rows {
    pub(crate) fn current(&self, path: &str) -> State {
        self.histories.get(path)?.last()?.1
    }

    pub(crate) fn put(&mut self, path: &str, write: u64) {
        self.last_version += 1;
        self.change(path, write, Some(self.last_version));
    }

    pub(crate) fn delete(&mut self, path: &str, write: u64) {
        self.change(path, write, None);
    }

    fn change(&mut self, path: &str, write: u64, state: State) {
        let replaced = self.current(path);
        self.performed.entry(write).or_default().push(replaced);
        self.changes += 1;
        let history = self.histories.entry(path.to_owned()).or_default();
        history.push((self.changes, state));
    }
}
