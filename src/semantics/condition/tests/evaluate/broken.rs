//! A second evaluator, which can have one [`Fault`].

use super::{Case, fault::Fault};
use crate::semantics::{
    condition::{Condition, Current, Decision},
    field::{HttpDate, list::members},
    validator::{TagMember, TagRef, Validators, entity_tags},
};
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Evaluates a case with a fault, or correctly without one.
pub(super) fn evaluate(fault: Option<Fault>, case: &Case) -> Decision {
    Evaluator { fault, case }.decide()
}

struct Evaluator<'a> {
    fault: Option<Fault>,
    case: &'a Case,
}

/// An entity tag: `true` if it is weak, and its opaque text.
type Tag = (bool, Vec<u8>);

impl Evaluator<'_> {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn decide(&self) -> Decision {
        let method = self.case.method.as_str();
        let selects_none = ["CONNECT", "OPTIONS", "TRACE"].contains(&method);
        if selects_none && !self.has(Fault::EvaluatesOnOptions) {
            return Decision::Proceed;
        }
        let no_validators = Validators::new();
        let selected = match &self.case.current {
            Current::Unknown if self.has(Fault::UnknownIsAbsent) => None,
            Current::Unknown if self.has(Fault::UnknownAdmitsMalformed) => {
                return Decision::Proceed;
            }
            Current::Unknown => return self.malformed().unwrap_or(Decision::Proceed),
            Current::Absent if self.has(Fault::AbsentIsPresent) => Some(&no_validators),
            Current::Absent => None,
            Current::Present(validators) => Some(validators).filter(|validators| {
                validators.etag.is_some()
                    || validators.last_modified.is_some()
                    || !self.has(Fault::NoValidatorsIsAbsent)
            }),
        };
        let reads = match method {
            "GET" | "HEAD" => true,
            "QUERY" => !self.has(Fault::QueryIsUnsafe),
            "get" => self.has(Fault::MethodIgnoresCase),
            _ => false,
        };
        if self.has(Fault::IfNoneMatchFirst) {
            return self
                .if_none_match(reads, selected)
                .unwrap_or_else(|| self.if_match(reads, selected).unwrap_or(Decision::Proceed));
        }
        self.if_match(reads, selected)
            .or_else(|| self.if_none_match(reads, selected))
            .unwrap_or(Decision::Proceed)
    }

    /// Returns a failure for a malformed `If-Match` or `If-None-Match` of a write.
    fn malformed(&self) -> Option<Decision> {
        [
            (header::IF_MATCH, Condition::IfMatch),
            (header::IF_NONE_MATCH, Condition::IfNoneMatch),
        ]
        .into_iter()
        .find_map(|(name, condition)| {
            let fails = self.writes() && self.is_malformed(&self.lines(name));
            fails.then_some(Decision::Failed(condition))
        })
    }

    fn writes(&self) -> bool {
        let safe = ["GET", "HEAD", "QUERY", "PROPFIND", "REPORT", "SEARCH"];
        let method = self.case.method.as_str();
        !safe.contains(&method) || self.has(Fault::MalformedIfNoneMatchFailsReads)
    }

    fn is_malformed(&self, lines: &[&HeaderValue]) -> bool {
        !lines.is_empty() && !is_star(lines) && self.tags(lines).is_empty()
    }

    /// Evaluates `If-Match` and `If-Unmodified-Since` (RFC 9110, section 13.2.2, steps 1 and 2).
    fn if_match(&self, reads: bool, selected: Option<&Validators>) -> Option<Decision> {
        if reads && self.has(Fault::NoIfMatchOnReads) {
            return None;
        }
        let mut lines = self.lines(header::IF_MATCH);
        if self.has(Fault::IfRangeCounts) {
            lines.extend(self.lines(header::IF_RANGE));
        }
        let lenient = self.has(Fault::MalformedIfMatchProceeds) && self.is_malformed(&lines);
        if !lines.is_empty() && !lenient {
            let strong = !self.has(Fault::WeakIfMatch);
            if !self.matches_any(&lines, selected, strong) {
                return Some(Decision::Failed(Condition::IfMatch));
            }
            if !self.has(Fault::UnmodifiedSinceBesideIfMatch) {
                return None;
            }
        }
        (self.modified_since(header::IF_UNMODIFIED_SINCE, selected) == Some(true)
            || self.is_modified_this_second(selected))
        .then_some(Decision::Failed(Condition::IfUnmodifiedSince))
    }

    /// Evaluates `If-None-Match` and `If-Modified-Since` (section 13.2.2, steps 3 and 4).
    fn if_none_match(&self, reads: bool, selected: Option<&Validators>) -> Option<Decision> {
        let lines = self.lines(header::IF_NONE_MATCH);
        if !lines.is_empty() {
            let strong = self.has(Fault::StrongIfNoneMatch);
            if self.writes()
                && self.is_malformed(&lines)
                && !self.has(Fault::MalformedIfNoneMatchProceeds)
            {
                return Some(Decision::Failed(Condition::IfNoneMatch));
            }
            if self.matches_any(&lines, selected, strong) {
                let not_modified = (reads && !self.has(Fault::FailedForReads))
                    || self.has(Fault::NotModifiedForUnsafe);
                return Some(if not_modified {
                    Decision::NotModified
                } else {
                    Decision::Failed(Condition::IfNoneMatch)
                });
            }
            if !self.has(Fault::ModifiedSinceBesideTags) {
                return None;
            }
        }
        if !reads && !self.has(Fault::ModifiedSinceForUnsafe) {
            return None;
        }
        (self.modified_since(header::IF_MODIFIED_SINCE, selected) == Some(false))
            .then_some(Decision::NotModified)
    }

    fn lines(&self, name: HeaderName) -> Vec<&HeaderValue> {
        let headers: &HeaderMap = &self.case.headers;
        let mut lines: Vec<_> = headers.get_all(name).iter().collect();
        if self.has(Fault::FirstLineOnly) {
            lines.truncate(1);
        }
        if self.has(Fault::LastLineOnly) {
            lines.drain(..lines.len().saturating_sub(1));
        }
        if self.has(Fault::EmptyListIsMissing) {
            lines.retain(|line| !line.is_empty());
        }
        if self.has(Fault::StarIsMissing) {
            lines.retain(|line| line.as_bytes() != b"*");
        }
        lines
    }

    /// Returns `true` if any tag in the lines matches, or `*`.
    fn matches_any(
        &self,
        lines: &[&HeaderValue],
        selected: Option<&Validators>,
        strong: bool,
    ) -> bool {
        let Some(validators) = selected else {
            return false;
        };
        let mut star = is_star(lines);
        if self.has(Fault::StarInListMatches) {
            star |= members(lines.iter().copied()).any(|member| member == b"*");
        }
        if self.has(Fault::StarNeedsTag) {
            star &= validators.etag.is_some();
        }
        let Some(etag) = &validators.etag else {
            return star;
        };
        star || self.tags(lines).into_iter().any(|(weak, opaque)| {
            let same = if self.has(Fault::IgnoresCaseOfTags) {
                opaque.eq_ignore_ascii_case(etag.opaque())
            } else if self.has(Fault::TagsAsText) {
                String::from_utf8_lossy(&opaque) == String::from_utf8_lossy(etag.opaque())
            } else {
                opaque == etag.opaque()
            };
            same && !(strong && (weak || etag.is_weak()))
        })
    }

    /// Returns the well-formed tags of the lines.
    fn tags(&self, lines: &[&HeaderValue]) -> Vec<Tag> {
        let lines = lines.iter().copied();
        let well_formed = |member| TagRef::parse(member).map(owned);
        match self.fault {
            Some(Fault::SplitsAtEveryComma) => lines
                .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
                .filter_map(|member| well_formed(member.trim_ascii()))
                .collect(),
            Some(Fault::BackslashEscapes) => members(lines).filter_map(well_formed).collect(),
            Some(Fault::JunkEndsList) => entity_tags(lines)
                .map_while(|member| match member {
                    TagMember::Tag(tag) => Some(owned(tag)),
                    TagMember::Malformed(_) => None,
                })
                .collect(),
            _ => entity_tags(lines)
                .filter_map(|member| match member {
                    TagMember::Tag(tag) => Some(owned(tag)),
                    TagMember::Malformed(junk) => self.repair(junk),
                })
                .collect(),
        }
    }

    /// Returns a tag for a malformed member, if the fault accepts it.
    fn repair(&self, junk: &[u8]) -> Option<Tag> {
        match self.fault? {
            Fault::UnquotedTagMatches => Some((false, junk.to_vec())),
            Fault::LowerCaseWeakMatches => {
                let tag = TagRef::parse(junk.strip_prefix(b"w/")?)?;
                Some((true, tag.opaque().to_vec()))
            }
            Fault::JunkBehindTagMatches => {
                let end = junk.iter().rposition(|byte| *byte == b'"')?;
                TagRef::parse(&junk[..=end]).map(owned)
            }
            _ => None,
        }
    }

    /// Returns `true` if the resource was modified after the date, or `None` if that is unknown.
    fn modified_since(&self, name: HeaderName, selected: Option<&Validators>) -> Option<bool> {
        let lines = self.lines(name);
        let line = match *lines {
            [line] => line,
            [line, _, ..] if self.has(Fault::FirstOfTwoDates) => line,
            _ => return None,
        };
        let modified = selected?.last_modified;
        let modified = if self.has(Fault::NoModificationDateIsEpoch) {
            modified.unwrap_or(HttpDate::EPOCH)
        } else {
            modified?
        };
        if self.has(Fault::DatesAsText) {
            return Some(line.as_bytes() != modified.to_string().as_bytes());
        }
        let date = self.date(line.as_bytes())?;
        if self.has(Fault::OldDatesAreEqual) {
            let of_1970_or_before = |date: HttpDate| date.max(HttpDate::from_unix_seconds(-1));
            return Some(of_1970_or_before(modified) > of_1970_or_before(date));
        }
        Some(match self.fault {
            Some(Fault::DatesMustBeEqual) => modified != date,
            Some(Fault::EqualDateIsModified) => modified >= date,
            _ => modified > date,
        })
    }

    /// Returns `true` if the resource was modified at the date of `If-Unmodified-Since`, in the
    /// current second (section 8.8.2.2).
    fn is_modified_this_second(&self, selected: Option<&Validators>) -> bool {
        let [line] = *self.lines(header::IF_UNMODIFIED_SINCE) else {
            return false;
        };
        let modified = selected.and_then(|validators| validators.last_modified);
        modified.is_some_and(|modified| {
            modified >= self.case.now
                && self.date(line.as_bytes()) == Some(modified)
                && !self.has(Fault::ThisSecondIsUnmodified)
        })
    }

    fn date(&self, text: &[u8]) -> Option<HttpDate> {
        let now = match self.fault {
            Some(Fault::CenturyIsFixed) => HttpDate::EPOCH,
            _ => self.case.now,
        };
        let date = HttpDate::parse(text, now);
        match self.fault {
            Some(Fault::BadDateIsEpoch) => date.or(Some(HttpDate::EPOCH)),
            Some(Fault::OldDateIsBad) => date.filter(|date| *date > HttpDate::EPOCH),
            Some(Fault::FutureDateIsBad) => date.filter(|date| *date <= now),
            Some(Fault::OnlyFixdate) => date.filter(|date| date.to_string().as_bytes() == text),
            _ => date,
        }
    }
}

fn owned(tag: TagRef<'_>) -> Tag {
    (tag.is_weak(), tag.opaque().to_vec())
}

fn is_star(lines: &[&HeaderValue]) -> bool {
    matches!(lines, [line] if line.as_bytes().trim_ascii() == b"*")
}
