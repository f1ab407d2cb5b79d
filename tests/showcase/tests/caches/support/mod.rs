//! Real caches, the origin behind them, and a client in front.

mod cache;
mod client;
mod nginx;
mod notes;
mod origin;
mod process;
#[path = "../../../../wire/support/server.rs"]
mod server;
mod squid;
mod varnish;

use std::{future::Future, time::Duration};

use tokio::time;
use tower_conditional::cache_policy::CachePolicy;

pub(crate) use {
    cache::{Cache, Kind},
    client::{Client, Reply},
    notes::{Notes, ReservedAddress, notes_and_cache},
    origin::{Origin, TEXT},
};

/// Runs each of these tests through each cache: `a_test::nginx`, `a_test::varnish`.
macro_rules! through_each_cache {
    ($($test:ident)*) => {$(
        mod $test {
            #[tokio::test]
            async fn nginx() {
                super::$test($crate::support::Kind::Nginx).await;
            }

            #[tokio::test]
            async fn varnish() {
                super::$test($crate::support::Kind::Varnish).await;
            }
        }
    )*};
}
pub(crate) use through_each_cache;

/// Returns a policy with this `Cache-Control`.
pub(crate) fn policy(directives: &str) -> CachePolicy {
    CachePolicy::new(directives.parse().unwrap()).unwrap()
}

/// Starts a cache of this kind, and behind it an origin with this policy.
pub(crate) async fn origin_and_cache(kind: Kind, policy: CachePolicy) -> (Origin, Cache) {
    let origin = Origin::start(policy).await;
    let cache = Cache::start(kind, origin.address()).await;
    (origin, cache)
}

/// Sends a request again and again, since nothing tells when a cached response becomes stale or
/// fresh.
pub(crate) async fn until<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    in_time(async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

/// Fails the test instead of hanging. Nothing here takes this long without a fault.
pub(crate) async fn in_time<F: Future>(future: F) -> F::Output {
    time::timeout(Duration::from_secs(60), future)
        .await
        .expect("an answer in time")
}
