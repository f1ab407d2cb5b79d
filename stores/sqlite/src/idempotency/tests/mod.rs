use std::{
    future::ready,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tower_conditional::{clock::ManualClock, store::contract};

use super::SqliteIdempotencyStore;
use crate::{Database, test_support::TempFile};

mod keyed;

#[tokio::test]
async fn the_store_keeps_the_rules() {
    let file = TempFile::new();
    let database = Database::open(&file).unwrap();
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
    let store = SqliteIdempotencyStore::new(database).clock(clock.clone());
    store.install().await.unwrap();
    store.install().await.unwrap();
    let pass = |time| {
        clock.advance(time);
        ready(())
    };
    contract::check(&Arc::new(store), Duration::from_secs(10), pass)
        .await
        .unwrap();
}
