//! Parts that the measuring programs in `src/bin` share: the cases, the contenders, one way to
//! count and one to print a table.

pub mod callgrind;
pub mod case;
pub mod contenders;
pub mod drive;
pub mod goals;
pub mod handler;
pub mod hash;
pub mod table;
