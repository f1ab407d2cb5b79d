//! nginx and Varnish in front of the layers and of the showcase: the responses that they store, use
//! and purge.
//!
//! The tests need the Debian packages `nginx`, `libnginx-mod-http-cache-purge`, `varnish` and
//! `varnish-modules`.
//!
//! Both caches obey `max-age`, `stale-while-revalidate`, `no-store`, `private`, `Vary` and tags,
//! without any setting for the layers. The table has the facts that operators should know. A test
//! or the configuration in `support` checks each of them:
//!
//! | | nginx | Varnish |
//! |---|---|---|
//! | asks with a tag | `proxy_cache_revalidate on` | what is kept: `default_keep`, or `beresp.keep` |
//! | `no-cache` | is not stored, and has no 304, unless its location is without a cache | is not stored |
//! | is stale | as the origin says; always, with `proxy_cache_use_stale updating` | as the origin says; else 10 seconds, unless `default_grace=0` |
//! | stale, while it asks | `proxy_cache_background_update on`; the connection that asked waits | by itself |
//! | with `Authorization` | is stored and shared, unless `private`, which `CachePolicyLayer` says | passes |
//! | a write through it | changes nothing stored | changes nothing stored |
//! | `PURGE` | one variant of those by `Vary`; one coding, with the coding in the key | all variants, or all with a key of `xkey` |
//! | codings | by `Vary` | gzip alone, which it decodes itself; by `Vary` with `http_gzip_support=off` |

mod codings;
mod freshness;
mod notes;
mod private;
mod purge;
mod support;
