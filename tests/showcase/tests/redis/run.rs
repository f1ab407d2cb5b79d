//! A run: clients and faults that one seed chooses, the record of all operations, and the check.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use http::{Request, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, from_slice};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    actor::{Actor, SentRequest, path_of, tag_of},
    checker::{OrderAnswer, Origin, PageStep, Violation, WriteAnswer},
    client::{Client, get},
    decision::PAGES,
    disturbance::{Disturbance, Schedule, lossy},
    history::History,
    settle::{page_reads, settle_key, settle_page},
    system::{REPLICAS, System},
};
use tower_conditional_testing::{Engine, Postgres, TcpProxy};

/// The number of clients.
const ACTORS: u64 = 16;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Budget {
    /// The number of decisions of each client.
    Decisions(u64),
    Time(Duration),
}

pub(crate) struct Run {
    pub(crate) seed: u64,
    pub(crate) budget: Budget,
    /// The options of each replica.
    pub(crate) options: &'static [&'static str],
    pub(crate) engine: Engine,
    /// The pages and orders are in PostgreSQL, and not in a file.
    pub(crate) is_on_postgres: bool,
    pub(crate) disturbances: &'static [Disturbance],
    /// Messages to and from Redis are lost, repeated and delayed.
    pub(crate) is_lossy: bool,
}

/// The log of a run, as far as it depends on the seed alone.
///
/// The requests of different clients come in another order in each run. So do the messages to
/// Redis, and the faults among them.
#[derive(Debug, PartialEq)]
pub(crate) struct Log {
    /// The requests of each client.
    pub(crate) requests: Vec<Vec<SentRequest>>,
    /// The disturbances that have happened, and the number of finished operations that each of
    /// them has waited for.
    pub(crate) disturbances: Vec<(u64, Disturbance)>,
}

pub(crate) struct Finished {
    pub(crate) log: Log,
    pub(crate) system: Arc<System>,
    pub(crate) history: Arc<History>,
    /// The numbers of the orders of each key, once they are settled.
    orders: BTreeMap<String, Vec<u64>>,
}

impl Run {
    pub(crate) async fn start(&self) -> Finished {
        println!("the seed is {}", self.seed);
        let postgres = self
            .is_on_postgres
            .then(|| Postgres::shared().create_database());
        let system = Arc::new(System::beside(self.engine, self.options, postgres));
        let history = Arc::new(History::new());
        let mut client = Client::new();
        for page in 0..PAGES as usize {
            let tag = create(&mut client, &system, page).await;
            history.recorded().assert_tagged(page, &tag, 0);
        }
        // A new server has a grace period, in which nothing is remembered.
        for page in 0..PAGES as usize {
            settle_page(&mut client, &system, page).await;
        }
        if self.is_lossy {
            for (seed, proxy) in (self.seed..).zip(&system.proxies) {
                proxy.set_faults(lossy(seed));
            }
        }
        let log = self.operate(&system, &history).await;
        system.proxies.iter().for_each(TcpProxy::clear_faults);
        Finished {
            log,
            system,
            history,
            orders: BTreeMap::new(),
        }
    }

    async fn operate(&self, system: &Arc<System>, history: &Arc<History>) -> Log {
        let end = Instant::now()
            + match self.budget {
                Budget::Decisions(_) => Duration::ZERO,
                Budget::Time(time) => time,
            };
        let decisions = match self.budget {
            Budget::Decisions(decisions) => decisions,
            Budget::Time(_) => u64::MAX / ACTORS,
        };
        let by_time = matches!(self.budget, Budget::Time(_));
        let goes_on = move |number| match by_time {
            true => Instant::now() < end,
            false => number < decisions,
        };
        let schedule = Schedule::new(self.seed, self.disturbances);
        let schedule = schedule.run(system.clone(), history.clone(), decisions * ACTORS);
        let schedule = tokio::spawn(schedule);
        let mut actors = JoinSet::new();
        for number in 0..ACTORS {
            let actor = Actor::new(system.clone(), history.clone(), self.seed, number);
            actors.spawn(async move { (number, actor.run(goes_on).await) });
        }
        let mut logs = BTreeMap::new();
        while let Some(log) = actors.join_next().await {
            let (number, log) = log.expect("no panic");
            logs.insert(number, log);
        }
        if by_time {
            // The schedule waits for operations that nobody does.
            history.finish_all();
        }
        Log {
            requests: logs.into_values().collect(),
            disturbances: schedule.await.expect("no panic"),
        }
    }
}

/// Creates a page with the content 0. Returns its tag.
pub(crate) async fn create(client: &mut Client, system: &System, page: usize) -> String {
    let request = Request::put(path_of(page))
        .header(header::IF_NONE_MATCH, "*")
        .body(Full::from("0"))
        .expect("a request");
    let response = client.exchange(system.address(0), request).await;
    let response = response.expect("an answer");
    assert_eq!(response.status(), StatusCode::CREATED);
    tag_of(&response)
}

/// Returns the numbers of the orders that are in the database, by their item.
pub(crate) async fn executed(client: &mut Client, system: &System) -> BTreeMap<String, Vec<u64>> {
    let response = client.exchange(system.address(0), get("/orders")).await;
    let all: Value = from_slice(response.expect("an answer").body()).expect("JSON");
    let mut orders: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for order in all.as_array().expect("a list") {
        let item = order["item"].as_str().expect("a text").to_owned();
        let number = order["order"].as_u64().expect("a number");
        orders.entry(item).or_default().push(number);
    }
    orders
}

impl Finished {
    /// Checks the history. The server of the keys has lost its data this often.
    pub(crate) fn check(&self, losses: usize) -> Result<(), Violation> {
        self.history.recorded().check(&self.orders, losses)
    }

    /// Asks for each key again until it is not in flight, and reads each page until it is
    /// remembered. Both must be so within their documented times.
    pub(crate) async fn settle(&mut self) {
        let keys: BTreeSet<_> = {
            let recorded = self.history.recorded();
            let requests = recorded.orders.iter();
            requests.map(|request| request.key.clone()).collect()
        };
        let keys: Vec<_> = keys.into_iter().collect();
        let mut tasks = JoinSet::new();
        for part in keys.chunks(keys.len().div_ceil(8).max(1)) {
            let (system, history, part) =
                (self.system.clone(), self.history.clone(), part.to_vec());
            tasks.spawn(async move {
                let mut client = Client::new();
                for key in part {
                    settle_key(&mut client, &system, &history, key).await;
                }
            });
        }
        while let Some(settled) = tasks.join_next().await {
            settled.expect("no panic");
        }
        // One after the other, since the reads of all are counted together.
        for page in 0..PAGES as usize {
            settle_page(&mut Client::new(), &self.system, page).await;
        }
        self.orders = executed(&mut Client::new(), &self.system).await;
    }

    /// Returns how often the handler of pages has read on all replicas.
    pub(crate) async fn page_reads(&self) -> u64 {
        let mut client = Client::new();
        let mut reads = 0;
        for replica in 0..REPLICAS {
            reads += page_reads(&mut client, &self.system, replica).await;
        }
        reads
    }

    /// Prints what has happened, so that a reader sees that the run was no idle one.
    pub(crate) fn print(&self) -> Counts {
        let recorded = self.history.recorded();
        let mut counts = Counts::default();
        for (_, operation) in recorded.pages.values().flatten() {
            match operation.step {
                PageStep::Read { origin, .. } => match origin {
                    Origin::Full => counts.full += 1,
                    Origin::NotModified => counts.not_modified += 1,
                },
                PageStep::Write { answer, .. } => match answer {
                    WriteAnswer::Accepted => counts.written += 1,
                    WriteAnswer::Refused | WriteAnswer::NotApplied => counts.refused += 1,
                    WriteAnswer::Unknown => counts.unknown += 1,
                },
            }
        }
        for request in &recorded.orders {
            match &request.answer {
                OrderAnswer::Placed { is_replay, .. } => match is_replay {
                    false => counts.placed += 1,
                    true => counts.replayed += 1,
                },
                OrderAnswer::InFlight | OrderAnswer::Unavailable => counts.not_placed += 1,
                OrderAnswer::OutcomeUnknown => counts.outcome_unknown += 1,
                OrderAnswer::Unknown => counts.unknown += 1,
            }
        }
        let seconds = self.history.now().as_secs_f32();
        println!("{counts:?} in {seconds:.1} s");
        println!("{:?}", self.log.disturbances);
        println!("{} late writes", recorded.late_writes());
        println!("{:?}", self.system.proxies.each_ref().map(TcpProxy::counts));
        counts
    }
}

/// The number of operations by their answers.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) full: usize,
    pub(crate) not_modified: usize,
    pub(crate) written: usize,
    pub(crate) refused: usize,
    pub(crate) placed: usize,
    pub(crate) replayed: usize,
    pub(crate) not_placed: usize,
    pub(crate) outcome_unknown: usize,
    pub(crate) unknown: usize,
}
