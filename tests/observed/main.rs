//! Requests of every kind, with a model of all counters beside them.
//!
//! A failure prints its seed. The campaign of a million requests:
//!
//! ```sh
//! OBSERVED=10 cargo test --all-features --test observed
//! ```

mod broken;
mod client;
mod counts;
mod notes;
#[path = "../support/seeded.rs"]
mod seeded;
mod service;

use std::{panic, sync::Arc};

use axum::body::Body;
use client::{Client, Observed};
use counts::{CountingObserver, Counts};
use http::{Method, Request};
use seeded::Draw;
use service::{Target, World};
use tokio::{runtime::Builder, task::JoinSet};
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{
    Current, IdempotencyLayer, PreconditionLayer, body::RequestBody, observe::ObserveLayer, source,
    stack, store::MemoryIdempotencyStore,
};

/// The number of requests of a run, which some steps exceed by a half.
const REQUESTS: u64 = 50_000;

/// Issue 19, R-9110-15.4.5-c, P-TR-tower.
#[test]
fn each_counter_equals_that_of_a_model() {
    // A panic is one of the kinds, and its message would fill the output.
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref() != Some(&"the handler panics") {
            print(info);
        }
    }));
    for seed in seeded::seeds("OBSERVED", 1) {
        for workers in [1, 3] {
            run(seed, workers);
        }
    }
}

fn run(seed: u64, workers: u64) {
    let (world, observer) = (Arc::new(World::default()), CountingObserver::default());
    let service = service(&world, observer.clone());
    let runtime = Builder::new_multi_thread()
        .worker_threads(usize::try_from(workers).expect("a small number"))
        .enable_all()
        .build()
        .expect("a runtime");
    let model = runtime.block_on(async {
        let mut running = JoinSet::new();
        for worker in 0..workers {
            let client = Client {
                worker,
                draw: Draw::new(seed ^ (worker << 32)),
                service: service.clone(),
                world: Arc::clone(&world),
                model: Counts::default(),
                last_lengths: [None; 2],
                next_key: 0,
            };
            running.spawn(client.run(REQUESTS / workers));
        }
        let mut model = Counts::default();
        while let Some(counts) = running.join_next().await {
            model.merge(counts.expect("no panic"));
        }
        model
    });
    drop(runtime);
    let observed = observer.0.lock().expect("nobody panicked").clone();
    let differences = model.differences(&observed);
    assert!(
        differences.is_empty(),
        "seed {seed}, {workers} workers, model and observer: {differences:#?}"
    );
    assert_eq!(observed.0.get("runs"), Some(&Client::runs(&world)));
    // The generator must reach every kind.
    assert!(observed.0.len() as u64 > 30 * workers, "{observed:?}");
}

fn service(world: &Arc<World>, observer: CountingObserver) -> Observed {
    let (of_source, of_handler) = (Arc::clone(world), Arc::clone(world));
    let source = source::now(move |request: &http::request::Parts| {
        let target = Target::parse(request.uri.path()).filter(|target| target.is_note());
        target.map_or(Current::Unknown, |target| of_source.tag(target).into())
    });
    let keys = IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new());
    let layer = ObserveLayer::new(observer)
        // The first two segments of the path.
        .route(|request| request.uri.path().get(..4));
    let stack = stack()
        .idempotency(keys)
        .precondition(
            PreconditionLayer::new(source).require_if(|request| request.method == Method::PUT),
        )
        .observe_with(layer);
    let handler = service_fn(move |request: Request<RequestBody<Body>>| {
        Arc::clone(&of_handler).handle(request)
    });
    let service = stack.layer(handler);
    Observed::new(service.map_response(|response| response.map(Body::new)))
}
