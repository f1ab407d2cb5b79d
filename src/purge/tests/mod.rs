#[cfg(feature = "tokio")]
mod caches;
mod hostile_targets;
mod http_purger;
#[cfg(feature = "tokio")]
mod limits;
#[cfg(feature = "tokio")]
mod merged;
#[cfg(feature = "tokio")]
mod own_parts;
#[cfg(feature = "tokio")]
mod queue;
#[cfg(feature = "tokio")]
mod schedule;
#[cfg(feature = "tokio")]
mod scripted_purger;
#[cfg(feature = "tokio")]
mod worker;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Uri, header::LOCATION};

use super::Purge;
use crate::semantics::caching::cache_tags::CacheTags;

fn tagged(names: &[&str]) -> Purge {
    Purge::new().with_tags(&CacheTags::of(names).expect("tags"))
}

fn targets(purge: &Purge) -> Vec<String> {
    purge.targets().map(ToString::to_string).collect()
}

#[test]
fn a_purge_lists_each_name_once() {
    let one = tagged(&["b", "a"]).with_target("/x".parse().unwrap());
    let other = tagged(&["c", "b"])
        .with_target("/y".parse().unwrap())
        .with_target("/x".parse().unwrap());
    let both = one.union(other);
    let tags: Vec<_> = both.tags().map(AsRef::as_ref).collect();
    assert_eq!(tags, ["a", "b", "c"]);
    assert_eq!(targets(&both), ["/x", "/y"]);
    assert_eq!(both.len(), 5);
    assert!(Purge::new().is_empty());
}

/// Issue 10, B.2: 10,000 targets took 1.9 s.
#[test]
fn many_purges_are_merged_in_linear_time() {
    let many = |at: u32| {
        let targets = (at..at + 50_000).map(|at| format!("/{at}").parse().unwrap());
        targets.fold(Purge::new(), Purge::with_target)
    };
    let both = many(0).union(many(25_000));
    assert_eq!(both.len(), 75_000);
    assert!(
        both.targets()
            .map(Uri::path)
            .eq((0..75_000).map(|at| format!("/{at}")))
    );
}

#[test]
fn a_purge_is_split_into_groups_of_tags_and_single_targets() {
    let purge = tagged(&["a", "b", "c"])
        .with_target("/x".parse().unwrap())
        .with_target("/y".parse().unwrap());
    for (most, expected) in [(0, "a;b;c"), (1, "a;b;c"), (2, "a b;c"), (9, "a b c")] {
        let parts: Vec<_> = purge.clone().into_parts(most).collect();
        let (of_tags, of_targets) = parts.split_at(parts.len() - 2);
        let tags = of_tags.iter().map(|part| {
            assert_eq!(part.targets().len(), 0);
            part.tags().map(AsRef::as_ref).collect::<Vec<_>>().join(" ")
        });
        assert_eq!(tags.collect::<Vec<_>>().join(";"), expected);
        let targets: Vec<_> = of_targets.iter().map(targets).collect();
        assert_eq!(targets, [["/x"], ["/y"]]);
        assert!(of_targets.iter().all(|part| part.len() == 1));
    }
    assert_eq!(Purge::new().into_parts(1).count(), 0);
}

/// A purge may wait for long, so it must not keep the bytes of a whole request.
#[test]
fn a_purge_copies_its_target() {
    struct Head(Arc<[u8]>);

    impl AsRef<[u8]> for Head {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    for (target, expected) in [
        ("/notes/1?q", "http://example.org/notes/1?q"),
        ("https://example.com/notes", "https://example.com/notes"),
        ("http://example.com?q", "http://example.com/?q"),
        ("example.com:443", "example.com:443"),
    ] {
        let head: Arc<[u8]> = target.as_bytes().into();
        let bytes = Bytes::from_owner(Head(Arc::clone(&head)));
        let uri = Uri::from_maybe_shared(bytes).unwrap();
        let request = Request::put(uri).header("host", "example.org");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let purge = Purge::of(&parts);
        assert_eq!(Arc::strong_count(&head), 2);
        drop(parts);
        assert_eq!(Arc::strong_count(&head), 1);
        assert_eq!(targets(&purge), [expected]);
    }
}

/// R-9111-4.4-c.
#[test]
fn a_purge_follows_locations_at_the_origin() {
    let request = Request::post("/notes").header("host", "example.org");
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let locations = |text| HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(text))]);

    let purge = Purge::of(&parts).with_locations(&locations("/notes/1"));
    let expected = ["http://example.org/notes", "http://example.org/notes/1"];
    assert_eq!(targets(&purge), expected);
    let purge = purge.with_locations(&locations("http://example.com/notes/2"));
    assert_eq!(targets(&purge), expected);
    assert!(Purge::new().with_locations(&locations("/x")).is_empty());
}
