//! The closed sets of label values.

use crate::{
    observe::exchange::{ExchangeResult, KeyEvent, PurgeResult, SavedBytes, ValidatorEvent},
    outcome::{CacheLookup, ServedPart, UntaggedReason},
};

/// A type whose values are a closed set of label values.
pub(super) trait LabelSet {
    /// All values.
    const LABELS: &'static [&'static str];

    /// Returns the place of this value in the list.
    fn label_index(&self) -> usize;
}

/// Returns the place of a label in the list, when the crate is compiled.
const fn index_of(labels: &[&str], label: &str) -> usize {
    let mut index = 0;
    while !is_equal(labels[index].as_bytes(), label.as_bytes()) {
        index += 1;
    }
    index
}

const fn is_equal(one: &[u8], other: &[u8]) -> bool {
    let mut index = 0;
    while index < one.len() && index < other.len() && one[index] == other[index] {
        index += 1;
    }
    index == one.len() && index == other.len()
}

/// Makes the list and the match of one set, so that a new variant does not compile without a value.
macro_rules! label_set {
    ($type:ty { $($pattern:pat => $label:literal,)+ }) => {
        impl LabelSet for $type {
            const LABELS: &'static [&'static str] = &[$($label),+];

            fn label_index(&self) -> usize {
                match self { $($pattern => const { index_of(Self::LABELS, $label) }),+ }
            }
        }
    };
}

label_set!(UntaggedReason {
    Self::HandlerTag => "handler_tag",
    Self::SourceKnows => "source_knows",
    Self::Status => "status",
    Self::NoStore => "no_store",
    Self::Part => "part",
    Self::Live => "live",
    Self::UnknownLength => "unknown_length",
    Self::TooLong => "too_long",
    Self::TooManyFrames => "too_many_frames",
    Self::HeadWithoutContent => "head_without_content",
    Self::LengthMismatch => "length_mismatch",
    Self::BodyError => "body_error",
});

label_set!(KeyEvent {
    Self::Claimed => "claimed",
    Self::Replayed => "replayed",
    Self::InProgress => "in_progress",
    Self::Mismatch => "mismatch",
    Self::Recorded => "recorded",
    Self::Released => "released",
    Self::Sealed => "sealed",
    Self::Lost => "lost",
    Self::Unknown => "unknown",
    Self::StoreError => "store_error",
});

label_set!(ValidatorEvent {
    Self::Stored => "stored",
    Self::FillRefused => "fill_refused",
    Self::Unannounced => "unannounced",
    Self::IntentLost => "intent_lost",
    Self::Stale => "stale",
    Self::StoreError => "store_error",
});

label_set!(PurgeResult {
    Self::Done => "done",
    Self::Failed => "failed",
    Self::Dropped => "dropped",
});

label_set!(CacheLookup {
    Self::Hit { .. } => "hit",
    Self::Unmatched { .. } => "unmatched",
    Self::Stale => "stale",
    Self::Miss => "miss",
    Self::Busy => "busy",
    Self::Bypass => "bypass",
});

label_set!(SavedBytes {
    Self::Known(_) => "known",
    Self::Last(_) => "last",
});

impl LabelSet for ServedPart {
    const LABELS: &'static [&'static str] = &["unsatisfiable", "one", "several"];

    fn label_index(&self) -> usize {
        self.ranges().len().min(2)
    }
}

/// The answers of a source, in the order of [`SourceCalls`](super::super::SourceCalls).
pub(super) const ANSWERS: &[&str] = &["present", "absent", "unknown", "failed"];

/// The number of results.
pub(super) const RESULTS: usize = ExchangeResult::ALL.len();

/// Returns the place of a result in [`ExchangeResult::ALL`].
pub(super) fn result_index(result: ExchangeResult) -> usize {
    result as usize
}
