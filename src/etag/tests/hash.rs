//! The hash functions, without a layer.

use std::collections::HashSet;

use crate::etag::{ContentHasher, Sha256};

/// Returns the digest of content in these portions.
fn streamed<H: ContentHasher>(hasher: &H, portions: &[&[u8]], context: &[u8]) -> [u8; 16] {
    let mut hasher = hasher.clone();
    for portion in portions {
        hasher.update(portion);
    }
    hasher.finish(context)
}

/// Checks that all bytes of content and context count, in one piece or in several.
#[track_caller]
fn keeps_the_contract<H: ContentHasher>(hasher: H) {
    for length in [1, 16, 17, 128, 129, 240, 241, 1024, 1025, 20_000] {
        let plain = vec![b'-'; length];
        let changed = |at: usize| {
            let mut bytes = plain.clone();
            bytes[at] = b'x';
            bytes
        };
        let all: HashSet<_> = [plain.clone(), changed(0), changed(length - 1)].into();
        let mut contents = HashSet::new();
        let mut contexts = HashSet::new();
        for bytes in &all {
            let digest = hasher.clone().digest(bytes, b"context");
            assert_eq!(digest, streamed(&hasher, &[bytes], b"context"), "{length}");
            let (head, tail) = bytes.split_at(length / 2);
            assert_eq!(digest, streamed(&hasher, &[head, tail], b"context"));
            let mut started = hasher.clone();
            started.update(head);
            assert_eq!(digest, started.digest(tail, b"context"), "{length}");
            contents.insert(digest);

            let context = hasher.clone().digest(b"content", bytes);
            assert_eq!(context, streamed(&hasher, &[b"content"], bytes), "{length}");
            contexts.insert(context);
        }
        assert_eq!(contents.len(), all.len(), "content of {length}");
        assert_eq!(contexts.len(), all.len(), "context of {length}");
    }
    assert_eq!(
        hasher.clone().digest(b"", b"c"),
        streamed(&hasher, &[], b"c")
    );
    assert_ne!(hasher.clone().digest(b"", b"c"), hasher.digest(b"", b"d"));
}

fn hex(digest: [u8; 16]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// R-9110-8.8.1-a: the start of the function's published value for "abc".
#[test]
fn sha256() {
    keeps_the_contract(Sha256::new());
    let abc = hex(Sha256::new().digest(b"abc", b""));
    assert_eq!(abc, "ba7816bf8f01cfea414140de5dae2223");
}

/// R-9110-8.8.1-a: the start of the function's published value for "abc".
#[cfg(feature = "blake3")]
#[test]
fn blake3() {
    use crate::etag::Blake3;

    keeps_the_contract(Blake3::new());
    let abc = hex(Blake3::new().digest(b"abc", b""));
    assert_eq!(abc, "6437b3ac38465133ffb63b75273a8db5");
}

/// R-9110-8.8.1-a: the function's published values for content and context, the
/// second seeded with half of the first.
#[cfg(feature = "xxh3")]
#[test]
fn xxh3() {
    use twox_hash::XxHash3_128;

    use crate::etag::Xxh3;

    keeps_the_contract(Xxh3::new());
    let content = XxHash3_128::oneshot(b"abc");
    assert_eq!(content, 0x06b0_5ab6_733a_6185_78af_5f94_892f_3950);
    let context = XxHash3_128::oneshot_with_seed(0x78af_5f94_892f_3950, b"def");
    let both = (content ^ context).to_be_bytes();
    assert_eq!(Xxh3::new().digest(b"abc", b"def"), both);
}
