//! The secret of a process, and the keys that processes share.

use http::header::ACCEPT;

use super::{PLAIN, Parts, hashers, uri};
use crate::semantics::validator_cache::KeyHasher;

#[test]
fn namespaces_and_builds_are_apart() {
    let key = |namespace, build| PLAIN.key(&KeyHasher::shared(namespace, build));
    let keys = [key("n", "1"), key("n", "2"), key("m", "1"), key("n1", "")];
    assert_eq!(key("n", "1"), keys[0]);
    for (at, one) in keys.iter().enumerate() {
        assert!(!keys[..at].contains(one));
    }
}

/// R-9111-7-a: a client that knows everything but the secret cannot compute a key.
#[test]
fn keys_of_a_process_are_secret() {
    let [one, other] = [(); 2].map(|()| KeyHasher::for_process("notes", "1"));
    let [one, other] = [one, other].map(|hasher| PLAIN.key(&hasher));
    assert_ne!(one, other);
    let (half, rest) = one.as_bytes().split_at(8);
    assert_ne!(half, &rest[..8], "the halves are not one function");
    // Requests that differ only in a later block differ in both halves.
    let hasher = KeyHasher::for_process("notes", "1");
    let [one, other] = ["1", "2"].map(|last| {
        let path = format!("/{}{last}", "a".repeat(600));
        *uri(&path).key(&hasher).as_bytes()
    });
    assert_ne!(one[..8], other[..8]);
    assert_ne!(one[8..16], other[8..16]);
}

/// Keys that other processes know must not change by accident.
#[test]
fn shared_keys_are_stable() {
    let request = Parts {
        uri: "http://h/a?b",
        headers: &[(ACCEPT, "*/*")],
        declared: &[ACCEPT],
        principal: Some("p"),
        policy: None,
    };
    let hasher = KeyHasher::shared("n", "1");
    let key = request.key(&hasher);
    assert_eq!(format!("{key:?}"), "ValidatorKey(9a55cab105b2a3f1..)");
    // The length of a part takes a byte more from 127 bytes on, and again from 16,383 on.
    for (bytes, expected) in [
        (126, "d7f3ba45d8b7c629"),
        (127, "e2d2f60ffdaa9e49"),
        (255, "ec38d1cbf55a6976"),
        (16_255, "b83cdd6d52d46a52"),
        (16_383, "ec2b572a5f2b493d"),
        (40_000, "a805fe332772e6d5"),
    ] {
        let principal = "p".repeat(bytes);
        let principal = Some(&*principal);
        let key = Parts {
            principal,
            ..request
        }
        .key(&hasher);
        assert_eq!(format!("{key:?}"), format!("ValidatorKey({expected}..)"));
    }
}

#[test]
fn debug_shows_no_secret() {
    let shown = hashers().map(|hasher| format!("{hasher:?}"));
    assert_eq!(shown, ["KeyHasher::for_process", "KeyHasher::shared"]);
}
