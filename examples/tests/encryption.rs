//! The example that encrypts recorded responses.

#[path = "../encryption/keyring.rs"]
mod keyring;
#[path = "examples/program.rs"]
mod program;

use std::process::Command;

use hyper::body::Bytes;
use tower_conditional::idempotency::Protect;

use keyring::Keyring;

const ID: [u8; 32] = [7; 32];

fn keyring() -> Keyring {
    Keyring::new(1, &[1; 32])
}

fn seal(keyring: &Keyring) -> Bytes {
    keyring.seal(&ID, Bytes::from("a response")).unwrap()
}

/// P-ID-protect: nothing is in the clear, and two seals of one response differ.
#[test]
fn a_sealed_response_is_opened_again() {
    let (keyring, empty) = (keyring(), Bytes::new());
    let (one, other) = (seal(&keyring), seal(&keyring));
    assert_ne!(one, other);
    assert_eq!(keyring.open(&ID, one).unwrap(), "a response");
    let sealed = keyring.seal(&ID, empty.clone()).unwrap();
    assert_eq!(keyring.open(&ID, sealed).unwrap(), empty);
}

/// P-ID-protect.
#[test]
fn a_changed_response_is_refused() {
    let (keyring, sealed) = (keyring(), seal(&keyring()));
    for place in 0..sealed.len() {
        let mut changed = sealed.to_vec();
        changed[place] ^= 1;
        assert!(keyring.open(&ID, changed.into()).is_err(), "byte {place}");
        let cut = sealed.slice(..place);
        assert!(keyring.open(&ID, cut).is_err(), "{place} bytes");
    }
}

/// P-ID-protect: a response of one record is not that of another.
#[test]
fn a_response_belongs_to_its_record() {
    let keyring = keyring();
    assert!(keyring.open(&[8; 32], seal(&keyring)).is_err());
}

#[test]
fn an_old_key_opens_and_the_newest_seals() {
    let sealed = seal(&keyring());
    let both = keyring().with_key(2, &[2; 32]);
    assert_eq!(both.open(&ID, sealed.clone()).unwrap(), "a response");
    let newest = Keyring::new(2, &[2; 32]);
    assert_eq!(newest.open(&ID, seal(&both)).unwrap(), "a response");
    let error = newest.open(&ID, sealed).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the key 1 of a record is not in the keyring"
    );
}

/// P-ID-protect: the program shows it in a database.
#[test]
fn the_program_prints_what_is_at_rest() {
    let output = Command::new(program::program("encryption"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let count = |text| printed.matches(text).count();
    assert_eq!(count("The handler runs."), 2);
    assert_eq!(count("first: 200 OK, the card number"), 2);
    assert_eq!(count("second: 200 OK, the card number"), 1);
    assert_eq!(count("first: 503 Service Unavailable"), 1);
    assert_eq!(count("under key 1, encrypted"), 2);
    assert_eq!(count("under key 2, encrypted"), 1);
    assert_eq!(count("in the clear"), 0);
}
