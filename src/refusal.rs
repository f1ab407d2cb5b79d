//! How a layer says no: an RFC 9457 problem, or what the user puts in its place.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, StatusCode};

use crate::semantics::precondition::Condition;

/// A request that a layer refuses, before it has a body.
///
/// It holds nothing that the client did not know: no tags, no keys and no
/// internals (RFC 9457, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    condition: Condition,
}

impl Refusal {
    pub(crate) fn precondition_failed(condition: Condition) -> Self {
        Self { condition }
    }

    /// The status that is sent.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::PRECONDITION_FAILED
    }

    /// An absolute URI that names and documents this kind of problem.
    #[must_use]
    pub fn type_uri(&self) -> &'static str {
        "https://www.rfc-editor.org/rfc/rfc9110.html#name-412-precondition-failed"
    }

    /// A summary that is the same for every problem of this type.
    #[must_use]
    pub fn title(&self) -> &'static str {
        "Precondition Failed"
    }

    /// What happened, for the person who reads it.
    #[must_use]
    pub fn detail(&self) -> &'static str {
        match self.condition {
            Condition::IfMatch => "If-Match names no entity tag of the current representation.",
            Condition::IfNoneMatch => "If-None-Match names the current representation.",
            Condition::IfUnmodifiedSince => {
                "The representation has changed since the date in If-Unmodified-Since."
            }
        }
    }

    /// The condition that is false.
    #[must_use]
    pub fn condition(&self) -> Condition {
        self.condition
    }
}

/// Turns a [`Refusal`] into content. Closures do.
///
/// The layer sets the status, `Cache-Control: no-store`, the current
/// validators and the content's length.
pub trait RenderRefusal: Send + Sync + 'static {
    /// The media type and the content.
    fn render(&self, refusal: &Refusal) -> (HeaderValue, Bytes);
}

impl<F> RenderRefusal for F
where
    F: Fn(&Refusal) -> (HeaderValue, Bytes) + Send + Sync + 'static,
{
    fn render(&self, refusal: &Refusal) -> (HeaderValue, Bytes) {
        self(refusal)
    }
}

/// `application/problem+json` (RFC 9457). The default.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct ProblemJson;

impl RenderRefusal for ProblemJson {
    fn render(&self, refusal: &Refusal) -> (HeaderValue, Bytes) {
        // None of the texts needs escaping: a test holds them to that.
        let body = format!(
            r#"{{"type":"{}","title":"{}","status":{},"detail":"{}"}}"#,
            refusal.type_uri(),
            refusal.title(),
            refusal.status().as_u16(),
            refusal.detail(),
        );
        (
            HeaderValue::from_static("application/problem+json"),
            body.into(),
        )
    }
}

/// The renderer of a layer: none is [`ProblemJson`], which costs nothing to clone.
#[derive(Clone, Default)]
pub(crate) struct Renderer(Option<Arc<dyn RenderRefusal>>);

impl Renderer {
    pub(crate) fn new(render: impl RenderRefusal) -> Self {
        Self(Some(Arc::new(render)))
    }

    pub(crate) fn render(&self, refusal: &Refusal) -> (HeaderValue, Bytes) {
        match &self.0 {
            Some(render) => render.render(refusal),
            None => ProblemJson.render(refusal),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    const CONDITIONS: [Condition; 3] = [
        Condition::IfMatch,
        Condition::IfNoneMatch,
        Condition::IfUnmodifiedSince,
    ];

    /// R-9457-3-a, R-9457-3.1.2-a, R-9457-4-a: a URI that documents the type,
    /// the status that is sent, and no member that is not in the standard.
    #[test]
    fn problems_are_well_formed() {
        for condition in CONDITIONS {
            let refusal = Refusal::precondition_failed(condition);
            let (content_type, body) = ProblemJson.render(&refusal);
            assert_eq!(content_type, "application/problem+json");
            let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let members: Vec<_> = problem.as_object().unwrap().keys().collect();
            assert_eq!(members, ["detail", "status", "title", "type"]);
            assert_eq!(problem["status"], refusal.status().as_u16());
            assert_eq!(problem["title"], refusal.title());
            assert_eq!(problem["detail"], refusal.detail());
            let uri: http::Uri = problem["type"].as_str().unwrap().parse().unwrap();
            assert_eq!(uri.scheme_str(), Some("https"));
            assert!(refusal.detail().contains(condition.as_str()));
        }
    }

    /// R-9110-15.5.10-a: waiting helps against none of what is refused, so
    /// nothing says when to try again.
    #[test]
    fn every_refusal_is_final() {
        for condition in CONDITIONS {
            let refusal = Refusal::precondition_failed(condition);
            assert_eq!(refusal.status(), StatusCode::PRECONDITION_FAILED);
        }
    }
}
