use std::sync::Arc;

use http::HeaderName;

use crate::{refusal::Renderer, source::OnSourceError};

pub(super) struct StateRefConfig<Q> {
    pub(super) field: HeaderName,
    pub(super) source: Arc<Q>,
    pub(super) on_source_error: OnSourceError,
    pub(super) renderer: Renderer,
    #[cfg(feature = "tokio")]
    pub(super) timeout: Option<std::time::Duration>,
}

// Written by hand, since a source need not be `Clone`.
impl<Q> Clone for StateRefConfig<Q> {
    fn clone(&self) -> Self {
        Self {
            field: self.field.clone(),
            source: Arc::clone(&self.source),
            on_source_error: self.on_source_error,
            renderer: self.renderer.clone(),
            #[cfg(feature = "tokio")]
            timeout: self.timeout,
        }
    }
}
