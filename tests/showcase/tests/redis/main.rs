//! The showcase as three processes that share one Redis.
//!
//! [`checker`] decides if the service was right, from the answers of its clients alone. [`run`]
//! lets clients and faults happen as one seed says, and records all operations. [`campaigns`] says
//! how to run long ones.
//!
//! Two mistakes must be found in the same way: `--naive` has get-then-set keys and a cache that is
//! deleted after the commit.

mod actor;
mod campaigns;
mod checker;
mod client;
mod decision;
mod disturbance;
mod history;
mod naive;
mod parallel;
mod remembered;
mod run;
#[path = "../../../support/seeded.rs"]
mod seeded;
mod settle;
mod system;
