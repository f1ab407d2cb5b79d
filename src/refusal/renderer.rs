//! The responses that are made from refusals.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LOCATION, CONTENT_TYPE, RETRY_AFTER},
};

use super::{ProblemJson, Refusal, RenderRefusal};
use crate::semantics::{caching::cache_control, condition::not_modified, field::content_length};

/// The renderer of a layer. `None` is [`ProblemJson`], which is cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Renderer(Option<Arc<dyn RenderRefusal>>);

impl Renderer {
    pub(crate) fn new(render: impl RenderRefusal) -> Self {
        Self(Some(Arc::new(render)))
    }

    fn render(&self, refusal: &Refusal<'_>) -> (HeaderValue, Bytes) {
        match &self.0 {
            Some(render) => render.render(refusal),
            None => ProblemJson.render(refusal),
        }
    }

    /// Returns the whole response to a request that was not performed.
    pub(crate) fn respond(&self, refusal: &Refusal<'_>) -> Response<Bytes> {
        let (content_type, content) = self.render(refusal);
        let mut response = Response::new(content);
        write_head(&mut response, refusal, content_type);
        response
    }

    /// Turns the response of a service into the refusal. Headers that do not belong to the
    /// representation stay, such as those of CORS.
    pub(crate) fn replace<B>(
        &self,
        response: Response<B>,
        refusal: &Refusal<'_>,
    ) -> Response<Bytes> {
        let (content_type, content) = self.render(refusal);
        let mut response = response.map(|_| content);
        let headers = response.headers_mut();
        not_modified::strip_representation_metadata(headers);
        cache_control::forbid_storing(headers);
        headers.remove(ACCEPT_RANGES);
        headers.remove(CONTENT_LOCATION);
        write_head(&mut response, refusal, content_type);
        response
    }
}

fn write_head(response: &mut Response<Bytes>, refusal: &Refusal<'_>, content_type: HeaderValue) {
    let length = response.body().len() as u64;
    *response.status_mut() = refusal.status();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_TYPE, content_type);
    content_length::set(headers, Some(length));
    if refusal.status() == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
}

impl fmt::Debug for Renderer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Some(_) => "Custom",
            None => "ProblemJson",
        })
    }
}
