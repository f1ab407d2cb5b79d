//! The responses that a purge removes from a cache.

use http::StatusCode;

use crate::support::{Cache, Kind, TEXT, origin_and_cache, policy, through_each_cache};

through_each_cache! {
    a_purged_page_is_asked_for_again
    a_star_that_is_encoded_is_another_key
}

const GZIP: (&str, &str) = ("accept-encoding", "gzip");
const BR: (&str, &str) = ("accept-encoding", "br");

/// Stores the page in both codings, gzip first, and then writes it.
async fn store_and_write(cache: &Cache, page: &str) {
    for accept in [GZIP, BR] {
        assert!(!cache.get(page, &[accept]).await.is_hit());
    }
    let written = cache.put(page, "new").await;
    assert_eq!(written.status, StatusCode::NO_CONTENT);
}

async fn purge(cache: &Cache, path: &str, field: (&str, &str)) -> StatusCode {
    cache.purge(path, &[field]).await.status
}

async fn is_new(cache: &Cache, page: &str, accept: (&str, &str)) -> bool {
    // The new text is too short to be compressed.
    cache.get(page, &[accept]).await.content == "new"
}

/// Neither cache invalidates by itself a page that is written through it, although RFC 9111,
/// section 4.4 asks for that.
async fn a_purged_page_is_asked_for_again(kind: Kind) {
    let (_origin, cache) = origin_and_cache(kind, policy("max-age=60")).await;
    cache.get("/page", &[]).await;
    cache.put("/page", "new").await;
    let stale = cache.get("/page", &[]).await;
    assert!(stale.is_hit() && stale.content == TEXT);
    let purged = cache.purge("/page", &[]).await;
    assert_eq!(purged.status, StatusCode::OK);
    assert_eq!(cache.get("/page", &[]).await.content, "new");
}

/// Issue 10, B.2: a purge of `/%2A` does not remove a response that is stored as `/*`, although
/// both are one page to the origin. So the purger leaves such a path out.
async fn a_star_that_is_encoded_is_another_key(kind: Kind) {
    let (_origin, cache) = origin_and_cache(kind, policy("max-age=60")).await;
    cache.get("/*", &[]).await;
    assert!(cache.get("/*", &[]).await.is_hit());
    cache.purge("/%2A", &[]).await;
    assert!(cache.get("/*", &[]).await.is_hit());
}

#[tokio::test]
async fn varnish_purges_all_variants() {
    let (_origin, cache) = origin_and_cache(Kind::Varnish, policy("max-age=60")).await;
    store_and_write(&cache, "/page").await;
    assert_eq!(purge(&cache, "/page", GZIP).await, StatusCode::OK);
    for accept in [GZIP, BR] {
        assert!(is_new(&cache, "/page", accept).await);
    }
}

/// The key is the name of the page. The path of the request has no meaning.
#[tokio::test]
async fn varnish_purges_by_key() {
    let (_origin, cache) = origin_and_cache(Kind::Varnish, policy("max-age=60")).await;
    store_and_write(&cache, "/page").await;
    cache.get("/other", &[]).await;
    cache.put("/other", "newest").await;
    let key = ("xkey-purge", "page");
    assert_eq!(purge(&cache, "/", key).await, StatusCode::OK);
    for accept in [GZIP, BR] {
        assert_eq!(cache.get("/page", &[accept]).await.content, "newest");
    }
    assert_eq!(cache.get("/other", &[]).await.content, "new");
}

/// A `PURGE` removes the variant that it selects. The variant that was stored first leads to the
/// others: without it they are not found, and with it they are found again.
#[tokio::test]
async fn nginx_purges_one_variant() {
    let (_origin, cache) = origin_and_cache(Kind::Nginx, policy("max-age=60")).await;
    store_and_write(&cache, "/last-first").await;
    for accept in [BR, GZIP] {
        assert_eq!(purge(&cache, "/last-first", accept).await, StatusCode::OK);
    }
    for accept in [GZIP, BR] {
        assert!(is_new(&cache, "/last-first", accept).await);
    }

    cache.put("/first-first", TEXT).await;
    store_and_write(&cache, "/first-first").await;
    assert_eq!(purge(&cache, "/first-first", GZIP).await, StatusCode::OK);
    assert_eq!(
        purge(&cache, "/first-first", BR).await,
        StatusCode::NOT_FOUND
    );
    assert!(is_new(&cache, "/first-first", GZIP).await);
    assert!(!is_new(&cache, "/first-first", BR).await);
}

#[tokio::test]
async fn nginx_purges_each_coding_that_is_in_its_key() {
    let (_origin, cache) = origin_and_cache(Kind::NginxByCoding, policy("max-age=60")).await;
    store_and_write(&cache, "/page").await;
    for accept in [GZIP, BR] {
        assert_eq!(purge(&cache, "/page", accept).await, StatusCode::OK);
    }
    for accept in [GZIP, BR] {
        assert!(is_new(&cache, "/page", accept).await);
    }
}
