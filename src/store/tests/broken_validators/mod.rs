//! Stores of validators with the faults that such stores have had. Each keeps every rule but
//! one, and the suite must find that one.

mod state;
mod store;
mod targets;

pub(super) use store::BrokenCache;

use super::check_validators;

/// The one rule that a [`BrokenCache`] breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CacheFault {
    /// A fill needs no lease.
    BlindFill,
    /// The id of the reader alone tells whose lease it is.
    IdIsGrant,
    /// A lookup reads, and leases later.
    LookupThenLease,
    /// A lease has no end.
    EndlessLease,
    /// The time to live counts from the fill.
    LivesFromFill,
    /// A hit has no age.
    TellsNoAge,
    /// The entry goes once the write has ended.
    DeletesAfterCommit,
    /// The announcement of a write makes entries void, and nothing more.
    LeaseWithoutIntent,
    /// A write blocks leases, and makes no earlier one void.
    IntentWithoutStamp,
    /// An announcement has no end.
    EndlessIntent,
    /// One end is the end of all writes.
    EndsAll,
    /// An end is always acknowledged.
    TellsNoLoss,
    /// A write of one key is one of all keys.
    WritesAll,
    /// A write of a scope blocks its entries, and leaves them valid.
    ScopeWithoutStamp,
    /// A write of a scope makes its entries void, and blocks nothing.
    ScopeWithoutIntent,
    /// A write of a scope whose writer died is forgotten.
    ForgetsRunOut,
    /// Only the first scope of an entry counts.
    OneScope,
    /// Everything is no target.
    IgnoresAll,
    /// An invalidation does nothing.
    NoInvalidation,
    /// A lookup without a lease takes one.
    AsksAndLeases,
    /// A lookup without a lease frees a lease that ran out.
    AsksAndFrees,
    /// A lookup without a lease finds void entries.
    AsksTheSlot,
    /// An answer without waiting is one of the past.
    TriesTheSlot,
    /// An answer without waiting leases nothing.
    TriesToLease,
    /// A release does nothing.
    KeepsReleased,
    /// A release frees the lease of whoever has it.
    ReleasesAny,
    /// A release removes the entry that was filled.
    ReleasesEntry,
}

#[tokio::test]
async fn a_store_without_a_fault_keeps_the_rules() {
    let sound = |clock| BrokenCache::new(clock, None);
    check_validators(sound).await.expect("every rule");
}

/// Each fault is found by the rule that it breaks, so that each of these rules is shown to bite.
#[tokio::test]
async fn stores_with_known_faults_are_rejected() {
    use CacheFault as Fault;
    let faults = [
        (Fault::BlindFill, "a fill without the lease is refused"),
        (
            Fault::IdIsGrant,
            "a late duplicate of a lookup is no grant for an earlier read",
        ),
        (
            Fault::LookupThenLease,
            "of many lookups at a time one is leased",
        ),
        (
            Fault::EndlessLease,
            "a lease that ran out goes to the next reader",
        ),
        (Fault::LivesFromFill, "an entry lives from its lookup on"),
        (Fault::TellsNoAge, "a hit tells the age of its entry"),
        (
            Fault::DeletesAfterCommit,
            "an entry is void once a write is announced",
        ),
        (
            Fault::LeaseWithoutIntent,
            "nobody gets a lease while a write is announced",
        ),
        (
            Fault::IntentWithoutStamp,
            "a lease from before a write fills nothing",
        ),
        (Fault::EndlessIntent, "a write that never ends runs out"),
        (Fault::EndsAll, "each writer ends its own write"),
        (
            Fault::TellsNoLoss,
            "the end of a write that ran out is told",
        ),
        (Fault::WritesAll, "a write of one key leaves the others"),
        (
            Fault::ScopeWithoutStamp,
            "a write of a scope makes its entries void",
        ),
        (
            Fault::ScopeWithoutIntent,
            "a lease from during a write of the scope fills nothing",
        ),
        (
            Fault::ForgetsRunOut,
            "a lease from during a write of the scope fills nothing",
        ),
        (
            Fault::OneScope,
            "a lease from before a write of the scope fills nothing",
        ),
        (
            Fault::IgnoresAll,
            "an entry is void once a write is announced",
        ),
        (
            Fault::NoInvalidation,
            "an invalidation makes entries and leases void",
        ),
        (
            Fault::AsksAndLeases,
            "a lookup without a lease leases nothing",
        ),
        (
            Fault::AsksAndFrees,
            "a lookup without a lease takes none away",
        ),
        (
            Fault::AsksTheSlot,
            "an entry is void once a write is announced",
        ),
        (
            Fault::TriesTheSlot,
            "an entry is void once a write is announced",
        ),
        (
            Fault::TriesToLease,
            "an answer without waiting leases as `lookup` does",
        ),
        (
            Fault::KeepsReleased,
            "a released lease goes to the next reader at once",
        ),
        (
            Fault::ReleasesAny,
            "a late release frees nobody else's lease",
        ),
        (Fault::ReleasesEntry, "a late release leaves an entry"),
    ];
    for (fault, rule) in faults {
        let broken = |clock| BrokenCache::new(clock, Some(fault));
        let violation = check_validators(broken).await.expect_err("a fault");
        assert_eq!(violation.rule(), rule, "{fault:?}: {violation}");
    }
}
