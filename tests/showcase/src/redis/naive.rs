//! The mistakes that the stores exist for. The tests must find them.

use std::{num::NonZeroUsize, time::Duration};

use axum::{
    body::Bytes,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use redis::{AsyncCommands, RedisError, RedisResult, aio::ConnectionManager};
use tower_conditional::{
    idempotency::{Admission, Claim, RecordId, Resolution, SealReason, Update},
    store::{IdempotencyStore, Inspection, Step, StoreError},
};

/// The time to live of an entry, in seconds.
const TTL: u64 = 60;

/// Get, run, set: a key is not claimed, and its answer is kept when it is there.
#[derive(Debug, Clone)]
pub(crate) struct NaiveKeys(pub(crate) ConnectionManager);

fn key_of(id: &RecordId) -> Vec<u8> {
    [b"naive:key:", &id.as_bytes()[..]].concat()
}

impl IdempotencyStore for NaiveKeys {
    async fn begin(&self, id: RecordId, _: Claim) -> Result<Admission<Bytes>, StoreError> {
        let kept: Option<Vec<u8>> = self.0.clone().get(key_of(&id)).await.map_err(ambiguous)?;
        let started = Admission::Started {
            fence: 1,
            attempt: 1,
            takes_over: false,
        };
        Ok(kept.map_or(started, |response| Admission::Replay(response.into())))
    }

    async fn renew(&self, _: Step, _: Duration) -> Result<Update, StoreError> {
        Ok(Update::Applied)
    }

    async fn complete(&self, step: Step, response: Bytes) -> Result<Update, StoreError> {
        let kept = self.0.clone().set(key_of(&step.id), &*response).await;
        kept.map(|()| Update::Applied).map_err(ambiguous)
    }

    async fn release(&self, _: Step) -> Result<Update, StoreError> {
        Ok(Update::Applied)
    }

    async fn seal(&self, _: Step, _: SealReason) -> Result<Update, StoreError> {
        Ok(Update::Applied)
    }

    async fn inspect(&self, _: RecordId) -> Result<Option<Inspection>, StoreError> {
        Ok(None)
    }

    async fn resolve(
        &self,
        _: RecordId,
        _: u64,
        _: Resolution<Bytes>,
    ) -> Result<Update, StoreError> {
        Ok(Update::Lost)
    }

    async fn purge(&self, _: NonZeroUsize) -> Result<usize, StoreError> {
        Ok(0)
    }
}

fn ambiguous(error: RedisError) -> StoreError {
    StoreError::ambiguous(error)
}

/// Cache-aside: a read fills the cache with the tag that it has found, and a write deletes the entry
/// after the commit.
pub(crate) async fn cache_aside(
    State(mut redis): State<ConnectionManager>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if !path.starts_with("/pages/") {
        return next.run(request).await;
    }
    let key = format!("naive:tag:{path}");
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let response = next.run(request).await;
        // The service proceeds without its cache.
        let _: RedisResult<()> = redis.del(key).await;
        return response;
    }
    let condition = request.headers().get(header::IF_NONE_MATCH).cloned();
    let remembered: Option<Vec<u8>> = redis.get(&key).await.unwrap_or_default();
    if let (Some(condition), Some(tag)) = (condition, remembered)
        && condition.as_bytes() == tag
    {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, condition)]).into_response();
    }
    let response = next.run(request).await;
    if response.status() == StatusCode::OK
        && let Some(tag) = response.headers().get(header::ETAG)
    {
        let _: RedisResult<()> = redis.set_ex(key, tag.as_bytes(), TTL).await;
    }
    response
}
