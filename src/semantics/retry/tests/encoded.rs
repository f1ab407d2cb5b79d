use std::time::Duration;

use bytes::Bytes;

use crate::semantics::retry::{
    Admission, Claim, Fingerprint, KeyRecord, Owner, Retention, SealReason, Update,
};

const REASONS: [SealReason; 5] = [
    SealReason::TooLarge,
    SealReason::Unrepeatable,
    SealReason::Policy,
    SealReason::Operator,
    SealReason::Unrecorded,
];

/// Stores keep the codes, so they are those of every version.
#[test]
fn the_codes_of_reasons_stay() {
    assert_eq!(REASONS.map(SealReason::code), [1, 2, 3, 4, 5]);
}

fn records() -> Vec<KeyRecord<Bytes>> {
    let owner = Owner::from([7; 16]);
    let retention = Retention::new(Duration::from_secs(100)).with_tombstone(Duration::from_secs(9));
    let claim = Claim::new(Fingerprint::custom("request"), owner).with_retention(retention);
    let (begun, ended) = (Duration::from_millis(1_500), Duration::from_secs(2));
    let mut slot = None;
    let _ = KeyRecord::begin(&mut slot, &claim, begun);
    let in_flight = slot.expect("a record");
    let [mut completed, mut released] = [in_flight.clone(), in_flight.clone()];
    let response = Bytes::from_static(b"response");
    assert_eq!(
        completed.complete(owner, 1, response, ended),
        Update::Applied
    );
    assert_eq!(released.release(owner, 1, ended), Update::Applied);
    let mut records = vec![in_flight.clone(), completed, released];
    for reason in REASONS {
        let mut sealed = in_flight.clone();
        assert_eq!(sealed.seal(owner, 1, reason, ended), Update::Applied);
        records.push(sealed);
    }
    let takeover = Claim {
        owner: Owner::from([8; 16]),
        ..claim.with_takeover(true)
    };
    let mut slot = Some(in_flight);
    let _ = KeyRecord::begin(&mut slot, &takeover, Duration::from_secs(60));
    records.extend(slot);
    records
}

#[test]
fn an_encoded_record_comes_back() {
    for record in records() {
        let again = KeyRecord::decode(&record.encode(), record.response().cloned());
        assert_eq!(again, Ok(record));
    }
}

#[test]
fn cut_and_changed_records_are_found_or_harmless() {
    for record in records() {
        let bytes = record.encode();
        let response = record.response();
        for length in 0..bytes.len() {
            assert!(
                KeyRecord::decode(&bytes[..length], response.cloned()).is_err(),
                "{length}"
            );
        }
        let longer = [&bytes[..], b"x"].concat();
        assert!(KeyRecord::decode(&longer, response.cloned()).is_err());
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 0xff;
            // No byte is skipped: a record that is read is the one that was written.
            if let Ok(record) = KeyRecord::decode(&changed, response.cloned()) {
                assert_eq!(record.encode(), changed, "{index}");
            }
        }
    }
    let completed = &records()[1];
    assert!(KeyRecord::decode(&completed.encode(), None).is_err());
}

/// A lease that is not a whole number of milliseconds does not end early.
#[test]
fn times_are_rounded_up() {
    let claim = Claim::new(Fingerprint::custom("request"), Owner::from([7; 16]))
        .with_lease(Duration::from_nanos(1_000_001));
    let mut slot = None;
    let _ = KeyRecord::begin(&mut slot, &claim, Duration::ZERO);
    let record: KeyRecord<Bytes> = slot.expect("a record");
    let again = KeyRecord::decode(&record.encode(), None).expect("a record");
    assert!(!again.is_unknown(Duration::from_nanos(1_999_999)));
    assert!(again.is_unknown(Duration::from_millis(2)));
}

/// A record with the last fence, which only a changed one has, can still be claimed.
#[test]
fn the_last_fence_does_not_overflow() {
    let mut bytes = records()[0].encode();
    bytes[50..58].copy_from_slice(&[0xff; 8]);
    let mut slot = Some(KeyRecord::decode(&bytes, None).expect("a record"));
    let late = Duration::from_secs(10 * 24 * 60 * 60);
    let claim = Claim::new(Fingerprint::custom("request"), Owner::from([9; 16]));
    let admission = KeyRecord::begin(&mut slot, &claim, late);
    assert!(
        matches!(
            admission,
            Admission::Started {
                fence: u64::MAX,
                ..
            }
        ),
        "{admission:?}"
    );
}
