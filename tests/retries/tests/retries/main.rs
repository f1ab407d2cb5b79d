//! Orders whose client retries: crashes, pauses, cut connections and outages, on real stores.

mod disconnected;
mod killed;
mod paused;
mod races;
mod shutdown;
mod support;
