//! A fail-over after which both servers answer as primaries: the old one is cut off from the
//! other servers, and some processes still reach it.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use tower_conditional::{
    Validators,
    clock::Clock,
    store::validators::{FillOutcome, Grant, Lookup, ValidatorStore, WriteEnd, WriteTarget},
};
use tower_conditional_testing::{Engine, RedisServer};

use super::support::{MINUTE, Steps, Store, TestStore, entry, key, reader, write};
use crate::seeded::{Draw, seeds};

const MILLISECOND: Duration = Duration::from_millis(1);

/// The store of a process on the old primary, and of one on the new primary.
struct TwoPrimaries {
    _servers: [RedisServer; 2],
    test: TestStore,
    stores: [Store; 2],
}

const SIDES: [&str; 2] = ["the old primary", "the new primary"];

impl TwoPrimaries {
    /// Starts both, with their grace periods over.
    async fn start(engine: Engine) -> Self {
        let old = RedisServer::start(engine);
        let test = TestStore::open(&old).await;
        let new = old.start_replica();
        // The first replica of a server changes the identity of its data.
        test.pass_grace().await;
        new.wait_until_in_sync_with(&old);
        new.promote();
        let other = test.open_beside(&new, |builder| builder).await;
        assert_eq!(other.try_lease(0, 0).await, "written");
        test.clock.advance(MINUTE);
        let stores = [test.store.clone(), other];
        Self {
            _servers: [old, new],
            test,
            stores,
        }
    }
}

/// The documented bound is exact, and holds for readers on either side.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_to_one_primary_is_stale_on_the_other_for_max_entry_ttl() {
    for engine in Engine::tested() {
        let both = TwoPrimaries::start(engine).await;
        for (writing, reading) in [(0, 1), (1, 0)] {
            let context = format!("{engine:?}, a write to {}", SIDES[writing]);
            let (writer, readers) = (&both.stores[writing], &both.stores[reading]);
            readers.fill_new(1, 1).await;
            writer.fill_new(1, 2).await;
            // This reader has seen the state before the commit, and fills later.
            let late = readers.lease(2, 3).await;
            let intent = write(4, [1, 2].map(|number| WriteTarget::Key(key(number))));
            writer.begin(&intent).await;
            assert_eq!(writer.end(&intent).await, WriteEnd::Ended, "{context}");
            assert_eq!(writer.look(1).await, "miss", "{context}");
            let filled = readers.put(2, late, "before").await;
            assert_eq!(filled, FillOutcome::Stored, "{context}");
            both.test.clock.advance(MINUTE - MILLISECOND);
            for number in [1, 2] {
                assert_eq!(readers.look(number).await, "hit", "{context}");
            }
            both.test.clock.advance(MILLISECOND);
            for number in [1, 2] {
                assert_eq!(readers.look(number).await, "miss", "{context}");
            }
        }
    }
}

/// A write that its client knows of.
struct AcknowledgedWrite {
    side: usize,
    content: u64,
    at: SystemTime,
}

/// A reader that has the lease, and the content that it has read.
struct UnfilledRead {
    side: usize,
    number: u8,
    grant: Grant,
    content: u64,
}

/// The content of each key in the database, which both sides share.
struct SharedContent<'a> {
    both: &'a TwoPrimaries,
    contents: HashMap<u8, u64>,
    acknowledged: HashMap<u8, Vec<AcknowledgedWrite>>,
    unfilled: Vec<UnfilledRead>,
    operations: u64,
    /// The number of stale answers by the side of the reader.
    stale: [usize; 2],
}

/// Random reads and writes on both sides: stale answers occur on both, and none of them is for
/// content that was replaced `max_entry_ttl` ago.
#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_stale_for_longer_than_max_entry_ttl() {
    for engine in Engine::tested() {
        let both = TwoPrimaries::start(engine).await;
        let mut shared = SharedContent {
            both: &both,
            contents: HashMap::new(),
            acknowledged: HashMap::new(),
            unfilled: Vec::new(),
            operations: 10,
            stale: [0; 2],
        };
        for seed in seeds("TWO_PRIMARIES", 4) {
            let mut draw = Draw::new(seed);
            for step in 0..200 {
                let context = format!("{engine:?}, seed {seed}, step {step}");
                shared.step(&mut draw, &context).await;
            }
        }
        assert!(
            shared.stale.iter().all(|count| *count > 5),
            "{:?}",
            shared.stale
        );
    }
}

impl SharedContent<'_> {
    async fn step(&mut self, draw: &mut Draw, context: &str) {
        let (side, number) = (draw.below(2) as usize, draw.below(3) as u8);
        match draw.below(8) {
            0..4 => self.read(side, number, context).await,
            4..6 => self.fill(draw).await,
            6 => self.write(side, number, context).await,
            _ => {
                let pause = draw.pick(&[1, 999, 5_000, 29_000, 30_000, 59_000]);
                self.both.test.clock.advance(Duration::from_millis(pause));
            }
        }
    }

    fn now(&self) -> SystemTime {
        self.both.test.clock.now()
    }

    fn next_operation(&mut self) -> u64 {
        self.operations += 1;
        self.operations
    }

    fn content(&self, number: u8) -> u64 {
        self.contents.get(&number).copied().unwrap_or_default()
    }

    async fn read(&mut self, side: usize, number: u8, context: &str) {
        let reader = reader(self.next_operation());
        let found = self.both.stores[side]
            .lookup(key(number), Some(reader))
            .await;
        match found.expect("an answer") {
            Lookup::Hit { entry, .. } => self.check(side, number, &entry, context),
            Lookup::Leased { grant, .. } => {
                let content = self.content(number);
                self.unfilled.push(UnfilledRead {
                    side,
                    number,
                    grant,
                    content,
                });
            }
            _ => {}
        }
    }

    /// Checks an answer by the writes that were acknowledged before it.
    fn check(&mut self, side: usize, number: u8, found: &Validators, context: &str) {
        let has = |content: &u64| entry(&content.to_string()).validators.encode() == found.encode();
        let content = (0..=self.content(number)).find(has);
        let content = content.expect("content that was there");
        let mut is_stale = false;
        for write in self.acknowledged.entry(number).or_default() {
            if write.content > content {
                is_stale = true;
                assert_ne!(
                    write.side, side,
                    "{context}: stale on the side of the write"
                );
                let age = self.both.test.clock.now().duration_since(write.at);
                let age = age.expect("a write of before");
                assert!(age < MINUTE, "{context}: stale after {age:?}");
            }
        }
        self.stale[side] += usize::from(is_stale);
    }

    async fn fill(&mut self, draw: &mut Draw) {
        if self.unfilled.is_empty() {
            return;
        }
        let choice = draw.below(self.unfilled.len() as u64) as usize;
        let read = self.unfilled.swap_remove(choice);
        let store = &self.both.stores[read.side];
        store
            .put(read.number, read.grant, &read.content.to_string())
            .await;
    }

    /// Writes, with reads on both sides before and after the commit.
    async fn write(&mut self, side: usize, number: u8, context: &str) {
        let intent = write(self.next_operation(), [WriteTarget::Key(key(number))]);
        self.both.stores[side].begin(&intent).await;
        for reading in [0, 1] {
            self.read(reading, number, context).await;
        }
        let content = self.content(number) + 1;
        self.contents.insert(number, content);
        for reading in [0, 1] {
            self.read(reading, number, context).await;
        }
        let ended = self.both.stores[side].end(&intent).await;
        assert_eq!(ended, WriteEnd::Ended, "{context}");
        let at = self.now();
        let write = AcknowledgedWrite { side, content, at };
        self.acknowledged.entry(number).or_default().push(write);
    }
}
