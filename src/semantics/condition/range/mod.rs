//! Parts of a representation: `Range`, `If-Range`, 206 and 416 (RFC 9110, sections 13.1.5, 14 and
//! 15.3.7).

mod byte_range;
mod divisible;
mod fields;
mod head;
mod multipart;
mod plan;
mod range_set;
mod representation;
mod specifier;
#[cfg(test)]
mod tests;

pub use byte_range::ByteRange;
pub(crate) use divisible::{advertise, divisible_length, refuses_ranges};
pub use fields::RangeFields;
pub(crate) use fields::is_partial_put;
pub(crate) use head::{write_part_head, write_unsatisfied_range};
pub use multipart::{Boundary, FramedPart, MultipartFraming};
pub use plan::{Plan, plan};
pub use range_set::{RangeLimits, RangeSet};
pub use representation::Representation;
