//! The check that all settings share.

use std::fmt;

/// Returns the value of a setting that does nothing if it is zero.
///
/// # Panics
///
/// Panics if it is zero. The message has the remedy.
#[track_caller]
pub(crate) fn above_zero<T>(name: &str, value: T, remedy: &str) -> T
where
    T: Default + PartialEq + fmt::Debug,
{
    assert!(value != T::default(), "invalid {name} {value:?}: {remedy}");
    value
}
