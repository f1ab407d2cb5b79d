//! Many requests with one key at once, on all replicas.

use std::{collections::BTreeMap, sync::Arc};

use tokio::{sync::Barrier, task::JoinSet};
use tower_conditional_testing::Engine;

use crate::{
    actor::Actor,
    checker::{OrderAnswer, OrderRequest, Rule, Violation, check_orders},
    client::Client,
    history::History,
    run::executed,
    system::{REPLICAS, System},
};

const REQUESTS: u64 = 64;

/// Sends the requests of each key at once. Returns all of them, and the orders of each key.
async fn race(keys: u64, options: &[&str]) -> (Vec<OrderRequest>, BTreeMap<String, Vec<u64>>) {
    let system = Arc::new(System::start(Engine::Redis, options));
    let history = Arc::new(History::new());
    let start = Arc::new(Barrier::new(REQUESTS as usize));
    let mut clients = JoinSet::new();
    for client in 0..REQUESTS {
        let mut actor = Actor::new(system.clone(), history.clone(), 0, client);
        let start = start.clone();
        clients.spawn(async move {
            for key in 0..keys {
                start.wait().await;
                // A multiple of the number of times, so that the handler takes none.
                actor
                    .order(client as usize % REPLICAS, format!("key {}", key * 8))
                    .await;
            }
        });
    }
    while let Some(done) = clients.join_next().await {
        done.expect("no panic");
    }
    let orders = executed(&mut Client::new(), &system).await;
    let requests = std::mem::take(&mut history.recorded().orders);
    (requests, orders)
}

/// R-IK07-2.6-b, R-IK07-2.6-d: one execution each, and all answers are equal, or 409 while it runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_200_keys_has_one_order() {
    let (requests, orders) = race(200, &[]).await;
    assert_eq!(check_orders(&requests, &orders, 0), Ok(()));
    assert_eq!(orders.len(), 200);
    assert_eq!(requests.len() as u64, 200 * REQUESTS);
    let mut placed = 0;
    for request in &requests {
        match request.answer {
            OrderAnswer::Placed { .. } => placed += 1,
            OrderAnswer::InFlight => {}
            _ => panic!("{request:?}"),
        }
    }
    println!("{placed} of {} answers had the order", requests.len());
    assert!(placed >= orders.len(), "{placed} answers had an order");
}

/// The checker finds that get-then-set keys run twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn naive_keys_have_several_orders() {
    let (requests, orders) = race(2, &["--naive"]).await;
    let Err(Violation { rule, evidence }) = check_orders(&requests, &orders, 0) else {
        panic!("one order each: {orders:?}");
    };
    assert_eq!(rule, Rule::SecondExecution, "{evidence}");
}
