//! Purgers that choose what they send.

use std::time::Duration;

use tokio::time::timeout;

use super::tagged;
use crate::{
    purge::{NotPurged, Purge, PurgeError, PurgeQueue, Purger},
    test_support::Log,
};

/// A cache without targets, whose only tag is `site`. It refuses each purge.
struct WholeSite(Log);

impl Purger for WholeSite {
    type Error = NotPurged;

    async fn purge(&self, purge: &Purge) -> Result<(), NotPurged> {
        let tags = purge.tags().map(AsRef::as_ref).collect::<Vec<_>>();
        self.0.note(tags.join(" "));
        Err(NotPurged::refused("not allowed"))
    }

    fn parts(&self, purge: Purge) -> Vec<Purge> {
        let has_tags = purge.tags().next().is_some();
        has_tags.then(|| tagged(&["site"])).into_iter().collect()
    }
}

/// A purge of which nothing is sent is done, and nobody waits for it.
#[tokio::test(start_paused = true)]
async fn a_purge_without_parts_ends() {
    let log = Log::default();
    let queue = PurgeQueue::new(WholeSite(log.clone()));
    let ticket = queue.enqueue(Purge::new().with_target("/a".parse().expect("a target")));
    // Far longer than every pause of the queue.
    let result = timeout(Duration::from_secs(86_400), ticket).await;
    assert_eq!(result, Ok(Ok(())));
    assert!(log.take().is_empty());
}

/// A part with other names than those of the purge belongs to it, and so does its result.
#[tokio::test(start_paused = true)]
async fn a_part_with_other_names_has_the_result() {
    let log = Log::default();
    let queue = PurgeQueue::new(WholeSite(log.clone()));
    let result = queue.enqueue(tagged(&["page"])).await;
    assert_eq!(result, Err(PurgeError::Refused));
    assert_eq!(log.take(), ["site"]);
    assert_eq!(queue.failed(), 1);
}
