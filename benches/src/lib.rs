//! The common parts of the measuring programs in `src/bin`: the cases, the contenders, the counting
//! and the tables.

pub mod callgrind;
pub mod case;
pub mod contenders;
pub mod drive;
pub mod goals;
pub mod handler;
pub mod hash;
pub mod runner;
pub mod table;
