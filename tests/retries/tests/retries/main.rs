//! Orders whose client retries: crashes, pauses, cut connections and outages, on real stores.

mod access;
mod awaits;
mod disconnected;
mod killed;
mod outages;
mod paused;
mod proxy;
mod races;
mod shutdown;
mod support;
