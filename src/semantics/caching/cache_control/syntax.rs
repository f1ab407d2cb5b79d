/// The syntax of a header with directives, which decides how arguments of extensions are
/// written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// `Cache-Control`.
    CacheControl,
    /// A Structured Fields Dictionary (RFC 9213, section 2.1).
    Targeted,
}
