//! nginx and Varnish in front of the layers and of the showcase: the responses that they store, use
//! and purge. For ranges, there is also Squid.
//!
//! The tests need the Debian packages `nginx`, `libnginx-mod-http-cache-purge`, `squid`, `varnish` and
//! `varnish-modules`.
//!
//! nginx and Varnish obey `max-age`, `stale-while-revalidate`, `no-store`, `private`, `Vary` and tags,
//! without any setting for the layers. The table has the facts that operators should know. A test
//! or the configuration in `support` checks each of them:
//!
//! | | nginx | Varnish |
//! |---|---|---|
//! | revalidates with the tag | with `proxy_cache_revalidate on` | while it keeps the response: `default_keep`, or `beresp.keep` |
//! | `no-cache` | is not stored, and gets no 304, except in a location without a cache | is not stored |
//! | uses a stale response | if the origin allows it; always, with `proxy_cache_use_stale updating` | if the origin allows it; otherwise for 10 seconds, unless `default_grace=0` |
//! | revalidates meanwhile | with `proxy_cache_background_update on`; the connection that asked waits | by default |
//! | response to `Authorization` | is stored and shared, unless it is `private`, as `CachePolicyLayer` makes it | is not stored |
//! | write through the cache | changes nothing stored | changes nothing stored |
//! | `PURGE` removes | one variant of `Vary`; one coding, if the key contains it | all variants, or all responses with a key of `xkey` |
//! | `Range` | the whole is asked for and stored, or parts of one size with `slice` | the whole is asked for and stored; if it must not be, the range is passed |
//! | content codings | are variants of `Vary` | gzip alone, which Varnish decodes itself; variants of `Vary` with `http_gzip_support=off` |

mod codings;
mod freshness;
mod notes;
mod private;
mod purge;
mod ranges;
mod support;
