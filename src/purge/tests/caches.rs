//! A cache whose responses are in the paths.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::RETRY_AFTER};
use tokio::time::Instant;
use tower::{Service, service_fn};

use super::http_purger::{targeted, uri};
use crate::{
    BoxError,
    purge::{HttpPurger, Purge, PurgeLimits, PurgeQueue},
    test_support::ScriptedBody,
};

/// The times of the requests for each path, in seconds.
pub(super) type Times = Arc<Mutex<BTreeMap<String, Vec<f64>>>>;

/// A cache that responds with the status at the start of the path, and with 200 otherwise. For a
/// status of zero it hangs. `/429-7/x` adds `Retry-After: 7`.
fn cache(
    times: &Times,
) -> impl Service<Request<Bytes>, Response = Response<ScriptedBody>, Error = BoxError, Future: Send>
+ Clone
+ Send
+ Sync
+ 'static {
    let (times, began) = (Arc::clone(times), Instant::now());
    service_fn(move |request: Request<Bytes>| {
        let path = request.uri().path().to_owned();
        let at = began.elapsed().as_secs_f64();
        times
            .lock()
            .unwrap()
            .entry(path.clone())
            .or_default()
            .push(at);
        async move {
            let head = path.split('/').nth(1).unwrap_or_default();
            let (status, after) = head.split_once('-').unwrap_or((head, ""));
            let status = status.parse().unwrap_or(200);
            if status == 0 {
                pending::<()>().await;
            }
            let mut response = Response::new(ScriptedBody::sized([]));
            *response.status_mut() = StatusCode::from_u16(status)?;
            if !after.is_empty() {
                let after = HeaderValue::from_str(after)?;
                response.headers_mut().insert(RETRY_AFTER, after);
            }
            Ok(response)
        }
    })
}

pub(super) fn nginx(times: &Times, limits: PurgeLimits) -> PurgeQueue {
    let purger = HttpPurger::purge_urls(cache(times), uri("http://cache/")).unwrap();
    PurgeQueue::with_limits(purger, limits)
}

pub(super) fn target(path: &str) -> Purge {
    targeted(&[], &[path])
}

pub(super) fn requests(times: &Times) -> usize {
    times.lock().unwrap().values().map(Vec::len).sum()
}
