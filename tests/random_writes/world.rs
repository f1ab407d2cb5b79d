//! What the writers of one stack share, and what becomes of them.

use std::{
    collections::HashMap,
    ops::AddAssign,
    sync::{Arc, Mutex},
};

use http::HeaderMap;

use crate::{
    model::Known,
    plan::Plan,
    service::{Service, VERSION},
    store::Store,
};

pub(crate) const PATHS: [&str; 2] = ["/notes/1", "/notes/2"];

/// What all writers of one stack share.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) store: Store,
    pub(crate) service: Mutex<Service>,
    /// Of each path: the tags that were seen, the oldest first.
    pub(crate) seen: Mutex<HashMap<&'static str, Vec<Known>>>,
    pub(crate) counts: Mutex<Counts>,
}

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) conditional: u64,
    pub(crate) performed: u64,
    pub(crate) failed: u64,
    pub(crate) raced: u64,
    pub(crate) not_modified: u64,
    pub(crate) carried: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.conditional += other.conditional;
        self.performed += other.performed;
        self.failed += other.failed;
        self.raced += other.raced;
        self.not_modified += other.not_modified;
        self.carried += other.carried;
    }
}

impl Counts {
    pub(crate) fn are_all_at_least(&self, least: u64) -> bool {
        let writes = [self.conditional, self.performed, self.failed, self.raced];
        let others = [self.not_modified, self.carried];
        writes.iter().chain(&others).all(|count| *count >= least)
    }
}

impl World {
    pub(crate) fn new(plan: Plan, store: Store, service: Service) -> Arc<Self> {
        for path in PATHS {
            store.lock().put(path, 0);
        }
        Arc::new(Self {
            plan,
            store,
            service: Mutex::new(service),
            seen: Mutex::default(),
            counts: Mutex::default(),
        })
    }

    pub(crate) fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut self.counts.lock().expect("nobody panics under the lock"));
    }

    /// One tag stands for one version.
    pub(crate) fn note(&self, path: &'static str, headers: &HeaderMap, case: &str) {
        let text = |name| {
            headers
                .get(name)
                .map(|value| value.to_str().expect("ASCII"))
        };
        let (Some(tag), Some(version)) = (text("etag"), text(VERSION)) else {
            return;
        };
        let version = version.parse().expect("a number");
        let mut seen = self.seen.lock().expect("nobody panics under the lock");
        for (of, known) in seen
            .iter()
            .flat_map(|(of, known)| known.iter().map(move |k| (of, k)))
        {
            let same = known.tag == tag;
            assert!(
                !same || (known.version == version && *of == path),
                "{case}: {tag}"
            );
        }
        let known = seen.entry(path).or_default();
        if known.iter().all(|known| known.tag != tag) {
            known.push(Known {
                tag: tag.to_owned(),
                version,
            });
        }
    }
}
