use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

/// Runs all of them, so many at a time, and gives the error of the first that
/// failed, in their order.
pub(super) async fn together<F, E>(futures: impl Iterator<Item = F>, most: usize) -> Result<(), E>
where
    F: Future<Output = Result<(), E>>,
{
    let mut waiting = futures.enumerate();
    let mut running: Vec<(usize, Pin<Box<F>>)> = Vec::with_capacity(most);
    let mut first: Option<(usize, E)> = None;
    poll_fn(|cx| {
        loop {
            let room = most - running.len();
            running.extend(waiting.by_ref().take(room).map(|(at, f)| (at, Box::pin(f))));
            let started = running.len();
            running.retain_mut(|(at, future)| match future.as_mut().poll(cx) {
                Poll::Ready(Ok(())) => false,
                Poll::Ready(Err(error)) => {
                    if first.as_ref().is_none_or(|(other, _)| *at < *other) {
                        first = Some((*at, error));
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
    first.map_or(Ok(()), |(_, error)| Err(error))
}
