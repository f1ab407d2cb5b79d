use std::{collections::HashSet, sync::OnceLock};

use http::{HeaderMap, HeaderName, HeaderValue, header::VARY};

use crate::semantics::field::{lines, vary};

/// The request headers that the conditions of rules read, each once.
///
/// They are one list for all policies. In the list of each policy, a layer of many rules would
/// take cubic time to build.
#[derive(Debug, Clone, Default)]
pub(super) struct ConditionHeaders {
    names: Vec<HeaderName>,
    known: HashSet<HeaderName>,
    /// The value of `Vary` with these names alone, made for the first response.
    line: OnceLock<HeaderValue>,
}

impl ConditionHeaders {
    pub(super) fn extend(&mut self, names: Vec<HeaderName>) {
        for name in names {
            // `HeaderName` accepts `*` as a name, which would mean any header.
            if name.as_str() != "*" && self.known.insert(name.clone()) {
                self.names.push(name);
                self.line = OnceLock::new();
            }
        }
    }

    /// Adds the names to `Vary`.
    #[inline]
    pub(super) fn add_to_vary(&self, headers: &mut HeaderMap) {
        if !self.names.is_empty() {
            self.merge(headers);
        }
    }

    fn merge(&self, headers: &mut HeaderMap) {
        if lines::has(headers, &VARY) {
            vary::merge(headers, self.names.iter().cloned());
        } else {
            let line = self.line.get_or_init(|| vary::to_value(&self.names));
            headers.insert(VARY, line.clone());
        }
    }
}
