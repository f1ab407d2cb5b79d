use bytes::Bytes;
use tower_layer::Layer;

use super::{Audit, AuditService};

/// Layer that reports mistakes of validators and cache policies.
///
/// See the [module docs](crate::audit) for an example.
#[derive(Debug, Clone)]
#[must_use]
pub struct AuditLayer {
    audit: Audit,
    instance: Bytes,
}

impl AuditLayer {
    /// Creates a layer that adds its findings to `audit`.
    pub fn new(audit: Audit) -> Self {
        Self {
            audit,
            instance: Bytes::new(),
        }
    }

    /// Sets the name of the instance of the application inside, for an [`Audit`] of several
    /// instances. Defaults to one name for all.
    pub fn instance(mut self, name: impl AsRef<str>) -> Self {
        self.instance = Bytes::copy_from_slice(name.as_ref().as_bytes());
        self
    }
}

impl<S> Layer<S> for AuditLayer {
    type Service = AuditService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuditService::new(inner, self.audit.clone(), self.instance.clone())
    }
}
