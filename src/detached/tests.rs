use std::{
    future::pending,
    sync::{Mutex, atomic::AtomicBool},
};

use futures_util::FutureExt;
use tokio::{sync::oneshot, task::yield_now};

use super::*;

/// Returns work that waits for a signal and then reports its end.
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
async fn awaited_work_returns_its_output() {
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

/// The future may be dropped at any time, even before its first poll.
#[tokio::test]
async fn dropped_work_continues() {
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

/// Clones share the count, and all waiters are woken.
#[tokio::test]
async fn one_handle_waits_for_all_work() {
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

/// Work that panics does not continue, neither in place nor in a task.
#[tokio::test]
async fn panicked_work_has_ended() {
    let writes = Detached::new();
    let finish = writes.finish(async { panic!("on purpose") });
    let panic = tokio::spawn(finish).await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
    assert!(writes.is_empty());

    drop(writes.finish(async { panic!("on purpose, in a task") }));
    assert_eq!(writes.len(), 1);
    writes.idle().await;
}

/// Outside of a runtime, and in a runtime that has shut down.
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
    // Outside of the runtime, the future still has its handle.
    drop(finish);
    assert_eq!(writes.len(), 1);
    drop(runtime);
    assert!(writes.is_empty());
}

/// Counts the ends of the work it is told of, by the status of its response.
#[derive(Default)]
struct Told(Mutex<Vec<Option<u16>>>);

impl WriteWatch for Told {
    fn work_ended(&self, response: Option<ResponseHead<'_>>) {
        let status = response.map(|head| head.status.as_u16());
        self.0.lock().unwrap().push(status);
    }
}

/// Work that goes on keeps the watch that it began with, and tells it of its end.
#[tokio::test]
async fn a_watch_sees_work_that_goes_on_alone() {
    let (writes, told) = (Detached::new(), Arc::new(Told::default()));
    let watch: SharedWatch = told.clone();
    let respond = |status| async move {
        yield_now().await;
        let response = Response::builder().status(status).body(());
        Ok::<_, ()>(response.unwrap())
    };
    // Awaited to its end: who watches sees the response anyway.
    let awaited = watched(watch.clone(), || writes.finish_write(respond(201)));
    assert!(awaited.await.is_ok());
    assert_eq!(Arc::strong_count(&told), 2);

    drop(watched(watch.clone(), || writes.finish_write(respond(202))));
    drop(watched(watch.clone(), || writes.finish(yield_now())));
    drop(watched(watch.clone(), || {
        writes.finish(async { panic!("on purpose") })
    }));
    drop(watched(watch.clone(), || writes.finish_step(yield_now())));
    drop(writes.finish(yield_now()));
    assert_eq!(Arc::strong_count(&told), 5);
    writes.idle().await;
    assert_eq!(
        Arc::strong_count(&told),
        2,
        "released before the work counts as done"
    );
    let mut ends = std::mem::take(&mut *told.0.lock().unwrap());
    ends.sort_unstable();
    assert_eq!(ends, [None, None, Some(202)]);
}

/// A buffer calls a service in a task of its own. The watch is there when the work is first polled.
#[tokio::test]
async fn a_watch_sees_work_that_it_polls() {
    let (writes, told) = (Detached::new(), Arc::new(Told::default()));
    let mut work = Box::pin(writes.finish(yield_now()));
    let mut step = Box::pin(writes.finish_step(yield_now()));
    watched(told.clone(), || {
        assert!((&mut work).now_or_never().is_none());
        assert!((&mut step).now_or_never().is_none());
    });
    drop((work, step));
    writes.idle().await;
    assert_eq!(*told.0.lock().unwrap(), [None]);
    assert_eq!(Arc::strong_count(&told), 1);
}

/// Work may begin other work, and be dropped before that has ended.
#[tokio::test]
async fn work_of_work_has_its_watch() {
    let (writes, told) = (Detached::new(), Arc::new(Told::default()));
    let (work, go_on, is_done) = work();
    let has_begun = Arc::new(AtomicBool::new(false));
    let begun = {
        let (writes, has_begun) = (writes.clone(), Arc::clone(&has_begun));
        async move {
            yield_now().await;
            // Dropped at once, as by a limit of time.
            drop(writes.finish(work));
            has_begun.store(true, Ordering::SeqCst);
        }
    };
    drop(watched(told.clone(), || writes.finish(begun)));
    while !has_begun.load(Ordering::SeqCst) {
        yield_now().await;
    }
    while writes.len() > 1 {
        yield_now().await;
    }
    assert!(
        Arc::strong_count(&told) > 1,
        "released before the work was done"
    );
    go_on.send(()).unwrap();
    writes.idle().await;
    is_done.await.unwrap();
    assert_eq!(told.0.lock().unwrap().len(), 2);
    assert_eq!(Arc::strong_count(&told), 1);
}
