use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

use crate::purge::NotPurged;

/// Runs all futures, at most `most` at a time, and returns the error of the first that failed.
///
/// An error that is retried takes precedence over final ones. With a final error the queue
/// would not retry the others.
pub(super) async fn run_bounded<F>(
    futures: impl Iterator<Item = F>,
    most: usize,
) -> Result<(), NotPurged>
where
    F: Future<Output = Result<(), NotPurged>>,
{
    let mut waiting = futures.enumerate();
    let mut running: Vec<(usize, Pin<Box<F>>)> = Vec::with_capacity(most);
    let mut first: Option<(bool, usize, NotPurged)> = None;
    poll_fn(|cx| {
        loop {
            // Finished futures make room for further ones, which must be polled once.
            let room = most - running.len();
            running.extend(waiting.by_ref().take(room).map(|(at, f)| (at, Box::pin(f))));
            let started = running.len();
            running.retain_mut(|(at, future)| match future.as_mut().poll(cx) {
                Poll::Ready(Ok(())) => false,
                Poll::Ready(Err(error)) => {
                    let rank = (error.is_final(), *at);
                    let goes_first = |(last, at, _): &(bool, usize, _)| rank < (*last, *at);
                    if first.as_ref().is_none_or(goes_first) {
                        first = Some((rank.0, rank.1, error));
                    }
                    false
                }
                Poll::Pending => true,
            });
            if running.len() == started {
                break;
            }
        }
        if running.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    first.map_or(Ok(()), |(_, _, error)| Err(error))
}
