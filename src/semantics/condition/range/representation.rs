use crate::semantics::{field::HttpDate, validator::ValidatorsRef};

/// The representation that a request selects, as its 200 would describe it.
#[derive(Debug, Clone, Copy)]
pub struct Representation<'a> {
    /// The number of bytes, in their content coding.
    pub length: u64,
    /// The current validators.
    pub validators: ValidatorsRef<'a>,
    /// The time of the response. Without it, no date in `If-Range` is true.
    pub date: Option<HttpDate>,
}
