//! Writers that start from the same state, spread over the replicas.

use tower_conditional_testing::{Postgres, Replica};

use crate::{
    race::{Http, Race, StartState},
    support::{File, PAGE, three},
};

fn updates(replicas: &[Replica; 3]) -> Race {
    Race {
        servers: replicas.iter().map(Replica::address).collect(),
        http: Http::One,
        path: PAGE.into(),
        from: StartState::Tag(|current| current.headers()["etag"].clone()),
        writers: 64,
        rounds: 200,
    }
}

async fn assert_no_update_is_lost(race: &Race) {
    let report = race.run().await;
    assert_eq!(report.lost(), 0);
    report.assert_one_winner_each();
}

/// R-9110-13.1-a, R-9110-13.1.1-b: one writer wins in each round.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_is_lost_on_postgres() {
    let url = Postgres::shared().create_database();
    let replicas = three(&["--postgres", &url]);
    assert_no_update_is_lost(&updates(&replicas)).await;
}

/// R-9110-13.1.2-g, R-9110-13.1-a: of 32 writers that create the same resource, one succeeds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_creator_wins_on_postgres() {
    let url = Postgres::shared().create_database();
    let replicas = three(&["--postgres", &url]);
    for http in [Http::One, Http::Two] {
        let creates = Race {
            http,
            path: format!("/pages/{http:?}-{{round}}"),
            from: StartState::Nothing,
            writers: 32,
            rounds: 20,
            ..updates(&replicas)
        };
        let report = creates.run().await;
        report.assert_one_winner_each();
        for round in &report.rounds {
            assert_eq!(round.statuses, [(201, 1), (412, 31)].into());
        }
    }
}

/// R-9110-13.1-a, R-9110-13.1.1-b, with three processes on one file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_is_lost_on_sqlite() {
    let file = File::new("races");
    let replicas = three(&["--database", file.path()]);
    let race = Race {
        rounds: 50,
        ..updates(&replicas)
    };
    assert_no_update_is_lost(&race).await;
}
