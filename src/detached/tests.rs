use std::future::pending;

use futures_util::FutureExt;
use tokio::{sync::oneshot, task::yield_now};

use super::*;

/// Work that goes on when it is told to, and says when it is done.
fn work() -> (
    impl Future<Output = u8> + Send,
    oneshot::Sender<()>,
    oneshot::Receiver<()>,
) {
    let (go_on, gone_on) = oneshot::channel();
    let (done, is_done) = oneshot::channel();
    let work = async {
        gone_on.await.unwrap();
        done.send(()).unwrap();
        7
    };
    (work, go_on, is_done)
}

#[tokio::test]
async fn what_is_awaited_gives_its_output() {
    let writes = Detached::new();
    let (work, go_on, _is_done) = work();
    let mut finish = writes.finish(work);
    assert_eq!((writes.len(), writes.is_empty()), (1, false));
    assert!((&mut finish).now_or_never().is_none());
    go_on.send(()).unwrap();
    assert_eq!(finish.await, 7);
    assert_eq!((writes.len(), writes.is_empty()), (0, true));
    writes.idle().await;
}

/// Wherever it was given up, even before it began.
#[tokio::test]
async fn what_is_given_up_goes_on() {
    for polls in 0..3 {
        let writes = Detached::new();
        let (work, go_on, is_done) = work();
        let mut finish = writes.finish(work);
        for _ in 0..polls {
            assert!((&mut finish).now_or_never().is_none());
        }
        drop(finish);
        yield_now().await;
        assert_eq!(writes.len(), 1);
        go_on.send(()).unwrap();
        writes.idle().await;
        is_done.await.expect("done before it was no longer counted");
    }
}

/// Clones share the count, and all who wait are told.
#[tokio::test]
async fn all_are_awaited_through_one_handle() {
    let writes = Detached::new();
    let wait = || {
        [writes.clone(), writes.clone()]
            .map(|writes| tokio::spawn(async move { writes.idle().await }))
    };
    let is_over = tokio::task::JoinHandle::is_finished;
    let waiting = wait();
    yield_now().await;
    assert!(waiting.iter().all(is_over));

    let works = [(); 2].map(|()| {
        let (work, go_on, is_done) = work();
        drop(writes.clone().finish(work));
        (go_on, is_done)
    });
    let waiting = wait();
    for (go_on, is_done) in works {
        yield_now().await;
        assert!(!waiting.iter().any(is_over));
        go_on.send(()).unwrap();
        is_done.await.unwrap();
    }
    for waiting in waiting {
        waiting.await.unwrap();
    }
}

/// Nothing is left to go on with, here or in a task.
#[tokio::test]
async fn what_panics_has_ended() {
    let writes = Detached::new();
    let finish = writes.finish(async { panic!("on purpose") });
    let panic = tokio::spawn(finish).await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
    assert!(writes.is_empty());

    drop(writes.finish(async { panic!("on purpose, in a task") }));
    assert_eq!(writes.len(), 1);
    writes.idle().await;
}

/// Outside of a runtime, and in one that is shut down.
#[test]
fn without_a_runtime_the_rest_is_dropped() {
    let writes = Detached::new();
    drop(writes.finish(pending::<()>()));
    assert!(writes.is_empty());

    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let finish = {
        let _inside = runtime.enter();
        writes.finish(pending::<()>())
    };
    // Outside of the runtime it still knows where it began.
    drop(finish);
    assert_eq!(writes.len(), 1);
    drop(runtime);
    assert!(writes.is_empty());
}
