//! Losses of data: nothing of before counts, and nothing is remembered until lost announcements
//! have run out.

use std::time::{Duration, SystemTime};

use tower_conditional::{clock::Clock, store::validators::WriteTarget};
use tower_conditional_testing::{Engine, RedisServer};

use super::support::{MINUTE, Steps, Store, TestStore, key, write};

/// The ways in which a server loses acknowledged steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    Restart,
    RestartEmpty,
    FlushAll,
    /// The key of the writes is evicted. The entries stay.
    WritesEvicted,
    /// The clock is set back.
    ClockSetBack,
    /// A replica takes over that lacks the last steps.
    Promotion,
    /// The same, and then the first server takes over again as it was.
    TwoPromotions,
}

const LOSSES: [Loss; 7] = [
    Loss::Restart,
    Loss::RestartEmpty,
    Loss::FlushAll,
    Loss::WritesEvicted,
    Loss::ClockSetBack,
    Loss::Promotion,
    Loss::TwoPromotions,
];

/// A store that lacks a part of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Whole,
    /// The epoch goes on whatever happens to the server.
    WithoutEpoch,
    /// A new epoch starts without a grace period.
    WithoutGrace,
}

/// A server that loses data while a write is under way.
struct Scene {
    server: RedisServer,
    replica: Option<RedisServer>,
    test: TestStore,
    /// The same store after the loss.
    after: Option<Store>,
}

impl Scene {
    async fn new(engine: Engine, loss: Loss) -> Self {
        let server = RedisServer::start(engine);
        let test = TestStore::open(&server).await;
        test.store.fill_new(1, 1).await;
        let has_replica = matches!(loss, Loss::Promotion | Loss::TwoPromotions);
        let replica = has_replica.then(|| server.start_replica());
        if replica.is_some() {
            // The first replica of a server changes the identity of its data.
            assert_eq!(test.store.try_lease(2, 2).await, "written");
            test.clock.advance(MINUTE);
            test.store.fill_new(1, 1).await;
        }
        Self {
            server,
            replica,
            test,
            after: None,
        }
    }

    /// Cuts the replica off, before the steps that it will lack.
    fn cut_off(&self) {
        if let Some(replica) = &self.replica {
            replica.wait_until_in_sync_with(&self.server);
            replica.promote();
        }
    }

    async fn lose(&mut self, loss: Loss) {
        let (server, test) = (&self.server, &self.test);
        match loss {
            Loss::Restart => server.kill_and_restart(),
            Loss::RestartEmpty => server.kill_and_restart_empty(),
            Loss::FlushAll => drop(server.command(&["FLUSHALL"])),
            Loss::WritesEvicted => drop(server.command(&["DEL", &test.writes()])),
            Loss::ClockSetBack => {
                let now = test.clock.now();
                test.clock.set(now - Duration::from_secs(2));
            }
            Loss::Promotion => {}
            Loss::TwoPromotions => {
                let replica = self.replica.as_ref().expect("a replica");
                server.replicate(replica.port());
                server.wait_until_in_sync_with(replica);
                server.promote();
            }
        }
        let server = match (&self.replica, loss) {
            (Some(promoted), Loss::Promotion) => promoted,
            _ => server,
        };
        self.after = Some(test.open_beside(server, |builder| builder).await);
    }

    /// Takes a part of the protocol away.
    async fn sabotage(&self, loss: Loss, variant: Variant) {
        let server = match (&self.replica, loss) {
            (Some(promoted), Loss::Promotion) => promoted,
            _ => &self.server,
        };
        let writes = self.test.writes();
        let now = self.test.clock.now();
        let now = now.duration_since(SystemTime::UNIX_EPOCH);
        let now = now.expect("a time after 1970");
        match variant {
            Variant::Whole => {}
            Variant::WithoutEpoch => {
                let run = format!("1:{}", server.info("master_replid").expect("an identity"));
                server.command(&["HSET", &writes, "run", &run]);
                let clock = now.as_millis().to_string();
                server.command(&["HSET", &writes, "clock", &clock]);
            }
            Variant::WithoutGrace => {
                // A step starts the epoch.
                let store = self.after.as_ref().expect("a store");
                assert_eq!(store.try_lease(9, 9).await, "written");
                let since = (now - MINUTE).as_millis().to_string();
                server.command(&["HSET", &writes, "since", &since]);
            }
        }
    }
}

/// A writer is announced, the server loses steps, and the writer dies right after its commit.
/// Returns `true` if a reader then finds validators of the state before the commit.
async fn answers_stale(engine: Engine, loss: Loss, variant: Variant) -> bool {
    let mut scene = Scene::new(engine, loss).await;
    scene.cut_off();
    let early = scene.test.store.lease(2, 20).await;
    let targets = [1, 2, 3].map(|number| WriteTarget::Key(key(number)));
    scene.test.store.begin(&write(100, targets)).await;
    scene.lose(loss).await;
    scene.sabotage(loss, variant).await;
    let store = scene.after.as_ref().expect("a store");
    // Readers that see the state before the commit.
    store.put(2, early, "before").await;
    for (number, reader_number) in [(1, 30), (2, 31), (3, 32)] {
        if store.try_lease(number, reader_number).await == "leased" {
            let grant = store.lease(number, reader_number).await;
            store.put(number, grant, "before").await;
        }
    }
    // The commit is here.
    let mut is_stale = false;
    for pause in [0, 1, 28, 10] {
        scene.test.pass(pause);
        for number in [1, 2, 3] {
            is_stale |= store.look(number).await == "hit";
        }
    }
    is_stale
}

/// P-VC-failover: no loss makes a 304 stale, not even for the writes that were lost with it.
#[tokio::test(flavor = "multi_thread")]
async fn no_loss_makes_an_answer_stale() {
    for engine in Engine::tested() {
        for loss in LOSSES {
            let is_stale = answers_stale(engine, loss, Variant::Whole).await;
            assert!(!is_stale, "{engine:?}, {loss:?}");
        }
    }
}

/// The same losses, with a part of the protocol missing.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_epochs_or_grace_answers_stale() {
    let without_epoch = [Loss::ClockSetBack, Loss::Promotion, Loss::TwoPromotions];
    for loss in without_epoch {
        let is_stale = answers_stale(Engine::Redis, loss, Variant::WithoutEpoch).await;
        // With the clock alone set back nothing is lost.
        assert_eq!(is_stale, loss != Loss::ClockSetBack, "{loss:?}");
    }
    for loss in LOSSES {
        let is_stale = answers_stale(Engine::Redis, loss, Variant::WithoutGrace).await;
        assert!(is_stale, "{loss:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_loss_starts_a_grace_period_which_ends() {
    for engine in Engine::tested() {
        for loss in LOSSES {
            let context = format!("{engine:?}, {loss:?}");
            let mut scene = Scene::new(engine, loss).await;
            scene.cut_off();
            scene.lose(loss).await;
            let store = scene.after.as_ref().expect("a store");
            // A lookup without a lease starts nothing.
            assert_eq!(store.look(1).await, "written", "{context}");
            assert_eq!(store.try_lease(1, 40).await, "written", "{context}");
            scene.test.clock.advance(MINUTE - Duration::from_millis(1));
            for number in [1, 2] {
                assert_eq!(store.look(number).await, "written", "{context}");
                assert_eq!(store.try_lease(number, 41).await, "written", "{context}");
            }
            scene.test.clock.advance(Duration::from_millis(1));
            store.fill_new(1, 42).await;
        }
    }
}
