use std::error::Error;

/// A boxed error of any type, the same as `tower::BoxError`.
pub type BoxError = Box<dyn Error + Send + Sync>;
