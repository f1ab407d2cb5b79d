//! `PUT` with the 200 after it (RFC 9110, section 9.3.4).

use http::{
    HeaderName, Method,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_RANGE},
};

use super::{Code, Exchange, Found, Sighting, exchange::tag_text};
use crate::semantics::{
    field::{content_length, lines},
    validator::{EntityTag, TagRef},
};

/// The strong tag of a successful `PUT`, which says that the content was stored
/// as it came. A later 200 with that tag has the same content, or the tag was
/// wrong, whoever wrote in between.
#[derive(Debug)]
pub(crate) struct StoredContent {
    tag: EntityTag,
    length: u64,
}

impl StoredContent {
    /// `None` where the answer says no such thing, or where the content that was
    /// sent is not compared: its length is not known, it was coded, or a part.
    pub(crate) fn of(exchange: &Exchange<'_>) -> Option<Self> {
        let has = |name: HeaderName| lines::has(exchange.request, &name);
        if exchange.method != Method::PUT
            || !exchange.status.is_success()
            // The content of the answer is the representation (section 8.7).
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

    /// Holds what was sent against the content of a 200, which has ended.
    pub(crate) fn judge(&self, full: &Sighting) -> Option<Found> {
        let is_its = |tag: TagRef<'_>| tag.strong_eq(self.tag.as_ref());
        let content = full.content.filter(|_| full.coding.is_none())?;
        let tag = full.tag().filter(|tag| is_its(*tag))?;
        let (tag, sent, stored) = (tag_text(tag), self.length, content.length);
        (sent != stored).then(|| {
            Code::TagOfOtherContent.because(format!(
                "PUT sent {sent} bytes and was answered with {tag}, which has {stored} bytes"
            ))
        })
    }
}
