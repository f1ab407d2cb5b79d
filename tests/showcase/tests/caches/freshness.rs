//! The requests that a cache sends to the origin, and those that it answers.

use http::StatusCode;

use crate::support::{Kind, TEXT, origin_and_cache, policy, through_each_cache, until};

through_each_cache! {
    a_fresh_response_needs_no_request
    a_stale_response_is_revalidated
    a_response_beyond_its_stale_window_is_not_used
    a_stale_response_is_used_while_the_origin_is_slow
    no_store_is_not_stored
}

async fn a_fresh_response_needs_no_request(kind: Kind) {
    let (origin, cache) = origin_and_cache(kind, policy("max-age=60")).await;
    let first = cache.get("/page", &[]).await;
    assert!(!first.is_hit());
    let second = cache.get("/page", &[]).await;
    assert!(second.is_hit());
    assert_eq!((second.content, origin.runs()), (TEXT.into(), 1));

    // The cache itself answers a client that has the current representation.
    let known = [("if-none-match", first.tag())];
    let known = cache.get("/page", &known).await;
    assert_eq!((known.status, origin.runs()), (StatusCode::NOT_MODIFIED, 1));
}

/// R-9110-13.1.2-a, R-9110-15.4.5-a: the 304 renews the stored response, with a new lifetime.
async fn a_stale_response_is_revalidated(kind: Kind) {
    let (origin, cache) = origin_and_cache(kind, policy("max-age=1")).await;
    let first = cache.get("/page", &[]).await;
    origin.change_policy(policy("max-age=60"));
    let renewed = until(async || {
        let again = cache.get("/page", &[]).await;
        (!again.is_hit()).then_some(again)
    })
    .await;
    assert_eq!(
        (renewed.status, renewed.tag()),
        (StatusCode::OK, first.tag())
    );
    assert_eq!(renewed.content, TEXT);

    let exchanges = origin.exchanges();
    assert_eq!(exchanges.len(), 2);
    assert_eq!(exchanges[1].status, StatusCode::NOT_MODIFIED);
    assert_eq!(exchanges[1].if_none_match.as_ref().unwrap(), first.tag());

    assert!(cache.get("/page", &[]).await.is_hit());
}

/// R-9111-4-b: a stale response is not used even once, unless the origin allows it.
async fn a_response_beyond_its_stale_window_is_not_used(kind: Kind) {
    let (origin, cache) = origin_and_cache(kind, policy("max-age=1")).await;
    cache.get("/page", &[]).await;
    "new".clone_into(&mut *origin.text().await);
    until(async || {
        let reply = cache.get("/page", &[]).await;
        let expected = if reply.is_hit() { TEXT } else { "new" };
        assert_eq!(reply.content, expected);
        (!reply.is_hit()).then_some(())
    })
    .await;
}

/// R-5861-3-b: a stale response is given out at once, and one request revalidates for all.
async fn a_stale_response_is_used_while_the_origin_is_slow(kind: Kind) {
    let swr = policy("max-age=1, stale-while-revalidate=60");
    let (origin, cache) = origin_and_cache(kind, swr).await;
    cache.get("/page", &[]).await;

    let mut text = origin.text().await;
    until(async || {
        assert_eq!(cache.get("/page", &[]).await.content, TEXT);
        (origin.runs() == 2).then_some(())
    })
    .await;
    for _ in 0..10 {
        assert_eq!(cache.get("/page", &[]).await.content, TEXT);
    }
    assert_eq!(origin.runs(), 2);

    origin.change_policy(policy("max-age=60"));
    *text = "new".to_owned();
    drop(text);
    until(async || {
        let reply = cache.get("/page", &[]).await;
        (reply.content == "new").then_some(())
    })
    .await;
    assert_eq!(origin.runs(), 2);
}

async fn no_store_is_not_stored(kind: Kind) {
    let (origin, cache) = origin_and_cache(kind, policy("no-store")).await;
    for runs in 1..=3 {
        let reply = cache.get("/page", &[]).await;
        assert_eq!((reply.is_hit(), origin.runs()), (false, runs));
    }
}

/// Both caches revalidate without the condition of the client, since they might store the response.
/// Varnish then makes the 304 itself, and nginx cannot.
#[tokio::test]
async fn nginx_sends_no_304_for_responses_it_may_not_store() {
    for (kind, status) in [
        (Kind::Nginx, StatusCode::OK),
        (Kind::Varnish, StatusCode::NOT_MODIFIED),
    ] {
        let (origin, cache) = origin_and_cache(kind, policy("no-cache")).await;
        let first = cache.get("/page", &[]).await;
        let known = [("if-none-match", first.tag())];
        let again = cache.get("/page", &known).await;
        assert_eq!((again.status, again.tag()), (status, first.tag()));
        assert_eq!(origin.exchanges()[1].if_none_match, None);
    }
}
