//! Rules for a `PUT` and the 200 after it (RFC 9110, section 9.3.4).

use http::{
    HeaderName, Method,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_RANGE},
};

use super::{AuditedExchange, Code, ObservedResponse, RuleFinding, exchange::tag_text};
use crate::semantics::{
    field::{content_length, lines},
    validator::{EntityTag, TagRef},
};

/// The strong tag of a successful `PUT`: the content was stored unchanged.
///
/// A later 200 with that tag must have the same content, whoever wrote in between.
#[derive(Debug)]
pub(crate) struct StoredContent {
    tag: EntityTag,
    length: u64,
}

impl StoredContent {
    /// Returns `None` if the response has no such tag, or if the content cannot be compared.
    /// That is so if its length is unknown, or if it is encoded or a part.
    pub(crate) fn of(exchange: &AuditedExchange<'_>) -> Option<Self> {
        let has = |name: HeaderName| lines::has(exchange.request, &name);
        if exchange.method != Method::PUT
            || !exchange.status.is_success()
            // The tag is that of the content of this response (section 8.7).
            || exchange.has(&CONTENT_LOCATION)
            || has(CONTENT_ENCODING)
            || has(CONTENT_RANGE)
        {
            return None;
        }
        let tag = exchange.tag().filter(|tag| !tag.is_weak())?;
        Some(Self {
            tag: tag.into(),
            length: lines::only(exchange.request, &CONTENT_LENGTH)
                .and_then(content_length::parse)?,
        })
    }

    /// Compares the length of the `PUT` with the content of a 200.
    pub(crate) fn check(&self, full: &ObservedResponse) -> Option<RuleFinding> {
        let has_stored_tag = |tag: TagRef<'_>| tag.strong_eq(self.tag.as_ref());
        let content = full.content.filter(|_| full.coding.is_none())?;
        let tag = full.tag().filter(|tag| has_stored_tag(*tag))?;
        let (tag, sent, stored) = (tag_text(tag), self.length, content.length);
        (sent != stored).then(|| {
            Code::TagOfOtherContent.finding(format!(
                "PUT sent {sent} bytes and was answered with {tag}, which has {stored} bytes"
            ))
        })
    }
}
