//! Orders whose client retries: crashes, pauses, cut connections and outages, on real stores.

mod access;
mod awaits;
mod campaign;
mod disconnected;
mod killed;
mod outages;
mod paused;
mod races;
#[path = "../../../support/seeded.rs"]
mod seeded;
mod shutdown;
mod slow;
mod support;
