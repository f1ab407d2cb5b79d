//! The private response of each client.

use http::StatusCode;
use serde_json::Value;

use crate::support::{Client, Kind, notes_and_cache, through_each_cache};

through_each_cache! {
    callers_never_mix
    responses_to_credentials_are_not_stored
}

/// R-9111-3.5-a: responses do not mix, even over one connection.
async fn callers_never_mix(kind: Kind) {
    let (_notes, cache) = notes_and_cache(kind).await;
    let kept = Client::on_one_connection(cache.address());
    for round in 0..100 {
        let caller = ["ada", "bob"][round % 2];
        let credentials = format!("Bearer {caller}");
        let fields = [("authorization", &*credentials)];
        for reply in [
            kept.get("/private/me", &fields).await,
            cache.get("/private/me", &fields).await,
        ] {
            let me: Value = serde_json::from_slice(&reply.content).unwrap();
            assert_eq!((&me["name"], reply.is_hit()), (&caller.into(), false));
        }
        let nobody = kept.get("/private/me", &[]).await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    }
}

/// R-9111-3.5-a
async fn responses_to_credentials_are_not_stored(kind: Kind) {
    let (_notes, cache) = notes_and_cache(kind).await;
    let ada = ("authorization", "Bearer ada");
    for path in ["/pages/home", "/files/1k.json"] {
        for _ in 0..2 {
            let reply = cache.get(path, &[ada]).await;
            assert_eq!((reply.status, reply.is_hit()), (StatusCode::OK, false));
        }
        assert!(!cache.get(path, &[]).await.is_hit());
        assert!(cache.get(path, &[]).await.is_hit());
    }
}
