//! Many requests with one key, at one time.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, Response};
use http_body_util::Full;
use tokio::task::yield_now;
use tower::{Service, service_fn};

use super::{Runs, layer, order, post, send, service};

const KEYS: usize = 200;
const REQUESTS: usize = 64;

/// Returns the contents of all responses, by key.
async fn run<S, B>(service: &S) -> Vec<Vec<String>>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    B: http_body::Body<Data = Bytes, Error: std::fmt::Debug> + Send + 'static,
{
    let all = (0..KEYS).map(async |key| {
        let tries = (0..REQUESTS).map(|_| {
            let service = service.clone();
            tokio::spawn(async move { send(&service, post(&format!("\"{key}\""))).await })
        });
        let answers = join_all(tries).await;
        let contents = answers.into_iter().map(|answer| {
            let answer = answer.expect("no panic");
            assert_eq!(answer.status, 201, "{}", answer.content);
            answer.content
        });
        contents.collect()
    });
    join_all(all).await
}

/// R-IK07-2.6-b: one execution for each key, and one answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_requests_with_one_key_one_runs() {
    let runs = Runs::default();
    let layer = layer().wait_timeout(std::time::Duration::from_secs(60));
    let service = service(&layer, &runs, |number, request| async move {
        yield_now().await;
        order(number, request).await
    });
    for contents in run(&service).await {
        assert!(contents.iter().all(|content| *content == contents[0]));
    }
    assert_eq!(runs.count(), KEYS);
}

/// The control: a service that looks, runs and then records runs more than once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn looking_before_recording_runs_twice() {
    let (records, runs) = (Arc::new(Mutex::new(HashMap::new())), Runs::default());
    let counted = runs.clone();
    let naive = service_fn(move |request: Request<Full<Bytes>>| {
        let (records, runs) = (Arc::clone(&records), counted.clone());
        async move {
            let lock = || records.lock().unwrap_or_else(PoisonError::into_inner);
            let key = request.headers()["idempotency-key"].clone();
            let found = lock().get(&key).cloned();
            if let Some(recorded) = found {
                return Ok(created(recorded));
            }
            yield_now().await;
            let content = runs.add().to_string();
            lock().insert(key, content.clone());
            Ok::<_, Infallible>(created(content))
        }
    });
    run(&naive).await;
    assert!(runs.count() > KEYS, "{}", runs.count());
}

fn created(content: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(content));
    *response.status_mut() = http::StatusCode::CREATED;
    response
}
