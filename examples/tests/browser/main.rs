//! Tests in Chromium and Firefox: a script of one origin with services of another, and a player that seeks.
//!
//! Both are servers on 127.0.0.1, and their ports make two origins. The page posts what its script
//! has seen to its own server.

mod client;
mod cross_origin;
mod driver;
mod notes_page;
mod page;
#[path = "../../../tests/support/seeded.rs"]
mod seeded;
mod seeking;
mod service;
