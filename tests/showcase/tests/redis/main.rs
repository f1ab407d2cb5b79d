//! The showcase as three processes that share one Redis.

mod actor;
mod campaigns;
mod checker;
mod client;
mod disturbance;
mod history;
mod naive;
mod parallel;
mod remembered;
mod run;
#[path = "../../../support/seeded.rs"]
mod seeded;
mod system;
