use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::Response;
use sha2::{Digest, Sha256};

use super::Protect;
use crate::{
    BoxError,
    semantics::retry::{IdempotencyKey, KeyScope, RecordId, RecordedResponse},
    store::Step,
};

/// The attempt at a request with a key: an extension of the request, and an extractor of `axum`.
///
/// A request without a key has none, and so has one whose method is none of
/// [`IdempotencyLayer::methods`](super::IdempotencyLayer::methods). The extractor then answers
/// 500, so a route whose key is optional takes `Option<Attempt>`.
///
/// ```
/// use tower_conditional::idempotency::Attempt;
///
/// # fn order(_: &str) {}
/// fn handle(attempt: &Attempt) {
///     // The same for every attempt, so that the payment provider charges once.
///     let charge_key = attempt.derive_key("charge");
///     # order(&charge_key);
/// }
/// # let _ = handle;
/// ```
#[derive(Clone)]
pub struct Attempt {
    pub(super) scope: KeyScope,
    pub(super) key: IdempotencyKey,
    pub(super) step: Step,
    pub(super) number: u32,
    pub(super) takes_over: bool,
    pub(super) protect: Option<Arc<dyn Protect>>,
    pub(super) reports: Arc<HandlerReports>,
}

/// The reports of a handler to the layer, which shares them.
#[derive(Debug, Default)]
pub(super) struct HandlerReports {
    /// The handler's own transaction holds the record, so that the layer writes none.
    is_recorded: AtomicBool,
    /// The handler asked if it takes over.
    knows_takeover: AtomicBool,
}

impl Attempt {
    /// Returns the scope of the key.
    #[must_use]
    pub fn scope(&self) -> &KeyScope {
        &self.scope
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &IdempotencyKey {
        &self.key
    }

    /// Returns the name of the record in the store.
    #[must_use]
    pub fn id(&self) -> RecordId {
        self.step.id
    }

    /// Returns the record, the owner and the fence, for a store.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// Returns a number that grows with each attempt for the key. A write that stores it can
    /// refuse an older attempt that was only paused: `UPDATE .. WHERE fence < $1`.
    ///
    /// It starts again at 1 after the record was purged, which is after its retention.
    #[must_use]
    pub fn fence(&self) -> u64 {
        self.step.fence
    }

    /// Returns the number of the attempt, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Returns `true` if the attempt follows one that was lost, whose effects are unknown.
    ///
    /// With [`Resume`](super::OnLostAttempt::Resume) every handler has to ask. The layer trusts
    /// no response of a handler that takes over and has not asked.
    #[must_use]
    pub fn takes_over(&self) -> bool {
        self.reports.knows_takeover.store(true, Ordering::Release);
        self.takes_over
    }

    /// Returns `true` if the attempt is for this principal's key, wherever the layer is mounted.
    pub(super) fn holds(&self, scope: &KeyScope, key: &IdempotencyKey) -> bool {
        self.scope.principal() == scope.principal() && self.key == *key
    }

    /// Returns `true` if the handler takes over and has not asked.
    pub(super) fn overlooks_takeover(&self) -> bool {
        self.takes_over && !self.reports.knows_takeover.load(Ordering::Acquire)
    }

    /// Encodes a response for the record, and encrypts it as the layer is configured. For stores
    /// that record a response in the handler's own transaction.
    ///
    /// # Errors
    ///
    /// Returns the error of [`Protect::seal`].
    pub fn encode(&self, response: &Response<Bytes>) -> Result<Bytes, BoxError> {
        let content = response.body().clone();
        let record = RecordedResponse::new(response.status(), response.headers(), content);
        match &self.protect {
            Some(protect) => protect.seal(self.step.id.as_bytes(), record.encode()),
            None => Ok(record.encode()),
        }
    }

    /// Confirms that the response is recorded already, by the handler's own transaction. The
    /// layer then sends the response without recording it again.
    pub fn confirm_recorded(&self) {
        self.reports.is_recorded.store(true, Ordering::Release);
    }

    pub(super) fn is_recorded(&self) -> bool {
        self.reports.is_recorded.load(Ordering::Acquire)
    }

    /// Returns a key of 43 characters for a call to another service. It is the same in every
    /// attempt, and differs for each `purpose`.
    ///
    /// After a [release](super::Commit::Release), a corrected request has the same key. If the
    /// other service refuses that, add the part that was corrected to `purpose`.
    ///
    /// It is also the same for a request that uses the key again after its retention. So the
    /// retention should not be shorter than that of the other service.
    #[must_use]
    pub fn derive_key(&self, purpose: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(b"tower-conditional derived idempotency key\0");
        hash.update(self.step.id.as_bytes());
        hash.update(purpose);
        URL_SAFE_NO_PAD.encode(hash.finalize())
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("id", &self.step.id)
            .field("fence", &self.step.fence)
            .field("number", &self.number)
            .field("takes_over", &self.takes_over)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "axum")]
mod extractor {
    use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
    use http::{StatusCode, request::Parts};

    use super::Attempt;

    impl<S: Sync> FromRequestParts<S> for Attempt {
        /// 500: the route has no [`IdempotencyLayer`](super::super::IdempotencyLayer), its method
        /// is none of [`methods`](super::super::IdempotencyLayer::methods), or its request had no
        /// key.
        type Rejection = (StatusCode, &'static str);

        async fn from_request_parts(
            parts: &mut Parts,
            _: &S,
        ) -> Result<Self, (StatusCode, &'static str)> {
            let attempt = parts.extensions.get::<Self>().cloned();
            attempt.ok_or((
                StatusCode::INTERNAL_SERVER_ERROR,
                "no idempotency key: put `IdempotencyLayer` on this route, name its method with \
                 `methods`, and require a key with `require_key`",
            ))
        }
    }

    impl<S: Sync> OptionalFromRequestParts<S> for Attempt {
        type Rejection = std::convert::Infallible;

        async fn from_request_parts(
            parts: &mut Parts,
            _: &S,
        ) -> Result<Option<Self>, std::convert::Infallible> {
            Ok(parts.extensions.get::<Self>().cloned())
        }
    }
}
