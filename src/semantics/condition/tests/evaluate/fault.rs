//! The faults that the vectors must detect.

macro_rules! faults {
    ($($fault:ident),+ $(,)?) => {
        /// A fault of an evaluator, as real ones have had.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub(crate) enum Fault {
            $($fault),+
        }

        impl Fault {
            pub(crate) const ALL: &[Self] = &[$(Self::$fault),+];
        }
    };
}

faults! {
    StrongIfNoneMatch,
    WeakIfMatch,
    IgnoresCaseOfTags,
    TagsAsText,
    StarInListMatches,
    StarNeedsTag,
    StarIsMissing,
    FirstLineOnly,
    LastLineOnly,
    SplitsAtEveryComma,
    BackslashEscapes,
    UnquotedTagMatches,
    LowerCaseWeakMatches,
    JunkBehindTagMatches,
    JunkEndsList,
    MalformedIfMatchProceeds,
    MalformedIfNoneMatchProceeds,
    UnknownAdmitsMalformed,
    MalformedIfNoneMatchFailsReads,
    EmptyListIsMissing,
    NotModifiedForUnsafe,
    FailedForReads,
    QueryIsUnsafe,
    MethodIgnoresCase,
    ModifiedSinceBesideTags,
    ModifiedSinceForUnsafe,
    UnmodifiedSinceBesideIfMatch,
    IfNoneMatchFirst,
    NoIfMatchOnReads,
    IfRangeCounts,
    DatesMustBeEqual,
    EqualDateIsModified,
    DatesAsText,
    OnlyFixdate,
    FirstOfTwoDates,
    BadDateIsEpoch,
    OldDateIsBad,
    OldDatesAreEqual,
    ThisSecondIsUnmodified,
    CenturyIsFixed,
    FutureDateIsBad,
    NoModificationDateIsEpoch,
    AbsentIsPresent,
    UnknownIsAbsent,
    NoValidatorsIsAbsent,
    EvaluatesOnOptions,
}
