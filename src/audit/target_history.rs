use std::collections::VecDeque;

use bytes::Bytes;

use super::rules::{
    self, AuditedExchange, Confirmation, ObservedContent, ObservedResponse, PartialContent,
    PendingFinding, RuleFinding, StoredContent, SuspectWrite,
};

/// The maximum number of responses of one target that are compared. The same limit applies to
/// parts.
const MAX_RESPONSES: usize = 8;

/// The latest responses of one target.
#[derive(Debug, Default)]
pub(super) struct TargetHistory {
    /// The number of the last use.
    pub(super) used: u64,
    /// The 200s, the oldest first.
    responses: VecDeque<(u64, ObservedResponse)>,
    /// The findings that a later 200 confirms or refutes, the latest first.
    pending: VecDeque<(u64, PendingFinding)>,
    /// The 206s, the latest first.
    parts: VecDeque<PartialContent>,
    /// A write that the next 200 confirms or refutes.
    write: Option<SuspectWrite>,
    /// The latest `PUT` whose response shows that the content was stored unchanged.
    stored: Option<StoredContent>,
}

impl TargetHistory {
    /// Compares the head of a 200 with earlier ones, and keeps it.
    pub(super) fn add_full_response(
        &mut self,
        number: u64,
        response: ObservedResponse,
        findings: &mut Vec<RuleFinding>,
    ) {
        for (_, earlier) in &self.responses {
            rules::compare_heads(earlier, &response, findings);
        }
        if let Some(write) = self.write.take()
            && let Some((_, full)) = self.responses.iter().find(|(at, _)| *at == write.full)
        {
            findings.extend(write.confirm(full, &response));
        }
        self.remember(number, response);
    }

    /// Compares the content of a 200 whose body has ended.
    pub(super) fn finish_response(
        &mut self,
        number: u64,
        (content, first): (ObservedContent, Bytes),
        findings: &mut Vec<RuleFinding>,
    ) {
        let is_this = |(other, _): &(u64, ObservedResponse)| *other == number;
        let at = self.responses.iter().position(is_this);
        let Some((_, mut response)) = at.and_then(|at| self.responses.remove(at)) else {
            return;
        };
        response.set_content(content, first);
        let is_steady = self.is_steady(&response);
        for (_, earlier) in &self.responses {
            rules::compare_contents(earlier, &response, is_steady, findings);
        }
        for part in &self.parts {
            rules::compare_with_partial(&response, part, findings);
        }
        findings.extend(
            self.stored
                .as_ref()
                .and_then(|stored| stored.check(&response)),
        );
        self.confirm((number, &response), findings);
        response.forget_request();
        self.remember(number, response);
    }

    /// Returns `true` if a 200 has content whose hash starts with these 16 bytes.
    pub(super) fn has_content(&self, digest: &[u8]) -> bool {
        let mut contents = self.responses.iter().filter_map(|(_, full)| full.content);
        contents.any(|content| content.digest == *digest)
    }

    /// Keeps a `PUT` whose response shows that the content was stored unchanged.
    pub(super) fn set_stored(&mut self, stored: StoredContent) {
        self.stored = Some(stored);
    }

    /// Compares the content of a 206 whose body has ended.
    pub(super) fn finish_part(&mut self, part: PartialContent, findings: &mut Vec<RuleFinding>) {
        for (_, full) in &self.responses {
            rules::compare_with_partial(full, &part, findings);
        }
        for other in &self.parts {
            rules::compare_tagged_bytes(other.tagged_bytes(), part.tagged_bytes(), findings);
        }
        self.parts.truncate(MAX_RESPONSES - 1);
        self.parts.push_front(part);
    }

    /// Compares the response to a `HEAD`, or a 206, with earlier 200s.
    pub(super) fn check_head_and_partial(
        &mut self,
        (at, instance): (u64, &Bytes),
        exchange: &AuditedExchange<'_>,
        epoch: Option<u64>,
        findings: &mut Vec<RuleFinding>,
    ) {
        let pending =
            rules::check_head_and_partial(self.latest(instance), exchange, epoch, findings);
        self.add_pending(at, pending);
        self.compare_tag(instance, exchange);
    }

    /// Compares a 304 with earlier 200s.
    pub(super) fn check_not_modified(
        &mut self,
        (at, instance): (u64, &Bytes),
        exchange: &AuditedExchange<'_>,
        epoch: Option<u64>,
        findings: &mut Vec<RuleFinding>,
    ) {
        let pending = rules::check_not_modified(self.latest(instance), exchange, epoch, findings);
        self.add_pending(at, pending);
        self.compare_tag(instance, exchange);
    }

    /// Compares the response to a conditional request with the latest 200.
    ///
    /// Both are of the same `epoch`: there was no other write between them.
    pub(super) fn check_conditional(
        &mut self,
        instance: &Bytes,
        exchange: &AuditedExchange<'_>,
        epoch: u64,
        findings: &mut Vec<RuleFinding>,
    ) {
        let full = self
            .latest(instance)
            .find(|(_, full)| full.is_selected_by(exchange.request));
        let Some((number, full)) = full.filter(|(_, full)| full.is_current(epoch)) else {
            return;
        };
        rules::check_refusal(full, exchange, findings);
        let all = self.responses.iter().map(|(_, response)| response);
        self.write = rules::find_suspect_write((number, full), all, exchange, epoch);
    }

    /// Returns the 200s of an instance, the latest first.
    fn latest<'a>(
        &'a self,
        instance: &'a Bytes,
    ) -> impl Iterator<Item = (u64, &'a ObservedResponse)> + Clone {
        let latest = self.responses.iter().rev();
        latest
            .map(|(number, response)| (*number, response))
            .filter(move |(_, response)| response.instance == *instance)
    }

    /// Marks the 200s whose tag another response shows to be outdated.
    fn compare_tag(&mut self, instance: &Bytes, exchange: &AuditedExchange<'_>) {
        for (_, response) in &mut self.responses {
            if response.instance == *instance {
                response.compare_tag(exchange);
            }
        }
    }

    /// Compares a 304 or a refusal with the 200s that a script of the same origin may read.
    pub(super) fn check_origin(
        &self,
        exchange: &AuditedExchange<'_>,
        findings: &mut Vec<RuleFinding>,
    ) {
        let responses = self.responses.iter();
        let allowed = responses.map(|(_, response)| response.allowed_origin);
        rules::check_origin(allowed, exchange, findings);
    }

    /// Marks the 200s that a 404 or 410 shows to be removed. A write before it cannot be judged any
    /// more.
    pub(super) fn add_absence(&mut self, instance: &Bytes, exchange: &AuditedExchange<'_>) {
        for (_, response) in &mut self.responses {
            if response.instance == *instance {
                response.compare_absence(exchange.request);
            }
        }
        self.write = None;
    }

    fn add_pending(&mut self, at: u64, pending: Option<PendingFinding>) {
        if let Some(pending) = pending {
            self.pending.truncate(MAX_RESPONSES - 1);
            self.pending.push_front((at, pending));
        }
    }

    /// Returns `true` if no content changed without a write.
    fn is_steady(&self, latest: &ObservedResponse) -> bool {
        let mut seen = self.responses.iter().map(|(_, response)| response);
        while let Some(earlier) = seen.next() {
            let mut later = seen.clone().chain([latest]);
            if later.any(|later| rules::changed_without_write(earlier, later)) {
                return false;
            }
        }
        true
    }

    /// Confirms or refutes pending findings by the 200s before and after them.
    fn confirm(
        &mut self,
        (number, later): (u64, &ObservedResponse),
        findings: &mut Vec<RuleFinding>,
    ) {
        let responses = &self.responses;
        self.pending.retain(|(at, pending)| {
            // This 200 was requested before the response in question.
            if number < *at {
                return true;
            }
            let before = |(number, _): &&(u64, ObservedResponse)| *number == pending.full;
            let Some((_, full)) = responses.iter().find(before) else {
                // The 200 before is forgotten, so nothing can confirm the finding.
                return false;
            };
            let epoch = later.content.and_then(|content| content.epoch);
            if !full.is_of_epoch(epoch) {
                // Somebody wrote, so the state may have changed.
                return false;
            }
            match rules::confirm(pending, full, later) {
                Confirmation::Confirmed(what) => findings.push(what),
                Confirmation::Refuted => {}
                Confirmation::Undecided => return true,
            }
            false
        });
    }

    /// Keeps a response in place of its duplicates. If there is no room, it replaces one whose body
    /// has not ended, or else the oldest.
    fn remember(&mut self, number: u64, response: ObservedResponse) {
        self.responses
            .retain(|(_, other)| !response.is_duplicate_of(other));
        if self.responses.len() == MAX_RESPONSES {
            let unread = |(_, other): &(u64, ObservedResponse)| other.content.is_none();
            let at = self.responses.iter().position(unread).unwrap_or(0);
            self.responses.remove(at);
        }
        self.responses.push_back((number, response));
    }
}
