use std::error::Error;

/// An error of any type in a box, the same as `tower::BoxError`.
pub type BoxError = Box<dyn Error + Send + Sync>;
