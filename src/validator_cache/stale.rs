use http::{HeaderValue, Uri};

/// An entry that was found to be wrong: the handler gives another tag, and nobody has announced
/// a write.
///
/// Somebody writes past the layer, or a write does not name all that it changes. It may also be
/// that the handler gives one state several tags.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StaleValidator {
    /// The URI that the client requested.
    pub target: Uri,
    /// The tag of the entry.
    pub remembered: HeaderValue,
    /// The tag of the handler's response. `None` if it has none, such as a 404.
    pub current: Option<HeaderValue>,
    /// `true` if the entry would have been answered as a 304, without the check.
    pub is_sampled: bool,
}
