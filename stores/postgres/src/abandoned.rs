//! Connections whose callers have gone while a statement may still run.
//!
//! The server does not notice that a client has gone while a statement waits for a lock. A closed
//! connection would then leave a session that nobody counts. So a connection stays open until the
//! server has answered. The place in the pool is free at once, as long as fewer connections are
//! open in this way than the pool has places. Beyond that, a connection keeps its place.
//!
//! The statement is not canceled. A commit that waits for a replica would look done.

use std::{
    collections::BTreeMap,
    ptr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use deadpool_postgres::{Object, Pool};
use tokio::runtime::Handle;
use tokio_postgres::Client;

/// The numbers of connections that have left their pools and are open, by the pools' addresses.
static OUTSIDE: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());

/// Closes a connection once its statements have ended.
pub(crate) fn close(connection: Object) {
    let Ok(runtime) = Handle::try_current() else {
        drop(Object::take(connection));
        return;
    };
    match Object::pool(&connection).and_then(|pool| Outside::count(&pool)) {
        Some(counted) => {
            let connection = Object::take(connection);
            runtime.spawn(async move {
                wait_until_idle(&connection).await;
                drop((connection, counted));
            });
        }
        None => {
            runtime.spawn(async move {
                wait_until_idle(&connection).await;
                drop(Object::take(connection));
            });
        }
    }
}

/// Waits for the answers to all statements, or until the connection breaks.
async fn wait_until_idle(client: &Client) {
    let _ = client.simple_query("").await;
}

/// One connection that counts as open outside of its pool.
struct Outside(usize);

impl Outside {
    /// Returns `None` if as many are outside as the pool has places.
    fn count(pool: &Pool) -> Option<Self> {
        let address = ptr::from_ref(pool.manager()).addr();
        let mut outside = lock();
        let number = outside.entry(address).or_default();
        if *number >= pool.status().max_size {
            return None;
        }
        *number += 1;
        Some(Self(address))
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let mut outside = lock();
        if let Some(number) = outside.get_mut(&self.0) {
            *number -= 1;
            if *number == 0 {
                outside.remove(&self.0);
            }
        }
    }
}

fn lock() -> MutexGuard<'static, BTreeMap<usize, usize>> {
    OUTSIDE.lock().unwrap_or_else(PoisonError::into_inner)
}
