//! The best times of this run, and the reported differences.

use std::collections::HashMap;

use tower_conditional_bench::{
    case::{Case, Condition},
    contenders::{Contender, raw_hash},
};

#[derive(Default)]
pub struct Times(HashMap<Key, f64>);

type Key = (&'static str, &'static str, Condition);

fn key(contender: &'static str, case: &Case) -> Key {
    (contender, case.name, case.condition)
}

impl Times {
    pub fn keep(&mut self, bests: Vec<(&'static str, &Case, f64)>) {
        let bests = bests.into_iter();
        self.0
            .extend(bests.map(|(contender, case, time)| (key(contender, case), time)));
    }

    pub fn get(&self, contender: &'static str, case: &Case) -> Option<f64> {
        self.0.get(&key(contender, case)).copied()
    }

    pub fn over_bare(&self, contender: &Contender, case: &Case) -> Option<f64> {
        let bare = self.get(contender.bare, &case.bare())?;
        Some(self.get(contender.name, case)? - bare)
    }

    /// Returns the time of a contender beyond the service and the hash, or nothing if it does not
    /// hash.
    pub fn over_hash(&self, contender: &Contender, case: &Case) -> Option<f64> {
        let hash = contender.hash.filter(|_| case.sized)?;
        let raw = self.get(raw_hash::name(hash), &case.bare())?;
        let is_layer = contender.name != contender.bare;
        is_layer.then_some(self.over_bare(contender, case)? - raw)
    }
}
