use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    finding::{Code, Finding},
    rules::RuleFinding,
};

/// The findings, each code once per target.
#[derive(Debug)]
pub(super) struct FindingLog {
    findings: Vec<Finding>,
    index: HashMap<(Code, Arc<str>), usize>,
    /// The numbers of all findings, and of all mistakes, that had no room.
    dropped: (u64, u64),
    pub(super) max_findings: usize,
    pub(super) allowed: HashSet<Code>,
}

impl FindingLog {
    pub(super) fn new() -> Self {
        Self {
            findings: Vec::new(),
            index: HashMap::new(),
            dropped: (0, 0),
            max_findings: 1_000,
            allowed: HashSet::new(),
        }
    }

    /// Adds the findings of a target, and returns the new ones.
    pub(super) fn add(&mut self, target: &Arc<str>, findings: Vec<RuleFinding>) -> Vec<Finding> {
        let mut new = Vec::new();
        let mut seen = HashSet::new();
        for RuleFinding { code, detail } in findings {
            // An exchange counts once, even if it differs from several others.
            if self.allowed.contains(&code) || !seen.insert(code) {
                continue;
            }
            let key = (code, Arc::clone(target));
            if let Some(at) = self.index.get(&key) {
                self.findings[*at].increment();
            } else if self.findings.len() < self.max_findings {
                let finding = Finding::new(code, Arc::clone(target), detail);
                self.index.insert(key, self.findings.len());
                self.findings.push(finding.clone());
                new.push(finding);
            } else {
                self.dropped.0 += 1;
                self.dropped.1 += u64::from(code.is_mistake());
            }
        }
        new
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.0
    }

    /// Returns all mistakes as text, with the number of those that had no room.
    pub(super) fn mistakes(&self) -> Option<String> {
        let mut lines: Vec<_> = self
            .findings
            .iter()
            .filter(|finding| finding.code().is_mistake())
            .map(Finding::to_string)
            .collect();
        if self.dropped.1 > 0 {
            lines.push(format!("and {} more", self.dropped.1));
        }
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    pub(super) fn clear(&mut self) {
        self.findings.clear();
        self.index.clear();
        self.dropped = (0, 0);
    }
}
