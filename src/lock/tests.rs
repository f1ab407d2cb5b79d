use std::{
    future::Future,
    num::NonZeroUsize,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    task::{JoinSet, yield_now},
    time::{Instant, advance},
};

use super::{Busy, KeyGuard, KeyedLock};

type Waiting<'a> = Pin<Box<dyn Future<Output = Result<KeyGuard, Busy>> + Send + 'a>>;

/// Starts to wait for a key.
fn wait_for<'a>(lock: &'a KeyedLock, key: &'a str) -> Waiting<'a> {
    let mut waiting: Waiting<'a> = Box::pin(lock.acquire(key));
    assert!(poll(&mut waiting).is_pending());
    waiting
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn held(poll: Poll<Result<KeyGuard, Busy>>) -> KeyGuard {
    match poll {
        Poll::Ready(Ok(guard)) => guard,
        other => panic!("not held: {other:?}"),
    }
}

fn room(keys: usize) -> NonZeroUsize {
    NonZeroUsize::new(keys).expect("more than none")
}

async fn refused(lock: &KeyedLock, key: &str) -> Busy {
    lock.acquire(key).await.expect_err("a limit")
}

/// Panics if two tasks are in it at the same time.
#[derive(Default)]
struct Room(AtomicUsize);

struct Inside<'a>(&'a Room);

impl Room {
    fn enter(&self) -> Inside<'_> {
        assert_eq!(self.0.fetch_add(1, SeqCst), 0, "two at once");
        Inside(self)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, SeqCst);
    }
}

#[test]
fn locks_and_guards_can_be_sent_to_tasks() {
    fn movable<T: Send + 'static>(_: &T) {}
    let lock = KeyedLock::new();
    movable(&lock);
    let guard = held(poll(&mut Box::pin(lock.acquire("a"))));
    movable(&guard);
    assert_eq!(guard.key(), "a");
    // In a task, with keys of each accepted type.
    movable(&async move {
        drop(lock.acquire(String::from("a")).await);
        drop(lock.acquire(Arc::<str>::from("a")).await);
    });
}

/// A free key needs no runtime, and so no timer.
#[test]
fn a_free_key_is_acquired_at_once() {
    let lock = KeyedLock::new();
    let mut guards = Vec::new();
    for key in ["a", "b", ""] {
        guards.push(held(poll(&mut pin!(lock.acquire(key)))));
    }
    assert_eq!(lock.len(), 3);
    drop(guards);
    assert!(lock.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_at_a_time_among_64_tasks() {
    let lock = KeyedLock::new().timeout(Duration::from_secs(300));
    let room = Arc::new(Room::default());
    let sum = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let (lock, room, sum) = (lock.clone(), Arc::clone(&room), Arc::clone(&sum));
        tasks.spawn(async move {
            for _ in 0..50 {
                let _guard = lock.acquire("one").await.expect("in time");
                let _inside = room.enter();
                let before = sum.load(SeqCst);
                yield_now().await;
                sum.store(before + 1, SeqCst);
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(sum.load(SeqCst), 64 * 50);
    assert!(lock.is_empty());
}

#[tokio::test(start_paused = true)]
async fn waiters_are_served_in_their_order() {
    let lock = KeyedLock::new();
    let mut guard = lock.acquire("a").await.expect("free");
    let mut queue: Vec<_> = (0..10).map(|_| wait_for(&lock, "a")).collect();
    // A dropped waiter does not delay the others.
    drop(queue.remove(4));
    while !queue.is_empty() {
        drop(guard);
        // The last waiter is polled first, and still has to wait.
        for waiting in queue[1..].iter_mut().rev() {
            assert!(poll(waiting).is_pending());
        }
        // A newcomer has to wait, too.
        let mut late = wait_for(&lock, "a");
        guard = held(poll(&mut queue.remove(0)));
        assert!(poll(&mut late).is_pending());
    }
    drop(guard);
    assert!(lock.is_empty());
}

#[tokio::test(start_paused = true)]
async fn keys_do_not_wait_for_each_other() {
    let lock = KeyedLock::new();
    let _a = lock.acquire("a").await.expect("free");
    let _waiting = wait_for(&lock, "a");
    let _b = lock.acquire("b").await.expect("free");
    let _clone = lock.clone().acquire("A").await.expect("free");
    assert_eq!(lock.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn clones_share_the_keys_and_not_the_limits() {
    let lock = KeyedLock::new();
    let hasty = lock.clone().max_waiters(0);
    let guard = lock.acquire("a").await.expect("free");
    assert_eq!(refused(&hasty, "a").await, Busy::MaxWaiters(0));
    let waiting = wait_for(&lock, "a");
    assert_eq!((lock.len(), hasty.len()), (1, 1));
    drop((guard, waiting));
    assert!(hasty.acquire("a").await.is_ok());
}

/// Drops a wait at each point of its life.
#[tokio::test(start_paused = true)]
async fn a_dropped_wait_leaves_no_entry() {
    let lock = KeyedLock::new();

    // Before the first poll.
    drop(lock.acquire("a"));
    assert!(lock.is_empty());

    // In the queue.
    let guard = lock.acquire("a").await.expect("free");
    drop(wait_for(&lock, "a"));
    assert_eq!(lock.len(), 1);
    drop(guard);
    assert!(lock.is_empty());

    // After it was woken and before it was polled: the next waiter gets the key.
    let guard = lock.acquire("a").await.expect("free");
    let (first, mut second) = (wait_for(&lock, "a"), wait_for(&lock, "a"));
    drop(guard);
    drop(first);
    let guard = held(poll(&mut second));
    assert_eq!(lock.len(), 1);

    // After it was woken, with no next waiter.
    let last = wait_for(&lock, "a");
    drop(guard);
    drop(last);
    assert!(lock.is_empty());
    assert!(lock.acquire("a").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_panic_releases_the_key() {
    let lock = KeyedLock::new();
    let task = tokio::spawn({
        let lock = lock.clone();
        async move {
            let _guard = lock.acquire("a").await.expect("free");
            yield_now().await;
            panic!("while it holds the key");
        }
    });
    yield_now().await;
    let guard = lock.acquire("a").await.expect("released");
    assert!(task.await.expect_err("it panicked").is_panic());
    drop(guard);
    assert!(lock.is_empty());
}

#[test]
fn a_poisoned_map_is_still_used() {
    let lock = KeyedLock::new();
    let keys = Arc::clone(lock.keys());
    let thread = std::thread::spawn(move || {
        let _live = keys.live();
        panic!("while it holds the map");
    });
    assert!(thread.join().is_err());
    drop(held(poll(&mut pin!(lock.acquire("a")))));
    assert!(lock.is_empty());
}

#[tokio::test(start_paused = true)]
async fn keys_are_bounded() {
    let lock = KeyedLock::new().max_keys(room(2));
    let a = lock.acquire("a").await.expect("free");
    let _b = lock.acquire("b").await.expect("free");
    assert_eq!(refused(&lock, "c").await, Busy::MaxKeys(2));
    // Waiting for a key that is held adds no key.
    let waiting = wait_for(&lock, "a");
    drop(a);
    assert_eq!(refused(&lock, "c").await, Busy::MaxKeys(2));
    drop(waiting);
    assert!(lock.acquire("c").await.is_ok());
    assert_eq!(lock.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn waiters_are_bounded() {
    for most in [0, 1, 3] {
        let lock = KeyedLock::new().max_waiters(most);
        let guard = lock.acquire("a").await.expect("free");
        let mut queue: Vec<_> = (0..most).map(|_| wait_for(&lock, "a")).collect();
        assert_eq!(refused(&lock, "a").await, Busy::MaxWaiters(most));
        // Each key has a queue of its own.
        assert!(lock.acquire("b").await.is_ok());
        if let Some(left) = queue.pop() {
            drop(left);
            queue.push(wait_for(&lock, "a"));
        }
        assert_eq!(refused(&lock, "a").await, Busy::MaxWaiters(most));
        drop(guard);
        if !queue.is_empty() {
            let _guard = held(poll(&mut queue.remove(0)));
            queue.push(wait_for(&lock, "a"));
            assert_eq!(refused(&lock, "a").await, Busy::MaxWaiters(most));
        }
        drop(queue);
        assert!(lock.is_empty());
    }
    let lock = KeyedLock::new().max_waiters(usize::MAX);
    let _guard = lock.acquire("a").await.expect("free");
    let _waiting = wait_for(&lock, "a");
}

#[tokio::test(start_paused = true)]
async fn waits_are_bounded() {
    let lock = KeyedLock::new().timeout(Duration::from_secs(3));
    let guard = lock.acquire("a").await.expect("free");

    let began = Instant::now();
    assert_eq!(
        refused(&lock, "a").await,
        Busy::Timeout(Duration::from_secs(3))
    );
    let waited = began.elapsed();
    assert!((3000..=3001).contains(&waited.as_millis()), "{waited:?}");

    // One millisecond before the timeout it can still get the key.
    let mut waiting = wait_for(&lock, "a");
    advance(Duration::from_millis(2999)).await;
    assert!(poll(&mut waiting).is_pending());
    drop(guard);
    let guard = held(poll(&mut waiting));

    // A key that is free at the time of the timeout is acquired.
    let mut waiting = wait_for(&lock, "a");
    advance(Duration::from_secs(4)).await;
    drop(guard);
    drop(held(poll(&mut waiting)));
    drop(waiting);
    assert!(lock.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_default_timeout_is_ten_seconds() {
    let lock = KeyedLock::default();
    let _guard = lock.acquire("a").await.expect("free");
    let mut waiting = wait_for(&lock, "a");
    advance(Duration::from_millis(9_999)).await;
    assert!(poll(&mut waiting).is_pending());
    advance(Duration::from_millis(2)).await;
    let Poll::Ready(Err(busy)) = poll(&mut waiting) else {
        panic!("still waiting");
    };
    assert_eq!(
        busy.to_string(),
        "the key was held for longer than the `timeout` of 10s"
    );

    let endless = lock.clone().timeout(Duration::MAX);
    let mut waiting = wait_for(&endless, "a");
    advance(Duration::from_secs(1 << 20)).await;
    assert!(poll(&mut waiting).is_pending());

    let hasty = lock.clone().timeout(Duration::ZERO);
    assert_eq!(refused(&hasty, "a").await, Busy::Timeout(Duration::ZERO));
}

#[test]
#[should_panic(expected = "invalid hold timeout 0ns: each handler that waits would be dropped")]
fn a_hold_timeout_of_zero_is_refused() {
    let _ = KeyedLock::new().hold_timeout(Duration::ZERO);
}

/// Tasks that hold, wait, give up, are aborted and panic at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_mixed_tasks_leave_no_entry() {
    const KEYS: usize = 5;
    let lock = KeyedLock::new().max_keys(room(4)).max_waiters(20);
    let rooms: Arc<[Room; KEYS]> = Arc::default();
    let mut tasks = JoinSet::new();
    for number in 0..2000_usize {
        let (lock, rooms) = (lock.clone(), Arc::clone(&rooms));
        let chance = number.wrapping_mul(0x9e37_79b9).rotate_right(7);
        let task = tasks.spawn(async move {
            let at = chance % KEYS;
            let lock = lock.timeout(Duration::from_millis(chance as u64 % 3));
            let mut acquire = pin!(lock.acquire(format!("notes/{at}")));
            if chance % 7 == 0 {
                let _dropped = poll(&mut acquire);
                return;
            }
            let Ok(_guard) = acquire.await else { return };
            let _inside = rooms[at].enter();
            yield_now().await;
            assert!(chance % 11 != 0, "on purpose");
        });
        if chance % 5 == 0 {
            task.abort();
        }
        if number % 50 == 0 {
            yield_now().await;
        }
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended
            && error.is_panic()
        {
            let said = error.into_panic();
            assert_eq!(said.downcast_ref(), Some(&"on purpose"), "two at once");
        }
    }
    assert_eq!(lock.len(), 0);
}

#[test]
fn debug_shows_limits_and_no_keys() {
    let lock = KeyedLock::new();
    let guard = held(poll(&mut pin!(lock.acquire("secret/1"))));
    let shown = format!("{lock:?}");
    assert!(shown.contains("len: 1") && !shown.contains("secret"));
    assert_eq!(format!("{guard:?}"), "KeyGuard(\"secret/1\")");
}

/// Issue 12: the map gives memory back after a flood, and keeps enough for a few keys.
#[tokio::test]
async fn the_map_shrinks_after_a_flood() {
    let lock = KeyedLock::new();
    let mut guards = Vec::new();
    for key in 0..10_000 {
        guards.push(lock.acquire(key.to_string()).await.unwrap());
    }
    assert!(lock.keys().live().capacity() >= 10_000);
    drop(guards);
    assert!(lock.keys().live().capacity() < 200);
    drop(lock.acquire("one").await.unwrap());
    assert!(lock.keys().live().capacity() >= 32);
}
