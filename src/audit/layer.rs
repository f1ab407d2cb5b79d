use bytes::Bytes;
use tower_layer::Layer;

use super::{Audit, Audited};

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
    /// Tells `audit` what it finds.
    pub fn new(audit: Audit) -> Self {
        Self {
            audit,
            instance: Bytes::new(),
        }
    }

    /// Names the instance of the application inside, where one [`Audit`] looks
    /// at several, so that it can compare what they say. All have one name by
    /// default.
    pub fn instance(mut self, name: impl AsRef<str>) -> Self {
        self.instance = Bytes::copy_from_slice(name.as_ref().as_bytes());
        self
    }
}

impl<S> Layer<S> for AuditLayer {
    type Service = Audited<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Audited::new(inner, self.audit.clone(), self.instance.clone())
    }
}
