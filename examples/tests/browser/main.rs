//! Tests in Chromium and Firefox: the page of `notes`, a script of one origin with services of
//! another, and a player that seeks.
//!
//! All servers are on 127.0.0.1, and their ports make the origins. The pages of the script and of the
//! player post to their own servers what they have seen.

mod client;
mod cross_origin;
mod driver;
mod notes_page;
mod page;
#[path = "../../../tests/support/seeded.rs"]
mod seeded;
mod seeking;
mod service;
