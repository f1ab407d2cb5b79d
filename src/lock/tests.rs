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

/// Takes a place in the queue.
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

/// Panics if another is here at the same time.
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
fn what_is_handed_around_can_be() {
    fn movable<T: Send + 'static>(_: &T) {}
    let lock = KeyedLock::new();
    movable(&lock);
    let guard = held(poll(&mut Box::pin(lock.acquire("a"))));
    movable(&guard);
    assert_eq!(guard.key(), "a");
    // In a task of its own, with keys of every kind.
    movable(&async move {
        drop(lock.acquire(String::from("a")).await);
        drop(lock.acquire(Arc::<str>::from("a")).await);
    });
}

/// A lock that is free needs no runtime, and therefore no timer.
#[test]
fn a_free_key_is_had_at_once() {
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
    let lock = KeyedLock::new().patience(Duration::from_secs(300));
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
async fn first_come_first_served() {
    let lock = KeyedLock::new();
    let mut guard = lock.acquire("a").await.expect("free");
    let mut queue: Vec<_> = (0..10).map(|_| wait_for(&lock, "a")).collect();
    // One who goes away holds up nobody.
    drop(queue.remove(4));
    while !queue.is_empty() {
        drop(guard);
        // The last asks first, and it is not its turn.
        for waiting in queue[1..].iter_mut().rev() {
            assert!(poll(waiting).is_pending());
        }
        // Nor that of one who comes in between.
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
    let hasty = lock.clone().waiters(0);
    let guard = lock.acquire("a").await.expect("free");
    assert_eq!(refused(&hasty, "a").await, Busy::Waiters);
    let waiting = wait_for(&lock, "a");
    assert_eq!((lock.len(), hasty.len()), (1, 1));
    drop((guard, waiting));
    assert!(hasty.acquire("a").await.is_ok());
}

/// At each point where a wait can be dropped.
#[tokio::test(start_paused = true)]
async fn a_wait_that_is_dropped_leaves_nothing() {
    let lock = KeyedLock::new();

    // Before it began.
    drop(lock.acquire("a"));
    assert!(lock.is_empty());

    // In the queue.
    let guard = lock.acquire("a").await.expect("free");
    drop(wait_for(&lock, "a"));
    assert_eq!(lock.len(), 1);
    drop(guard);
    assert!(lock.is_empty());

    // In the queue, and after its turn came unseen: the next one has it.
    let guard = lock.acquire("a").await.expect("free");
    let (first, mut second) = (wait_for(&lock, "a"), wait_for(&lock, "a"));
    drop(guard);
    drop(first);
    let guard = held(poll(&mut second));
    assert_eq!(lock.len(), 1);

    // After its turn came, and nobody is next.
    let last = wait_for(&lock, "a");
    drop(guard);
    drop(last);
    assert!(lock.is_empty());
    assert!(lock.acquire("a").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_panic_lets_go() {
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
fn a_poisoned_map_goes_on() {
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
    let lock = KeyedLock::new().capacity(room(2));
    let a = lock.acquire("a").await.expect("free");
    let _b = lock.acquire("b").await.expect("free");
    assert_eq!(refused(&lock, "c").await, Busy::Keys);
    // A live key takes no further room.
    let waiting = wait_for(&lock, "a");
    drop(a);
    assert_eq!(refused(&lock, "c").await, Busy::Keys);
    drop(waiting);
    assert!(lock.acquire("c").await.is_ok());
    assert_eq!(lock.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn waiters_are_bounded() {
    for most in [0, 1, 3] {
        let lock = KeyedLock::new().waiters(most);
        let guard = lock.acquire("a").await.expect("free");
        let mut queue: Vec<_> = (0..most).map(|_| wait_for(&lock, "a")).collect();
        assert_eq!(refused(&lock, "a").await, Busy::Waiters);
        // Each key has a queue of its own.
        assert!(lock.acquire("b").await.is_ok());
        if let Some(left) = queue.pop() {
            drop(left);
            queue.push(wait_for(&lock, "a"));
        }
        assert_eq!(refused(&lock, "a").await, Busy::Waiters);
        drop(guard);
        if !queue.is_empty() {
            let _guard = held(poll(&mut queue.remove(0)));
            queue.push(wait_for(&lock, "a"));
            assert_eq!(refused(&lock, "a").await, Busy::Waiters);
        }
        drop(queue);
        assert!(lock.is_empty());
    }
    let lock = KeyedLock::new().waiters(usize::MAX);
    let _guard = lock.acquire("a").await.expect("free");
    let _waiting = wait_for(&lock, "a");
}

#[tokio::test(start_paused = true)]
async fn patience_is_bounded() {
    let lock = KeyedLock::new().patience(Duration::from_secs(3));
    let guard = lock.acquire("a").await.expect("free");

    let began = Instant::now();
    assert_eq!(refused(&lock, "a").await, Busy::Patience);
    let waited = began.elapsed();
    assert!((3000..=3001).contains(&waited.as_millis()), "{waited:?}");

    // Until the very end it can still have its turn.
    let mut waiting = wait_for(&lock, "a");
    advance(Duration::from_millis(2999)).await;
    assert!(poll(&mut waiting).is_pending());
    drop(guard);
    let guard = held(poll(&mut waiting));

    // A turn that comes with the end counts.
    let mut waiting = wait_for(&lock, "a");
    advance(Duration::from_secs(4)).await;
    drop(guard);
    drop(held(poll(&mut waiting)));
    drop(waiting);
    assert!(lock.is_empty());
}

#[tokio::test(start_paused = true)]
async fn ten_seconds_unless_told_otherwise() {
    let lock = KeyedLock::default();
    let _guard = lock.acquire("a").await.expect("free");
    let mut waiting = wait_for(&lock, "a");
    advance(Duration::from_millis(9_999)).await;
    assert!(poll(&mut waiting).is_pending());
    advance(Duration::from_millis(2)).await;
    let Poll::Ready(Err(busy)) = poll(&mut waiting) else {
        panic!("still waiting");
    };
    assert_eq!(busy.to_string(), "the key was held for too long");

    let endless = lock.clone().patience(Duration::MAX);
    let mut waiting = wait_for(&endless, "a");
    advance(Duration::from_secs(1 << 20)).await;
    assert!(poll(&mut waiting).is_pending());

    let hasty = lock.clone().patience(Duration::ZERO);
    assert_eq!(refused(&hasty, "a").await, Busy::Patience);
}

/// Holding, waiting, giving up, being aborted and panicking, all at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_left_after_a_storm() {
    const KEYS: usize = 5;
    let lock = KeyedLock::new().capacity(room(4)).waiters(20);
    let rooms: Arc<[Room; KEYS]> = Arc::default();
    let mut tasks = JoinSet::new();
    for number in 0..2000_usize {
        let (lock, rooms) = (lock.clone(), Arc::clone(&rooms));
        let chance = number.wrapping_mul(0x9e37_79b9).rotate_right(7);
        let task = tasks.spawn(async move {
            let at = chance % KEYS;
            let lock = lock.patience(Duration::from_millis(chance as u64 % 3));
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

/// Issue 12: a flood of keys leaves no room behind, and few keys need not make it anew.
#[tokio::test]
async fn room_is_given_back() {
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
