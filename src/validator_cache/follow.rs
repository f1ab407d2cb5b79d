use std::{future::Future, future::pending};

use super::ValidatorCache;
use crate::{events, purge::Purge, store::ValidatorStore};

/// An event from writers that the layer does not see.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeEvent {
    /// Events arrive from now on. Those before may be lost, so everything may have changed.
    Connected,
    /// Something has changed.
    Changed(Purge),
    /// Events may be lost from now on, until the next [`Connected`](Self::Connected).
    Disconnected,
}

/// A stream of changes: a subscription to a broker, or `LISTEN` in PostgreSQL
/// (`PostgresChangeFeed` of the crate `tower-conditional-postgres`).
///
/// A subscription reports [`ChangeEvent::Connected`] after each connection, once it is
/// established:
///
/// ```
/// use tokio::sync::mpsc;
/// use tower_conditional::validator_cache::{ChangeEvent, ChangeFeed};
///
/// struct Subscription(mpsc::Receiver<ChangeEvent>);
///
/// impl ChangeFeed for Subscription {
///     async fn next(&mut self) -> Option<ChangeEvent> {
///         self.0.recv().await
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a feed of changes",
    label = "not a feed of changes",
    note = "implement `ChangeFeed`: its `next` returns the next event, and `None` at the end"
)]
pub trait ChangeFeed: Send {
    /// Waits for the next event. `None` is the end.
    fn next(&mut self) -> impl Future<Output = Option<ChangeEvent>> + Send;
}

impl<St: ValidatorStore> ValidatorCache<St> {
    /// Forgets what the events of a feed name. Run it in a task for as long as the service runs.
    ///
    /// While the feed is not connected, nothing is answered from the cache. Each connection
    /// forgets everything, since events were lost before it. A change is in effect when its event
    /// arrives, so a 304 may be stale between a commit and its event.
    ///
    /// It never returns. After the end of the feed, nothing is answered from the cache. Drop the
    /// future to use the cache without the feed.
    pub async fn follow(&self, mut feed: impl ChangeFeed) {
        // Nobody knows what has changed before the first connection.
        let mut gap = Some(self.suspend());
        while let Some(event) = feed.next().await {
            match event {
                ChangeEvent::Connected => {
                    // First, so that no read comes between the two.
                    self.soft_invalidate_all();
                    gap = None;
                }
                ChangeEvent::Changed(purge) => self.soft_invalidate(&purge),
                ChangeEvent::Disconnected => gap = Some(self.suspend()),
            }
        }
        let _gap = gap.or_else(|| Some(self.suspend()));
        events::change_feed_ended();
        pending().await
    }
}
