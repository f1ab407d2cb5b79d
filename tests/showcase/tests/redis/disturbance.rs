//! The faults of a run, in an order that the seed gives.

use std::{sync::Arc, time::Duration};

use nix::sys::signal::Signal;
use tokio::{task::spawn_blocking, time::sleep};
use tower_conditional_testing::{Faults, TcpProxy};

use crate::{
    history::{History, Pause},
    seeded::Draw,
    system::{REPLICAS, System, WRITE_TTL},
};

/// The wait of a stopped replica. Leases and announcements that were extended just before have ended
/// by then.
const STOPPED: Duration = WRITE_TTL.saturating_add(Duration::from_millis(500));

/// The wait of a Redis that does not answer. The stores give up before that.
const SILENT: Duration = Duration::from_millis(900);

/// The time in which some writes come to the database, and some readers fill entries.
const UNDER_WAY: Duration = Duration::from_millis(150);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disturbance {
    /// `SCRIPT FLUSH`.
    FlushScripts,
    /// `CLIENT PAUSE`.
    PauseClients,
    /// `SIGSTOP` of Redis.
    StopRedis,
    /// `SIGKILL` of Redis, which keeps its data.
    KillRedis,
    /// `SIGKILL` of Redis, which loses its data.
    LoseRedis,
    /// `FLUSHALL`.
    FlushAll,
    /// All connections to Redis are cut.
    CutConnections,
    /// `SIGKILL` of a replica, and another starts.
    KillReplica(usize),
    /// `SIGSTOP` of a replica beyond its leases and announcements.
    StopReplica(usize),
}

impl Disturbance {
    /// All that lose nothing that was acknowledged.
    pub(crate) const LOSSLESS: [Self; 7] = [
        Self::FlushScripts,
        Self::PauseClients,
        Self::StopRedis,
        Self::KillRedis,
        Self::CutConnections,
        Self::KillReplica(0),
        Self::StopReplica(0),
    ];

    /// Returns the same disturbance of a replica that is drawn.
    fn of_any_replica(self, draw: &mut Draw) -> Self {
        // Drawn for each, so that the next choices do not depend on this one.
        let replica = draw.below(REPLICAS as u64) as usize;
        match self {
            Self::KillReplica(_) => Self::KillReplica(replica),
            Self::StopReplica(_) => Self::StopReplica(replica),
            other => other,
        }
    }

    async fn happen(self, system: &Arc<System>, history: &History) {
        match self {
            Self::FlushScripts => command(system, &["SCRIPT", "FLUSH"]).await,
            Self::FlushAll => {
                let flush = |system: &System| drop(system.redis.command(&["FLUSHALL"]));
                during_writes(system, flush).await;
            }
            Self::PauseClients => {
                let duration = SILENT.as_millis().to_string();
                command(system, &["CLIENT", "PAUSE", &duration, "ALL"]).await;
                sleep(SILENT).await;
            }
            Self::StopRedis => {
                system.redis.pause();
                sleep(SILENT).await;
                system.redis.resume();
            }
            Self::KillRedis => {
                during_writes(system, |system| system.redis.kill_and_restart()).await;
            }
            Self::LoseRedis => {
                during_writes(system, |system| system.redis.kill_and_restart_empty()).await;
            }
            Self::CutConnections => system.proxies.iter().for_each(TcpProxy::cut),
            Self::KillReplica(replica) => {
                blocking(system, move |system| system.replace(replica)).await;
            }
            Self::StopReplica(replica) => {
                system.signal(replica, Signal::SIGSTOP);
                let stopped = history.now();
                sleep(STOPPED).await;
                let resumed = history.now();
                system.signal(replica, Signal::SIGCONT);
                history.recorded().pauses.push(Pause {
                    replica,
                    stopped,
                    resumed,
                });
            }
        }
    }
}

async fn command(system: &Arc<System>, command: &[&str]) {
    let command: Vec<_> = command.iter().map(ToString::to_string).collect();
    let send = move |system: &System| {
        let command: Vec<_> = command.iter().map(String::as_str).collect();
        system.redis.command(&command);
    };
    blocking(system, send).await;
}

/// Disturbs the system while writes that were announced wait for the database. Then the end of the
/// writes of one replica is slow, so that entries of the time before them would be found.
async fn during_writes(system: &Arc<System>, disturb: impl FnOnce(&System) + Send + 'static) {
    let lock = system.lock_pages().await;
    sleep(UNDER_WAY).await;
    blocking(system, disturb).await;
    // Readers may fill entries that those writes replace.
    sleep(UNDER_WAY).await;
    system.proxies[0].set_delay(UNDER_WAY, Duration::ZERO);
    drop(lock);
    sleep(2 * UNDER_WAY).await;
    system.proxies[0].set_delay(Duration::ZERO, Duration::ZERO);
}

async fn blocking<T: Send + 'static>(
    system: &Arc<System>,
    work: impl FnOnce(&System) -> T + Send + 'static,
) -> T {
    let system = Arc::clone(system);
    let done = spawn_blocking(move || work(&system)).await;
    done.expect("no panic")
}

/// The disturbances of a run, one after the other.
pub(crate) struct Schedule {
    kinds: Vec<Disturbance>,
    draw: Draw,
    /// The kinds that have not happened since all of them have.
    left: Vec<Disturbance>,
    /// The number of operations before the next one.
    after: u64,
}

impl Schedule {
    pub(crate) fn new(seed: u64, kinds: &[Disturbance]) -> Self {
        Self {
            kinds: kinds.to_vec(),
            draw: Draw::new(!seed),
            left: Vec::new(),
            after: 0,
        }
    }

    /// Returns the next disturbance, and the number of finished operations before it.
    fn next(&mut self) -> (u64, Disturbance) {
        self.after += 150 + self.draw.below(100);
        if self.left.is_empty() {
            self.left.clone_from(&self.kinds);
        }
        let choice = self.draw.below(self.left.len() as u64) as usize;
        let kind = self.left.swap_remove(choice);
        (self.after, kind.of_any_replica(&mut self.draw))
    }

    /// Disturbs the system while the operations before `end` go on. Returns the log.
    pub(crate) async fn run(
        mut self,
        system: Arc<System>,
        history: Arc<History>,
        end: u64,
    ) -> Vec<(u64, Disturbance)> {
        let mut log = Vec::new();
        while !self.kinds.is_empty() {
            let (after, disturbance) = self.next();
            if after >= end {
                break;
            }
            if !history.reaches(after).await {
                break;
            }
            disturbance.happen(&system, &history).await;
            log.push((after, disturbance));
        }
        log
    }
}

/// Returns the faults of messages between the replicas and Redis.
pub(crate) fn lossy(seed: u64) -> Faults {
    Faults {
        seed,
        lose_request: 0.003,
        lose_reply: 0.003,
        duplicate: 0.01,
        repeat_later: 0.01,
        delay: 0.01,
        longest_delay: Duration::from_millis(40),
    }
}
