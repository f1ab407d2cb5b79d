use std::future::{Future, pending};

use super::{ValidatorCache, state::Suspension};
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
    /// It never returns. After the end of the feed, nothing is answered from the cache. Dropping the
    /// future in a gap forgets everything; later changes are then seen after the time to live.
    pub async fn follow(&self, mut feed: impl ChangeFeed) {
        // Nobody knows what has changed before the first connection.
        let mut gap = Some(Gap::new(self));
        while let Some(event) = feed.next().await {
            match event {
                // The end of a gap forgets everything.
                ChangeEvent::Connected => drop(gap.take().unwrap_or_else(|| Gap::new(self))),
                ChangeEvent::Changed(purge) => self.soft_invalidate(&purge),
                ChangeEvent::Disconnected => gap = Some(gap.unwrap_or_else(|| Gap::new(self))),
            }
        }
        let _gap = gap.unwrap_or_else(|| Gap::new(self));
        events::change_feed_ended();
        pending().await
    }
}

/// A time in which events may be lost. Its end forgets everything, also if the feed panics or is
/// no longer followed.
struct Gap<'a, St: ValidatorStore> {
    cache: &'a ValidatorCache<St>,
    // Dropped after `drop`, so that no read comes between the two.
    _suspension: Suspension,
}

impl<'a, St: ValidatorStore> Gap<'a, St> {
    fn new(cache: &'a ValidatorCache<St>) -> Self {
        Self {
            cache,
            _suspension: Suspension::new(&cache.state),
        }
    }
}

impl<St: ValidatorStore> Drop for Gap<'_, St> {
    fn drop(&mut self) {
        self.cache.soft_invalidate_all();
    }
}
