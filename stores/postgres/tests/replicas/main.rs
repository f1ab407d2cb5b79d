//! Writers on three processes that share one database.

#![expect(clippy::disallowed_macros)] // a server prints its address

mod naive;
#[path = "../../../../tests/wire/support/race.rs"]
mod race;

use std::process::Command;

use tower_conditional_testing::{Postgres, Replica};

use race::{Http, Race, Report, StartState};

fn three_replicas(mut command: impl FnMut() -> Command) -> [Replica; 3] {
    [(); 3].map(|()| Replica::start(&mut command()))
}

fn race(replicas: &[Replica; 3], rounds: usize) -> Race {
    Race {
        servers: replicas.iter().map(Replica::address).collect(),
        http: Http::One,
        path: "/documents/1".into(),
        from: StartState::Tag(|current| current.headers()["etag"].clone()),
        writers: 64,
        rounds,
    }
}

fn compare_and_set() -> [Replica; 3] {
    let url = Postgres::shared().create_database();
    three_replicas(|| {
        let mut command = Replica::example("compare_and_set");
        command.args([&*url, "127.0.0.1:0"]);
        command
    })
}

/// Checks that each round has one winner with this status, and that all others got 412.
fn assert_one_winner_each(status: u16, report: &Report) {
    report.assert_one_winner_each();
    for round in &report.rounds {
        assert_eq!(round.statuses.get(&status), Some(&1), "{round:?}");
    }
}

/// R-9110-13.1-a, R-9110-13.1.1-b: the statement that writes also compares.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_writer_wins_by_compare_and_set() {
    let replicas = compare_and_set();
    assert_one_winner_each(204, &race(&replicas, 200).run().await);
    let over_http2 = Race {
        http: Http::Two,
        ..race(&replicas, 20)
    };
    assert_one_winner_each(204, &over_http2.run().await);
    let creates = Race {
        path: "/documents/1{round}".into(),
        from: StartState::Nothing,
        ..race(&replicas, 20)
    };
    assert_one_winner_each(201, &creates.run().await);
}

/// The same race against check-then-act, as proof that the race can find lost updates.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_then_act_loses_updates() {
    let url = Postgres::shared().create_database();
    let replicas = three_replicas(|| naive::replica(&url));
    let report = race(&replicas, 20).run().await;
    assert_ne!(report.lost(), 0);
    println!("{} updates lost in 20 rounds", report.lost());
}
