//! The records of idempotency keys, as a store may return them: cut, changed or hostile.

#![no_main]

use std::time::Duration;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use tower_conditional::idempotency::{
    Admission, Claim, Fingerprint, KeyRecord, KeyState, Owner, RecordedResponse, Resolution,
    SealReason,
};
use tower_conditional_fuzz::number;

fn check_response(data: &[u8]) {
    let Ok(response) = RecordedResponse::decode(Bytes::copy_from_slice(data)) else {
        return;
    };
    assert!(data.ends_with(response.content()));
    let encoded = response.encode();
    // Only the order of lines and the case of names may differ, which the layer never writes.
    assert_eq!(encoded.len(), data.len());
    let again = RecordedResponse::decode(encoded.clone()).expect("an encoded response");
    assert_eq!(again, response);
    assert_eq!(again.encode(), encoded);
    // A cut in the head is noticed. A cut in the content leaves the start of the content.
    for cut in 0..data.len().min(64) {
        if let Ok(shorter) = RecordedResponse::decode(encoded.slice(..cut)) {
            assert!(response.content().starts_with(shorter.content()));
            assert_eq!(shorter.headers(), response.headers());
        }
    }
}

fn check_record(data: &[u8], now: Duration) {
    let response = Bytes::from_static(b"a response");
    let Ok(record) = KeyRecord::decode(data, Some(response.clone())) else {
        return;
    };
    assert_eq!(record.encode(), data);
    assert!(KeyRecord::decode(&data[..data.len() - 1], Some(response.clone())).is_err());
    let is_completed = matches!(record.state(), KeyState::Completed(_));
    assert_eq!(KeyRecord::decode(data, None).is_err(), is_completed);

    // No step on such a record panics, or lets a stranger change it.
    let (stranger, fence) = (Owner::from([0x5a; 16]), record.fence());
    let mut changed = record.clone();
    let _ = changed.renew(stranger, fence, now, now);
    let _ = changed.complete(stranger, fence, response.clone(), now);
    let _ = changed.release(stranger, fence, now);
    let _ = changed.seal(stranger, fence, SealReason::Policy, now);
    if !record.encode()[34..50].iter().all(|byte| *byte == 0x5a) {
        assert_eq!(changed, record);
    }
    let _ = changed.resolve(fence, Resolution::Complete(response), now);
    for takeover in [false, true] {
        let claim = Claim::new(Fingerprint::custom(b"another"), stranger).with_takeover(takeover);
        let mut slot = Some(record.clone());
        let admission = KeyRecord::begin(&mut slot, &claim, now);
        if let Admission::Started { fence: next, .. } = admission {
            assert!(next >= fence);
        } else {
            assert_eq!(slot.as_ref(), Some(&record));
        }
    }
}

fuzz_target!(|data: &[u8]| {
    check_response(data);
    let (now, record) = number(data);
    check_record(record, Duration::from_millis(now));
});
