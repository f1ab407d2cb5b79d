use std::time::Duration;

use crate::semantics::retry::{
    Admission, Claim, Fingerprint, KeyRecord, KeyState, Owner, Resolution, Retention, SealReason,
    Update,
};

const LEASE: Duration = Duration::from_secs(30);
const REPLAY: Duration = Duration::from_secs(1_000);
const TOMBSTONE: Duration = Duration::from_secs(100);

type Slot = Option<KeyRecord<&'static str>>;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn owner(number: u8) -> Owner {
    Owner::from([number; 16])
}

fn claim(number: u8) -> Claim {
    Claim::new(Fingerprint::custom("request"), owner(number))
        .with_lease(LEASE)
        .with_retention(Retention::new(REPLAY))
}

fn other_request(number: u8) -> Claim {
    Claim {
        fingerprint: Fingerprint::custom("other"),
        ..claim(number)
    }
}

fn started(fence: u64, attempt: u32) -> Admission<&'static str> {
    Admission::Started {
        fence,
        attempt,
        takes_over: false,
    }
}

/// A record that the attempt 1 began at the second 0.
fn in_flight() -> Slot {
    let mut slot = None;
    assert_eq!(KeyRecord::begin(&mut slot, &claim(1), at(0)), started(1, 1));
    slot
}

fn begin(slot: &mut Slot, claim: &Claim, now: u64) -> Admission<&'static str> {
    KeyRecord::begin(slot, claim, at(now))
}

/// R-IK07-2.6-c: a duplicate of a running request is told to wait.
#[test]
fn a_running_request_is_in_flight() {
    let mut slot = in_flight();
    let in_flight = Admission::InFlight {
        retry_after: at(20),
    };
    assert_eq!(begin(&mut slot, &claim(2), 10), in_flight);
    assert_eq!(begin(&mut slot, &other_request(2), 10), Admission::Mismatch);
}

/// A claim whose answer was lost is asked again, and is one claim.
#[test]
fn a_repeated_claim_is_one() {
    let mut slot = in_flight();
    assert_eq!(begin(&mut slot, &claim(1), 29), started(1, 1));
    // The lease counts from the first: others are told the truth about it.
    let unknown = Admission::Unknown { fence: 1 };
    assert_eq!(begin(&mut slot, &claim(2), 30), unknown);
}

/// P-ID-store-down: a claim that is repeated after its lease gets a new one. Only its claimant
/// knows that nothing ran.
#[test]
fn a_claim_is_repeated_after_its_lease() {
    let mut slot = in_flight();
    assert_eq!(begin(&mut slot, &other_request(1), 30), Admission::Mismatch);
    assert_eq!(begin(&mut slot, &claim(1), 30), started(2, 1));
    // P-ID-fencing: steps from before the new lease, and decisions about them, come too late.
    let record = slot.as_mut().expect("a record");
    let before = record.clone();
    assert_eq!(record.renew(owner(1), 1, LEASE, at(31)), Update::Lost);
    assert_eq!(record.complete(owner(1), 1, "late", at(31)), Update::Lost);
    assert_eq!(record.release(owner(1), 1, at(31)), Update::Lost);
    assert_eq!(record.resolve(1, Resolution::Release, at(70)), Update::Lost);
    assert_eq!(*record, before);
    // A late duplicate for which nobody waits holds the key for no longer than its lease.
    let retry_after = at(1);
    let in_flight = Admission::InFlight { retry_after };
    assert_eq!(begin(&mut slot, &claim(2), 59), in_flight);
    let unknown = Admission::Unknown { fence: 2 };
    assert_eq!(begin(&mut slot, &claim(2), 60), unknown);
    assert_eq!(begin(&mut slot, &claim(1), 60), started(3, 1));
    let record = slot.as_mut().expect("a record");
    assert_eq!(record.release(owner(1), 3, at(61)), Update::Applied);
    assert_eq!(begin(&mut slot, &claim(2), 62), started(4, 2));
}

/// The record is kept for the retention after the new lease, and not for longer.
#[test]
fn a_repeated_claim_of_an_expired_key_is_new() {
    let retention = Retention::new(REPLAY).with_tombstone(TOMBSTONE);
    let claim = claim(1).with_retention(retention);
    let mut slot = None;
    assert_eq!(begin(&mut slot, &claim, 0), started(1, 1));
    assert_eq!(begin(&mut slot, &claim, 1_029), started(2, 1));
    assert_eq!(begin(&mut slot, &claim, 2_059), Admission::Expired);
    assert_eq!(begin(&mut slot, &claim, 2_159), started(3, 2));
}

/// P-ID-takeover: a claim that is repeated overtakes nobody.
#[test]
fn a_repeated_claim_leaves_others_and_decisions_alone() {
    let own = claim(1).with_takeover(true);
    let mut slot = in_flight();
    begin(&mut slot, &claim(2).with_takeover(true), 30);
    let retry_after = at(29);
    let in_flight = Admission::InFlight { retry_after };
    assert_eq!(begin(&mut slot, &own, 31), in_flight);
    let unknown = Admission::Unknown { fence: 2 };
    assert_eq!(begin(&mut slot, &claim(1), 60), unknown);
    // The attempt that took over still follows one that was lost.
    let taken_over = Admission::Started {
        fence: 3,
        attempt: 2,
        takes_over: true,
    };
    assert_eq!(begin(&mut slot, &claim(2), 60), taken_over);

    for (resolution, expected) in [
        (Resolution::Complete("201"), Admission::Replay("201")),
        (Resolution::Seal, Admission::Sealed(SealReason::Operator)),
        (Resolution::Release, started(2, 1)),
    ] {
        let mut slot = self::in_flight();
        let record = slot.as_mut().expect("a record");
        assert_eq!(record.resolve(1, resolution, at(40)), Update::Applied);
        let settled = slot.clone();
        assert_eq!(begin(&mut slot, &claim(1), 41), expected);
        assert_eq!(slot, settled);
    }
}

/// R-IK07-2.6-d, R-IK07-2.7-b: a completed request is repeated, and for no other request.
#[test]
fn a_completed_request_is_repeated() {
    let mut slot = in_flight();
    let record = slot.as_mut().expect("a record");
    assert_eq!(record.complete(owner(1), 1, "201", at(10)), Update::Applied);
    assert_eq!(record.complete(owner(1), 1, "201", at(11)), Update::Applied);
    assert_eq!(begin(&mut slot, &claim(2), 500), Admission::Replay("201"));
    assert_eq!(begin(&mut slot, &claim(1), 500), Admission::Replay("201"));
    assert_eq!(
        begin(&mut slot, &other_request(2), 500),
        Admission::Mismatch
    );
}

/// R-IK07-2.3-a: the retention counts from the completion and holds when it is read.
#[test]
fn a_record_expires_when_it_is_read() {
    let mut slot = in_flight();
    let record = slot.as_mut().expect("a record");
    assert_eq!(record.complete(owner(1), 1, "201", at(10)), Update::Applied);
    assert_eq!(begin(&mut slot, &claim(2), 1_009), Admission::Replay("201"));
    // The fence goes on.
    assert_eq!(begin(&mut slot, &other_request(2), 1_010), started(2, 2));
}

#[test]
fn a_tombstone_tells_that_the_key_has_expired() {
    let retention = Retention::new(REPLAY).with_tombstone(TOMBSTONE);
    let claim = |number| claim(number).with_retention(retention);
    let mut slot = None;
    assert_eq!(begin(&mut slot, &claim(1), 0), started(1, 1));
    let record = slot.as_mut().expect("a record");
    assert_eq!(record.complete(owner(1), 1, "201", at(10)), Update::Applied);
    assert_eq!(begin(&mut slot, &claim(2), 1_009), Admission::Replay("201"));
    assert_eq!(begin(&mut slot, &claim(2), 1_010), Admission::Expired);
    assert_eq!(begin(&mut slot, &claim(2), 1_109), Admission::Expired);
    assert_eq!(begin(&mut slot, &claim(2), 1_110), started(2, 2));
    // A released key has nothing to tell.
    let record = slot.as_mut().expect("a record");
    assert_eq!(record.release(owner(2), 2, at(1_111)), Update::Applied);
    assert_eq!(begin(&mut slot, &claim(3), 2_150), started(3, 3));
}

/// P-ID-lease, P-ID-takeover: an expired lease is an unknown outcome, never an absent record.
#[test]
fn a_lost_attempt_is_unknown() {
    let mut slot = in_flight();
    let unknown = Admission::Unknown { fence: 1 };
    assert_eq!(begin(&mut slot, &claim(2), 30), unknown);
    assert_eq!(begin(&mut slot, &claim(2), 1_000), unknown);
    assert_eq!(begin(&mut slot, &other_request(2), 31), Admission::Mismatch);
    let takeover = claim(2).with_takeover(true);
    let taken_over = Admission::Started {
        fence: 2,
        attempt: 2,
        takes_over: true,
    };
    assert_eq!(begin(&mut slot, &takeover, 31), taken_over);
    assert_eq!(begin(&mut slot, &takeover, 32), taken_over);
    let record = slot.expect("a record");
    assert_eq!((record.fence(), record.attempt()), (2, 2));
}

/// P-ID-fencing: an attempt that was paused beyond its lease changes nothing any more.
#[test]
fn a_paused_attempt_is_fenced() {
    let after_pause = |slot: &mut Slot, now| {
        let record = slot.as_mut().expect("a record");
        let before = record.clone();
        assert_eq!(record.renew(owner(1), 1, LEASE, at(now)), Update::Lost);
        assert_eq!(record.complete(owner(1), 1, "late", at(now)), Update::Lost);
        assert_eq!(record.release(owner(1), 1, at(now)), Update::Lost);
        let sealed = record.seal(owner(1), 1, SealReason::Policy, at(now));
        assert_eq!(sealed, Update::Lost);
        assert_eq!(*record, before);
    };
    // Nobody took over.
    after_pause(&mut in_flight(), 30);
    // Another attempt did, and still runs.
    let mut slot = in_flight();
    begin(&mut slot, &claim(2).with_takeover(true), 30);
    after_pause(&mut slot, 31);
    // It has completed.
    let record = slot.as_mut().expect("a record");
    assert_eq!(record.complete(owner(2), 2, "201", at(32)), Update::Applied);
    after_pause(&mut slot, 33);
    assert_eq!(begin(&mut slot, &claim(3), 34), Admission::Replay("201"));
}

#[test]
fn a_fence_of_another_attempt_is_no_good() {
    let mut slot = in_flight();
    let record = slot.as_mut().expect("a record");
    for (owner, fence) in [(owner(2), 1), (owner(1), 2), (owner(1), 0)] {
        assert_eq!(record.complete(owner, fence, "201", at(1)), Update::Lost);
        assert_eq!(record.renew(owner, fence, LEASE, at(1)), Update::Lost);
        assert_eq!(record.release(owner, fence, at(1)), Update::Lost);
    }
}

#[test]
fn a_renewed_lease_lasts_longer() {
    let mut slot = in_flight();
    let record = slot.as_mut().expect("a record");
    assert_eq!(record.renew(owner(1), 1, LEASE, at(29)), Update::Applied);
    let in_flight = Admission::InFlight { retry_after: at(1) };
    assert_eq!(begin(&mut slot, &claim(2), 58), in_flight);
    assert_eq!(
        begin(&mut slot, &claim(2), 59),
        Admission::Unknown { fence: 1 }
    );
    // A lease of nothing gives up.
    let mut slot = self::in_flight();
    let record = slot.as_mut().expect("a record");
    assert_eq!(
        record.renew(owner(1), 1, Duration::ZERO, at(5)),
        Update::Applied
    );
    assert_eq!(
        begin(&mut slot, &claim(2), 5),
        Admission::Unknown { fence: 1 }
    );
}

/// P-ID-record-policy: a released key runs again, also for a corrected request.
#[test]
fn a_released_key_is_free() {
    let mut slot = in_flight();
    let record = slot.as_mut().expect("a record");
    assert_eq!(record.release(owner(1), 1, at(5)), Update::Applied);
    assert_eq!(record.release(owner(1), 1, at(6)), Update::Applied);
    assert_eq!(begin(&mut slot, &other_request(2), 7), started(2, 2));
    // A late duplicate of the first claim starts nothing.
    let mut slot = in_flight();
    let record = slot.as_mut().expect("a record");
    assert_eq!(record.release(owner(1), 1, at(5)), Update::Applied);
    assert_eq!(begin(&mut slot, &claim(1), 6), started(1, 1));
    assert_eq!(
        *slot.as_ref().expect("a record").state(),
        KeyState::Released
    );
}

/// P-ID-oversize: a sealed key runs nothing.
#[test]
fn a_sealed_key_stays_sealed() {
    let mut slot = in_flight();
    let record = slot.as_mut().expect("a record");
    let reason = SealReason::TooLarge;
    assert_eq!(record.seal(owner(1), 1, reason, at(5)), Update::Applied);
    assert_eq!(record.seal(owner(1), 1, reason, at(6)), Update::Applied);
    assert_eq!(record.complete(owner(1), 1, "201", at(6)), Update::Lost);
    assert_eq!(begin(&mut slot, &claim(2), 7), Admission::Sealed(reason));
    assert_eq!(begin(&mut slot, &other_request(2), 7), Admission::Mismatch);
}

/// P-ID-fencing: a decision counts once however often it is delivered, and no other one follows.
#[test]
fn an_operator_settles_an_unknown_outcome() {
    let all = [
        Resolution::Complete("201"),
        Resolution::Complete("200"),
        Resolution::Release,
        Resolution::Seal,
    ];
    let after = |resolution: Resolution<_>| {
        let mut slot = in_flight();
        let record = slot.as_mut().expect("a record");
        // Too early, and with the wrong fence.
        assert_eq!(record.resolve(1, Resolution::Seal, at(29)), Update::Lost);
        assert_eq!(record.resolve(2, Resolution::Seal, at(40)), Update::Lost);
        assert_eq!(
            record.resolve(1, resolution.clone(), at(40)),
            Update::Applied
        );
        assert_eq!(record.complete(owner(1), 1, "late", at(41)), Update::Lost);
        let settled = record.clone();
        for repeated in &all {
            let expected = match *repeated == resolution {
                true => Update::Applied,
                false => Update::Lost,
            };
            assert_eq!(record.resolve(1, repeated.clone(), at(41)), expected);
            assert_eq!(record.resolve(2, repeated.clone(), at(41)), Update::Lost);
        }
        // The retention counts from the first delivery.
        assert_eq!(*record, settled);
        assert_eq!(record.resolve(1, resolution, at(1_040)), Update::Lost);
        begin(&mut slot, &claim(2), 42)
    };
    assert_eq!(after(Resolution::Complete("201")), Admission::Replay("201"));
    assert_eq!(after(Resolution::Release), started(3, 2));
    assert_eq!(
        after(Resolution::Seal),
        Admission::Sealed(SealReason::Operator)
    );
}

#[test]
fn times_at_the_end_of_time_do_not_overflow() {
    let mut slot: Slot = None;
    let endless = Retention::new(Duration::MAX).with_tombstone(Duration::MAX);
    let claim = claim(1).with_lease(Duration::MAX).with_retention(endless);
    assert_eq!(KeyRecord::begin(&mut slot, &claim, at(5)), started(1, 1));
    let record = slot.as_mut().expect("a record");
    assert_eq!(
        record.renew(owner(1), 1, Duration::MAX, at(6)),
        Update::Applied
    );
    assert_eq!(record.complete(owner(1), 1, "201", at(7)), Update::Applied);
    assert!(!record.is_forgotten(at(u64::MAX - 1)));
}

/// The documented defaults of a claim.
#[test]
fn a_claim_lasts_30_seconds_and_its_record_a_day() {
    let claim = Claim::new(Fingerprint::custom("request"), owner(1));
    assert_eq!(claim.lease, at(30));
    assert_eq!(claim.retention, Retention::default());
    assert_eq!(claim.retention, Retention::new(at(86_400)));
}
