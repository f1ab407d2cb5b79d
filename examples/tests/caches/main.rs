//! nginx and Varnish in front of the layers: what they store, give out and forget.
//!
//! They need the packages `nginx`, `libnginx-mod-http-cache-purge`, `varnish`
//! and `varnish-modules` of Debian.

mod codings;
mod freshness;
mod private;
mod purge;
mod support;
