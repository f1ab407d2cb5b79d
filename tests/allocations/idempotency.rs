//! The allocations of idempotency keys, and the memory of their records.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use allocation_counter::measure;
use bytes::Bytes;
use http::{HeaderName, Method, Request, header};
use http_body_util::Empty;
use tower::{Layer, Service, ServiceExt};
use tower_conditional::{
    IdempotencyLayer,
    body::RequestBody,
    idempotency::{Admission, Claim, Fingerprint, Owner, RecordId, Update},
    store::{IdempotencyStore, MemoryIdempotencyStore, Step},
};

use crate::support::{Handler, allocations, write};

/// Returns the handler for the requests that the layer makes.
fn handler() -> impl Service<
    Request<RequestBody<Empty<Bytes>>>,
    Response = http::Response<crate::support::Frames>,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone
+ Send
+ 'static {
    let handler = Handler::new(1024, 1024);
    handler.map_request(|request: Request<RequestBody<Empty<Bytes>>>| request.map(|_| Empty::new()))
}

/// A request without a key costs nothing, also if other requests need one.
#[test]
fn a_request_without_a_key_costs_nothing() {
    let layer = || {
        let store = MemoryIdempotencyStore::new();
        IdempotencyLayer::new(store, |_| Some("alice"))
    };
    let bare = Handler::new(1024, 1024);
    let fields = [(header::ACCEPT, "text/html, */*;q=0.1")];
    for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH] {
        let make = || write(&method, &fields);
        let without = allocations(bare.clone(), make);
        for layer in [
            layer(),
            layer().explain().refuse_early_data(),
            layer().require_key_if(|request| request.uri.path() == "/orders"),
        ] {
            let with = allocations(layer.layer(handler()), make);
            assert_eq!(with - without, 0, "{method} {layer:?}");
        }
    }
    // A method whose keys are not read may have one.
    let key = HeaderName::from_static("idempotency-key");
    let make = || write(&Method::PUT, &[(key.clone(), "\"a\"")]);
    let without = allocations(bare, make);
    assert_eq!(allocations(layer().layer(handler()), make) - without, 0);
}

/// The store in memory never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the store in memory waits"),
    }
}

/// Returns the bytes of a number that look like those of a hash.
fn hashed(number: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    let mut mixed = number;
    for chunk in bytes.chunks_exact_mut(8) {
        // SplitMix64.
        mixed = mixed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = mixed;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        chunk.copy_from_slice(&(word ^ (word >> 31)).to_be_bytes());
    }
    bytes
}

/// Records a response of this length. Returns `false` if there is no room.
fn record(store: &MemoryIdempotencyStore, number: u64, length: usize) -> bool {
    let id = RecordId::from(hashed(number));
    let owner = Owner::from([7; 16]);
    let claim = Claim::new(Fingerprint::custom("request"), owner);
    let Ok(Admission::Started { fence, .. }) = now(store.begin(id, claim)) else {
        return false;
    };
    let response = Bytes::from(vec![b'x'; length]);
    // The layer keeps a clone until the store has answered.
    let completed = now(store.complete(Step::new(id, owner, fence), response.clone()));
    matches!(completed, Ok(Update::Applied)) && response.len() == length
}

/// The memory that the store counts is the memory that it takes, and a full store takes what it
/// may take.
#[test]
fn records_take_the_memory_of_their_budget() {
    let within = |real: u64, counted: usize| {
        let difference = real.abs_diff(counted as u64);
        assert!(difference * 20 <= counted as u64, "{real} of {counted}");
    };
    for (budget, length) in [(32 << 20, 100), (32 << 20, 350), (32 << 20, 4_000)] {
        let mut kept = None;
        let mut records = 0;
        let info = measure(|| {
            let store = MemoryIdempotencyStore::new().max_bytes(budget);
            while record(&store, records, length) {
                records += 1;
            }
            kept = Some(store);
        });
        let store = kept.expect("a store");
        assert!(records > 7_000, "{records}");
        within(info.bytes_current as u64, store.used_bytes());
        within(info.bytes_current as u64, budget);
        assert!(
            info.bytes_max <= budget as u64 * 21 / 20,
            "{}",
            info.bytes_max
        );
    }
}

/// The same with so many records that each table has grown many times.
#[test]
fn many_records_take_the_memory_that_is_counted() {
    const RECORDS: u64 = 100_000;
    let mut kept = None;
    let info = measure(|| {
        let store = MemoryIdempotencyStore::new().max_bytes(1 << 30);
        for number in 0..RECORDS {
            assert!(record(&store, number, 200), "{number}");
        }
        kept = Some(store);
    });
    let counted = kept.expect("a store").used_bytes() as i64;
    let difference = (info.bytes_current - counted).abs();
    assert!(
        difference * 20 <= counted,
        "{} of {counted}",
        info.bytes_current
    );
    // Beside its response, a record takes less than 400 bytes.
    assert!(counted < RECORDS as i64 * (200 + 400), "{counted}");
}
