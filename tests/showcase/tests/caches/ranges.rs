//! Downloads through a cache while the content changes: the parts of one are of one version.

use http::StatusCode;

use crate::support::{Cache, Kind, Origin, Reply, origin_and_cache, policy};

const PATH: &str = "/page";
/// The size of what nginx stores of a response.
const SLICE: usize = 1024;
const LENGTH: usize = 8 * SLICE;
const FIRST_HALF: (&str, &str) = ("range", "bytes=0-4095");
const SECOND_HALF: (&str, &str) = ("range", "bytes=4096-");

/// Returns the content of a version. Each byte is unlike that of others.
fn content(version: usize) -> String {
    let letters = ('a'..='z').cycle().skip(version);
    letters.take(LENGTH).collect()
}

async fn write(origin: &Origin, version: usize) {
    *origin.text().await = content(version);
}

/// Returns an origin with version 1 and a cache, and the first half through that cache.
async fn first_half(kind: Kind, directives: &str) -> (Origin, Cache, Reply) {
    let (origin, cache) = origin_and_cache(kind, policy(directives)).await;
    write(&origin, 1).await;
    let half = cache.get(PATH, &[FIRST_HALF]).await;
    assert_part(&half, &content(1)[..LENGTH / 2], "bytes 0-4095/8192");
    (origin, cache, half)
}

#[track_caller]
fn assert_part(reply: &Reply, bytes: &str, range: &str) {
    assert_eq!(reply.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(reply.field("content-range"), Some(range));
    assert!(reply.content == bytes);
}

#[track_caller]
fn assert_whole(reply: &Reply, version: usize) {
    assert_eq!(reply.status, StatusCode::OK);
    assert!(reply.content == content(version), "another version");
}

/// R-9110-13.1.5-b: with the tag of the first half, the client gets the second half of that version
/// or the whole of the next. After a purge it gets the whole.
async fn a_purge_between_two_parts_ends_the_download_with_the_whole(kind: Kind) {
    let (origin, cache, half) = first_half(kind, "max-age=60").await;
    write(&origin, 2).await;
    let if_range = ("if-range", half.tag());
    let rest = cache.get(PATH, &[SECOND_HALF, if_range]).await;
    if rest.status == StatusCode::PARTIAL_CONTENT {
        // The cache had stored the whole.
        assert_eq!(rest.tag(), half.tag());
        assert_part(&rest, &content(1)[LENGTH / 2..], "bytes 4096-8191/8192");
    } else {
        assert_whole(&rest, 2);
    }
    cache.purge(PATH, &[]).await;
    let whole = cache.get(PATH, &[SECOND_HALF, if_range]).await;
    assert_whole(&whole, 2);
    assert_ne!(whole.tag(), half.tag());

    // The new tag goes on with the new version.
    let if_range = ("if-range", whole.tag());
    let rest = cache.get(PATH, &[SECOND_HALF, if_range]).await;
    assert_part(&rest, &content(2)[LENGTH / 2..], "bytes 4096-8191/8192");
}

/// R-9110-14.2-a: what no cache stores is cut by the origin for each request.
async fn parts_of_what_is_not_stored_are_of_one_version(kind: Kind) {
    let (origin, cache, half) = first_half(kind, "no-store").await;
    let if_range = ("if-range", half.tag());
    let rest = cache.get(PATH, &[SECOND_HALF, if_range]).await;
    assert_part(&rest, &content(1)[LENGTH / 2..], "bytes 4096-8191/8192");
    write(&origin, 2).await;
    let whole = cache.get(PATH, &[SECOND_HALF, if_range]).await;
    assert_whole(&whole, 2);
}

mod a_purge_between_two_parts_ends_the_download_with_the_whole {
    use crate::support::Kind;

    #[tokio::test]
    async fn nginx() {
        super::a_purge_between_two_parts_ends_the_download_with_the_whole(Kind::Nginx).await;
    }

    #[tokio::test]
    async fn squid() {
        super::a_purge_between_two_parts_ends_the_download_with_the_whole(Kind::Squid).await;
    }

    #[tokio::test]
    async fn varnish() {
        super::a_purge_between_two_parts_ends_the_download_with_the_whole(Kind::Varnish).await;
    }
}

#[tokio::test]
async fn squid_and_varnish_pass_ranges_of_what_they_do_not_store() {
    for kind in [Kind::Squid, Kind::Varnish] {
        parts_of_what_is_not_stored_are_of_one_version(kind).await;
    }
}

/// In a location with a cache, nginx never sends the range of a client to the origin.
#[tokio::test]
async fn nginx_sends_the_whole_of_what_it_does_not_store() {
    let (origin, cache) = origin_and_cache(Kind::Nginx, policy("no-store")).await;
    write(&origin, 1).await;
    assert_whole(&cache.get(PATH, &[FIRST_HALF]).await, 1);
}

/// R-9110-13.1.5-b: nginx stores slices of two versions, and compares their tags. A response that
/// would have both ends early, until the slices are purged.
#[tokio::test]
async fn slices_of_two_versions_are_never_joined() {
    let (origin, cache, half) = first_half(Kind::NginxBySlice, "max-age=60").await;
    let runs = origin.runs();
    assert!(runs >= 4, "one range for each slice: {runs}");
    // The first half is stored.
    cache.get(PATH, &[FIRST_HALF]).await;
    assert_eq!(origin.runs(), runs);

    write(&origin, 2).await;
    let if_range = ("if-range", half.tag());
    for fields in [&[SECOND_HALF, if_range][..], &[if_range], &[]] {
        let reply = cache.try_get(PATH, fields).await;
        assert!(reply.is_err(), "{fields:?}: {reply:?}");
    }

    for first in (0..LENGTH).step_by(SLICE) {
        let slice = format!("bytes={first}-{}", first + SLICE - 1);
        cache.purge(PATH, &[("range", &slice)]).await;
    }
    let whole = cache.get(PATH, &[SECOND_HALF, if_range]).await;
    assert_whole(&whole, 2);
    let rest = cache
        .get(PATH, &[SECOND_HALF, ("if-range", whole.tag())])
        .await;
    assert_part(&rest, &content(2)[LENGTH / 2..], "bytes 4096-8191/8192");
}
