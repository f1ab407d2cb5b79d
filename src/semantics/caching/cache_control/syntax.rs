/// The place of directives, on which the syntax of an extension's argument depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// `Cache-Control`.
    CacheControl,
    /// A Structured Fields Dictionary (RFC 9213, section 2.1).
    Targeted,
}
