mod http_purger;
#[cfg(feature = "tokio")]
mod queue;
#[cfg(feature = "tokio")]
mod rounds;
#[cfg(feature = "tokio")]
mod script;

use http::{HeaderMap, HeaderValue, Request, header::LOCATION};

use super::Purge;
use crate::semantics::cache_tags::CacheTags;

fn tagged(names: &[&str]) -> Purge {
    Purge::new().with_tags(&CacheTags::of(names).expect("tags"))
}

fn targets(purge: &Purge) -> Vec<String> {
    purge.targets().map(ToString::to_string).collect()
}

#[test]
fn a_purge_names_each_thing_once() {
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
