use std::{future::pending, time::Duration};

use tokio::{
    sync::oneshot,
    task::yield_now,
    time::{sleep, timeout},
};

use super::*;

/// Half a second of work that says when it is done.
fn work() -> (impl Future<Output = u8> + Send, oneshot::Receiver<()>) {
    let (done, is_done) = oneshot::channel();
    let work = async {
        sleep(Duration::from_millis(500)).await;
        done.send(()).unwrap();
        7
    };
    (work, is_done)
}

#[tokio::test(start_paused = true)]
async fn what_is_awaited_gives_its_output() {
    let writes = Detached::new();
    let (work, _is_done) = work();
    let finish = writes.finish(work);
    assert_eq!((writes.len(), writes.is_empty()), (1, false));
    assert_eq!(finish.await, 7);
    assert_eq!((writes.len(), writes.is_empty()), (0, true));
    writes.idle().await;
}

/// Wherever it was given up, even before it began.
#[tokio::test(start_paused = true)]
async fn what_is_given_up_goes_on() {
    for wait in [None, Some(Duration::ZERO), Some(Duration::from_millis(100))] {
        let writes = Detached::new();
        let (work, is_done) = work();
        let finish = writes.finish(work);
        match wait {
            None => drop(finish),
            Some(wait) => assert!(timeout(wait, finish).await.is_err()),
        }
        assert_eq!(writes.len(), 1);
        writes.idle().await;
        is_done.await.expect("done before it was no longer counted");
    }
}

/// Clones share the count, and all who wait are told.
#[tokio::test(start_paused = true)]
async fn all_are_awaited_through_one_handle() {
    let writes = Detached::new();
    let waiting = [writes.clone(), writes.clone()]
        .map(|writes| tokio::spawn(async move { writes.idle().await }));
    yield_now().await;
    assert!(waiting.iter().all(tokio::task::JoinHandle::is_finished));

    let dones = [1, 2].map(|_| {
        let (work, is_done) = work();
        drop(writes.clone().finish(work));
        is_done
    });
    let waiting = [writes.clone(), writes.clone()]
        .map(|writes| tokio::spawn(async move { writes.idle().await }));
    yield_now().await;
    assert!(!waiting.iter().any(tokio::task::JoinHandle::is_finished));
    for done in dones {
        done.await.unwrap();
    }
    for waiting in waiting {
        waiting.await.unwrap();
    }
}

/// Nothing is left to go on with, here or in a task.
#[tokio::test(start_paused = true)]
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

/// Where there is no runtime to go on in, and where that is shut down.
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
