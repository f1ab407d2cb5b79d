//! Stores with the faults that such stores have had. Each keeps every rule but one, and the
//! suite must find that one.

mod entry;
mod steps;
mod store;

use store::BrokenStore;

use super::{check, check_self_freeing};

/// The one rule that a [`BrokenStore`] breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum StoreFault {
    /// The content is compared with nothing.
    NoFingerprint,
    /// A claim reads, and writes later.
    GetThenSet,
    /// A claim of a released key reads, and writes later.
    GetThenReuse,
    /// A claim that loses a race is answered from a record that has expired.
    StaleAnswer,
    /// The record of an attempt goes with its lease.
    LeaseIsAbsence,
    /// A lease that ran out is taken over by anyone.
    SilentTakeover,
    /// A claim that is repeated after its lease is told that its own outcome is unknown.
    LosesOwnClaim,
    /// A claim that is repeated after its lease gets its old fence.
    RepeatsFence,
    /// The fence alone tells who holds the key.
    NoOwnerCheck,
    /// The owner alone tells who holds the key.
    NoFenceCheck,
    /// A renewal is acknowledged and does nothing.
    NoRenewal,
    /// A renewal adds to the lease, and does not count from now.
    RenewalAddsUp,
    /// A renewal extends the lease, and not the record that has it.
    RenewalKeepsExpiry,
    /// A lease that ran out is renewed if nobody took over.
    RenewsLostLease,
    /// A completion overwrites a completed record.
    BlindComplete,
    /// A completion that is repeated is lost.
    CompletesOnce,
    /// An operator's decision does not wait for the end of the lease.
    ResolvesLiveAttempt,
    /// An operator's decision counts for an attempt that the operator has not seen.
    ResolvesAnyFence,
    /// An operator's decision that is repeated is lost.
    ResolvesOnce,
    /// An operator's second decision is acknowledged, and does nothing.
    ResolvesBlindly,
    /// A release deletes the row, so that the fence starts again.
    ReleaseDeletes,
    /// A release that is delivered late frees the key of the next attempt.
    LateRelease,
    /// All seals have the same reason.
    OneSealReason,
    /// A record is kept for as long as a lease.
    LeaseIsRetention,
    /// The retention counts from the claim.
    RetentionFromClaim,
    /// A record that has expired is read until it is purged.
    ReadsExpired,
    /// An operator sees each request as unknown after its lease.
    InspectsByLease,
    /// There is no tombstone.
    NoTombstone,
    /// A purge has no limit.
    PurgesAll,
    /// A purge removes attempts whose lease ran out.
    PurgesByLease,
    /// A purge removes nothing.
    PurgesNothing,
}

#[tokio::test]
async fn a_store_without_a_fault_keeps_the_rules() {
    let sound = |clock| BrokenStore::new(clock, None);
    check(sound).await.expect("every rule");
}

/// Each fault is found by the rule that it breaks, so that each of these rules is shown to bite.
#[tokio::test]
async fn stores_with_known_faults_are_rejected() {
    use StoreFault as Fault;
    let faults = [
        (
            Fault::NoFingerprint,
            "another request with the key is a mismatch",
        ),
        (Fault::GetThenSet, "of many claims at a time one is started"),
        (
            Fault::GetThenReuse,
            "of many claims at a time one is started",
        ),
        (
            Fault::StaleAnswer,
            "a claim that lost a race sees the one that won",
        ),
        (
            Fault::LeaseIsAbsence,
            "a lease that ran out is an unknown outcome",
        ),
        (
            Fault::SilentTakeover,
            "a lease that ran out is an unknown outcome",
        ),
        (
            Fault::LosesOwnClaim,
            "a claim that is repeated after its lease is started",
        ),
        (
            Fault::RepeatsFence,
            "a claim that is repeated after its lease has a higher fence",
        ),
        (Fault::NoOwnerCheck, "a step of nobody is lost"),
        (Fault::NoFenceCheck, "a step with another fence is lost"),
        (Fault::NoRenewal, "a renewed lease counts from its renewal"),
        (Fault::RenewalAddsUp, "a lease of nothing is over at once"),
        (
            Fault::RenewalKeepsExpiry,
            "a renewed attempt is kept for as long as its lease",
        ),
        (
            Fault::RenewsLostLease,
            "an attempt that lost its lease changes nothing",
        ),
        (
            Fault::BlindComplete,
            "an old attempt changes no completed record",
        ),
        (
            Fault::CompletesOnce,
            "a completion that is delivered twice counts once",
        ),
        (
            Fault::ResolvesLiveAttempt,
            "an attempt that holds its lease is not resolved",
        ),
        (Fault::ResolvesAnyFence, "another fence resolves nothing"),
        (
            Fault::ResolvesOnce,
            "a resolution that is delivered twice is one resolution",
        ),
        (Fault::ResolvesBlindly, "an outcome is resolved once"),
        (Fault::ReleaseDeletes, "the fence grows after a release"),
        (Fault::LateRelease, "a late release frees nobody else's key"),
        (Fault::OneSealReason, "a retry gets the reason"),
        (
            Fault::LeaseIsRetention,
            "a response is kept for its retention",
        ),
        (
            Fault::RetentionFromClaim,
            "a response is kept for its retention",
        ),
        (
            Fault::InspectsByLease,
            "`inspect` tells that a performed request is known after its lease",
        ),
        (
            Fault::ReadsExpired,
            "an expired key is new, without a purge",
        ),
        (
            Fault::NoTombstone,
            "a tombstone tells that the key has expired",
        ),
        (Fault::PurgesAll, "`purge` removes at most its batch"),
        (Fault::PurgesByLease, "`purge` leaves an unknown outcome"),
        (Fault::PurgesNothing, "`purge` removes at most its batch"),
    ];
    for (fault, rule) in faults {
        let broken = |clock| BrokenStore::new(clock, Some(fault));
        let violation = check(broken).await.expect_err("a fault");
        assert_eq!(violation.rule(), rule, "{fault:?}: {violation}");
    }
}

/// A server that frees records leaves nothing to a purge. A store that has to purge does not pass
/// for one.
#[tokio::test]
async fn a_store_that_frees_records_by_itself_has_a_suite() {
    let freeing = |clock| BrokenStore::new(clock, Some(StoreFault::PurgesNothing));
    check_self_freeing(freeing).await.expect("every rule");
    let purging = |clock| BrokenStore::new(clock, None);
    let violation = check_self_freeing(purging).await.expect_err("a fault");
    assert_eq!(violation.rule(), "`purge` removes nothing");
    let blind = |clock| BrokenStore::new(clock, Some(StoreFault::NoFingerprint));
    let violation = check_self_freeing(blind).await.expect_err("a fault");
    assert_eq!(
        violation.rule(),
        "another request with the key is a mismatch"
    );
}
