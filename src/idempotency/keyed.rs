//! A request with a key, from its content to the store's answer.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderValue, Request, Response, StatusCode,
    header::{CONTENT_LENGTH, DATE, EXPIRES},
    request::Parts,
};
use http_body::Body;
use tower_service::Service;

use super::{
    attempt::Attempt,
    claimant::Claimant,
    config::{IdempotencyConfig, OnLostAttempt},
    held_key::HeldKey,
    performed,
    refuse::refuse_early,
};
use crate::{
    body::{ReadAhead, RequestBody, ResponseBody, UnreadContent},
    clock::SharedClock,
    events,
    observe::exchange::{self, KeyEvent},
    outcome::Outcome,
    refusal::KeyProblem,
    semantics::{
        caching::cache_policy::{CachePolicy, has_policy},
        field::{Accept, method},
        retry::{
            Admission, Claim, Fingerprint, IdempotencyKey, KeyScope, Owner, RecordId,
            RecordedResponse,
        },
    },
    service::HeldService,
    store::{IdempotencyStore, Step, StoreErrorKind},
};

/// A request with a key, before its content is read.
pub(super) struct KeyedRequest<St> {
    pub(super) config: Arc<IdempotencyConfig<St>>,
    pub(super) scope: KeyScope,
    pub(super) key: IdempotencyKey,
    pub(super) id: RecordId,
}

/// The policy of each replay. A copy costs much less than making one.
static NO_STORE: LazyLock<CachePolicy> = LazyLock::new(CachePolicy::no_store);

/// The longest `Retry-After` for a key that another attempt holds.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(2);

impl<St: IdempotencyStore> KeyedRequest<St> {
    pub(super) async fn run<S, ReqB, ResB>(
        self,
        parts: Parts,
        mut content: ReadAhead<ReqB>,
        mut service: HeldService<S>,
    ) -> Result<Response<ResponseBody<ResB>>, S::Error>
    where
        S: Service<Request<RequestBody<ReqB>>, Response = Response<ResB>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Send + 'static,
        ReqB: Body<Data = Bytes, Error: Send> + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
    {
        // Neither a slow upload nor a wait for another attempt holds a place in a limit inside.
        service.release();
        if let Err(reason) = self.read(&parts, &mut content).await {
            return Ok(self.refuse_unread(reason, &parts, content).await);
        }
        let fingerprint = self.config.identity.begin(&parts, &content);
        let fingerprint = fingerprint.finish(&parts).await;
        let Some(claim) = self.claim(fingerprint) else {
            return Ok(self.refuse(KeyProblem::StoreUnavailable, &parts, None));
        };
        let claimant = Claimant {
            config: Arc::clone(&self.config),
            id: self.id,
            claim,
        };
        let admission = match claimant.begin_or_wait().await {
            Ok(admission) => admission,
            Err(error) if error.kind() == StoreErrorKind::Corrupt => {
                return Ok(self.refuse(KeyProblem::Unreadable, &parts, None));
            }
            Err(_) => {
                return Ok(self.refuse(KeyProblem::StoreUnavailable, &parts, Some(Duration::ZERO)));
            }
        };
        let reason = match admission {
            Admission::Started {
                fence,
                attempt,
                takes_over,
            } => {
                events::key(KeyEvent::Claimed);
                let attempt = Attempt {
                    scope: self.scope,
                    key: self.key,
                    step: Step::new(self.id, claim.owner, fence),
                    number: attempt,
                    takes_over,
                    protect: self.config.protect.clone(),
                    reports: Arc::default(),
                };
                let key = HeldKey {
                    config: self.config,
                    claimant,
                    attempt,
                    is_read: method::is_safe(&parts.method),
                };
                return performed::run(key, parts, content.into_body(), service).await;
            }
            Admission::Replay(record) => match self.open(record) {
                Ok(recorded) => {
                    return Ok(self.replay(recorded, method::is_safe(&parts.method)));
                }
                Err(error) => {
                    events::key_step_failed(&self.id, "open", &*error);
                    KeyProblem::Unreadable
                }
            },
            Admission::InFlight { retry_after } => {
                events::key(KeyEvent::InProgress);
                // The rest of the lease is long, and most handlers are not.
                let retry_after = retry_after.min(MAX_RETRY_AFTER);
                return Ok(self.refuse(KeyProblem::InFlight, &parts, Some(retry_after)));
            }
            Admission::Sealed(_) => KeyProblem::Sealed,
            Admission::Mismatch => {
                events::key(KeyEvent::Mismatch);
                KeyProblem::Reused
            }
            Admission::Unknown { .. } => {
                events::outcome_unknown(&self.id, "an attempt was lost");
                KeyProblem::OutcomeUnknown
            }
            Admission::Expired => KeyProblem::Expired,
        };
        Ok(self.refuse(reason, &parts, None))
    }

    /// Reads the whole content, up to the limit.
    async fn read<B: Body<Data = Bytes>>(
        &self,
        request: &Parts,
        content: &mut ReadAhead<B>,
    ) -> Result<(), KeyProblem> {
        let max_bytes = self.config.max_request_bytes;
        let announced = request.headers.get(CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        // Not read at all, so that a client which waits for a 100 need not send it.
        if announced.is_some_and(|length| length > max_bytes) {
            return Err(KeyProblem::ContentTooLarge);
        }
        content.read_content(max_bytes).await;
        // One frame may be longer than the limit.
        if content.length() > max_bytes as u64 {
            Err(KeyProblem::ContentTooLarge)
        } else if content.is_complete() {
            Ok(())
        } else if content.is_broken() {
            Err(KeyProblem::ContentIncomplete)
        } else {
            Err(KeyProblem::ContentTooLarge)
        }
    }

    /// Returns the claim of a new attempt. `None` without a source of randomness.
    fn claim(&self, fingerprint: Fingerprint) -> Option<Claim> {
        let takeover = self.config.on_lost_attempt != OnLostAttempt::Refuse;
        let claim = Claim::new(fingerprint, random_owner()?)
            .with_lease(self.config.lease)
            .with_takeover(takeover)
            .with_retention(self.config.retention);
        Some(claim)
    }

    fn open(&self, record: Bytes) -> Result<RecordedResponse, crate::BoxError> {
        let record = match &self.config.protect {
            Some(protect) => protect.open(self.id.as_bytes(), record)?,
            None => record,
        };
        Ok(RecordedResponse::decode(record)?)
    }

    fn replay<B: Body<Data = Bytes>>(
        &self,
        recorded: RecordedResponse,
        is_read: bool,
    ) -> Response<ResponseBody<B>> {
        events::replayed(&self.id);
        let (status, headers, content) = recorded.into_parts();
        let has_content = !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let length = content.len();
        let mut response = Response::new(ResponseBody::bytes(content));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        let headers = response.headers_mut();
        if has_content {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        // The server writes a fresh one.
        headers.remove(DATE);
        let marker = self.config.replay_marker.clone();
        headers.insert(marker, HeaderValue::from_static("true"));
        // The response is old, and `Date` will be new. It may also be for another user, language
        // or policy than this request alone would tell. So no cache may keep it.
        if is_read || has_policy(headers) {
            headers.remove(EXPIRES);
            NO_STORE.apply(headers, false, || SharedClock::default().now());
        }
        response.extensions_mut().insert(NO_STORE.clone());
        exchange::record_decision(|outcome| *outcome = Outcome::replay());
        response.extensions_mut().insert(Outcome::replay());
        response
    }

    fn refuse<B: Body<Data = Bytes>>(
        &self,
        reason: KeyProblem,
        request: &Parts,
        retry_after: Option<Duration>,
    ) -> Response<ResponseBody<B>> {
        let accepts_json = Accept::from_headers(&request.headers).accepts_json();
        refuse_early(&self.config, reason, accepts_json, retry_after)
    }

    async fn refuse_unread<ReqB, ResB>(
        &self,
        reason: KeyProblem,
        request: &Parts,
        content: ReadAhead<ReqB>,
    ) -> Response<ResponseBody<ResB>>
    where
        ReqB: Body<Data = Bytes, Error: Send> + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
    {
        let answer = self.refuse(reason, request, None);
        let answer = UnreadContent::read_ahead(request, content).refuse(answer);
        answer.await
    }
}

/// Returns the name of a new attempt. `None` without a source of randomness.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn random_owner() -> Option<Owner> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(Owner::from(bytes))
}

// This target has no randomness of its own, and an owner that is not unique would run twice.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn random_owner() -> Option<Owner> {
    None
}
