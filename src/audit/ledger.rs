use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    finding::{Code, Finding},
    rules::Found,
};

/// What was found, each code once per target.
#[derive(Debug)]
pub(super) struct Ledger {
    findings: Vec<Finding>,
    places: HashMap<(Code, Arc<str>), usize>,
    /// Of findings that had no place: in all, and mistakes.
    left_out: (u64, u64),
    pub(super) limit: usize,
    pub(super) allowed: HashSet<Code>,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self {
            findings: Vec::new(),
            places: HashMap::new(),
            left_out: (0, 0),
            limit: 1_000,
            allowed: HashSet::new(),
        }
    }

    /// Takes in what was found at a target; what is new comes back.
    pub(super) fn add(&mut self, target: &Arc<str>, found: Vec<Found>) -> Vec<Finding> {
        let mut new = Vec::new();
        let mut seen = HashSet::new();
        for Found { code, detail } in found {
            // An exchange counts once, however many others it does not fit.
            if self.allowed.contains(&code) || !seen.insert(code) {
                continue;
            }
            let place = (code, Arc::clone(target));
            if let Some(at) = self.places.get(&place) {
                self.findings[*at].again();
            } else if self.findings.len() < self.limit {
                let finding = Finding::new(code, Arc::clone(target), detail);
                self.places.insert(place, self.findings.len());
                self.findings.push(finding.clone());
                new.push(finding);
            } else {
                self.left_out.0 += 1;
                self.left_out.1 += u64::from(code.is_mistake());
            }
        }
        new
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    pub(super) fn left_out(&self) -> u64 {
        self.left_out.0
    }

    /// Every mistake as text, and how many more there were.
    pub(super) fn mistakes(&self) -> Option<String> {
        let mut lines: Vec<_> = self
            .findings
            .iter()
            .filter(|finding| finding.code().is_mistake())
            .map(Finding::to_string)
            .collect();
        if self.left_out.1 > 0 {
            lines.push(format!("and {} more", self.left_out.1));
        }
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    pub(super) fn clear(&mut self) {
        self.findings.clear();
        self.places.clear();
        self.left_out = (0, 0);
    }
}
