use http::{HeaderMap, Method, Request, request::Parts};

use super::{NotModified, PreconditionFailed, PreconditionRejection, now};
use crate::{
    refusal::Reason,
    semantics::condition::{ConditionalFields, Current, Decision},
};

/// The conditional headers of one request (RFC 9110, section 13).
///
/// See the [module docs](super) for an example.
#[derive(Debug, Clone)]
pub struct Preconditions {
    method: Method,
    fields: ConditionalFields,
}

impl Preconditions {
    /// Returns the conditions of a request.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Self {
        Self::new(request.method(), request.headers())
    }

    /// Returns the conditions of a request without its body.
    #[must_use]
    pub fn of_parts(request: &Parts) -> Self {
        Self::new(&request.method, &request.headers)
    }

    fn new(method: &Method, headers: &HeaderMap) -> Self {
        Self {
            method: method.clone(),
            fields: ConditionalFields::from_headers(headers).cloned(),
        }
    }

    /// Returns `true` if the request is unconditional.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Checks the conditions against the current state. The state is a
    /// [`Validators`](crate::Validators), an entity tag, `None` if there is no
    /// representation, or a [`Current`].
    ///
    /// Call it after all other checks and just before the work. A 404 or a 403 comes before any
    /// condition (RFC 9110, section 13.2.1). For a write, use [`Expected`](super::Expected), or
    /// lock the state until the write is done.
    ///
    /// # Errors
    ///
    /// Returns the 304 or 412 to respond with.
    pub fn check(&self, current: impl Into<Current>) -> Result<(), PreconditionRejection> {
        let current = current.into();
        match self.fields.evaluate(&self.method, current.as_ref(), now) {
            Decision::Proceed => Ok(()),
            Decision::NotModified => {
                Err(PreconditionRejection::NotModified(NotModified::of(current)))
            }
            Decision::Failed(condition) => Err(PreconditionRejection::Failed(
                PreconditionFailed::from_reason(Reason::of_condition(condition, &self.fields))
                    .with_state(&current),
            )),
        }
    }
}
