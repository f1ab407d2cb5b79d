//! The showcase as three processes that share one Redis.

mod checker;
#[path = "../../../support/seeded.rs"]
mod seeded;
