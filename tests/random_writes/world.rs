//! The state that the writers of one stack share.

use std::{
    collections::HashMap,
    ops::AddAssign,
    sync::{Arc, Mutex},
};

use http::HeaderMap;

use crate::{boxed::Service, model::SeenTag, plan::Plan, service::version, store::Store};

pub(crate) const PATHS: [&str; 2] = ["/notes/1", "/notes/2"];

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) store: Store,
    pub(crate) service: Mutex<Service>,
    /// The tags seen for each path, the oldest first.
    pub(crate) seen: Mutex<HashMap<&'static str, Vec<SeenTag>>>,
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

    /// Records the tag of a response, and checks that it stands for one version of one path (RFC
    /// 9110, section 8.8.1).
    pub(crate) fn note(&self, path: &'static str, headers: &HeaderMap, case: &str) {
        let (Some(tag), Some(version)) = (headers.get("etag"), version(headers)) else {
            return;
        };
        let tag = tag.to_str().expect("ASCII");
        let mut seen = self.seen.lock().expect("nobody panics under the lock");
        let mut is_new = true;
        for (other, tags) in seen.iter() {
            for same in tags.iter().filter(|seen| seen.tag == tag) {
                assert_eq!((*other, same.version), (path, version), "{case}: {tag}");
                is_new = false;
            }
        }
        if is_new {
            let tag = tag.to_owned();
            seen.entry(path).or_default().push(SeenTag { tag, version });
        }
    }
}
