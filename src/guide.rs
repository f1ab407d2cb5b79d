//! # Choosing a policy
//!
//! Two questions decide what a cache may do with a response. *Is it the same?*
//! is answered by a validator: an entity tag, from
//! [`EtagLayer`](crate::EtagLayer), a version or a source. *When to ask again?*
//! is answered by `Cache-Control`. This page is about the second.
//!
//! ## The table
//!
//! Go down the rows; the first that is true decides. Each is a function in
//! [`recipe`](crate::recipe) and, without the layers that make tags, a
//! constructor of [`CachePolicy`](crate::cache_policy::CachePolicy).
//!
//! | The response ... | Recipe | `Cache-Control` | Tag |
//! |---|---|---|---|
//! | must be nowhere but in this exchange: a secret, a one-time token | `sensitive` | `no-store` | none |
//! | belongs to a caller who is signed in, and has to be current | `authenticated` | `private, max-age=0, must-revalidate` | strong |
//! | belongs to the caller, and may be a minute old | `the_callers_own` | `private, max-age=60` | strong |
//! | is read and then written by many | `guarded_writes` | `no-cache` | strong, and `If-Match` on writes |
//! | has a URL that names its version or its hash | `versioned_asset` | `public, max-age=31536000, immutable` | strong |
//! | is changed on the way, by an optimiser of images for instance | `transformed` | `max-age=60` | weak |
//! | must never be used old, and changes all the time | `highly_dynamic` | `max-age=0, must-revalidate` | strong |
//! | must never be used without asking | `always_ask` | `no-cache` | strong |
//! | should be there even while the service is down | `resilient` | `max-age=300, stale-while-revalidate=60, stale-if-error=3600` | strong |
//! | is a list, and slightly old is fine | `slightly_old_list` | `max-age=30, s-maxage=120, stale-while-revalidate=30, stale-if-error=300` | strong |
//! | is JSON that is read often and written now and then | `read_mostly_json` | `max-age=60, stale-while-revalidate=30`, `Vary: accept, accept-encoding` | strong |
//! | is the same for everybody | `shared_and_public` | `public, max-age=3600` | strong |
//!
//! None of them? `always_ask` is never wrong, and with a tag never dear: it costs
//! a 304.
//!
//! ## What is said for you
//!
//! | Case | What [`CachePolicyLayer`](crate::CachePolicyLayer) does |
//! |---|---|
//! | an error, 4xx or 5xx | `no-store`, unless the handler or a rule says otherwise |
//! | a redirection, 3xx | `no-cache`, likewise; a permanent one would otherwise be kept for good |
//! | 206 and 304 | what the 200 would have had |
//! | `POST`, `PUT`, `PATCH`, `DELETE` | nothing that would make the answer fresh |
//! | `Authorization` on the request | `private` |
//! | `Set-Cookie` on the response | `private` |
//! | the handler's own `Cache-Control` | the stricter word of both |
//!
//! ## Words that do not mean what they say
//!
//! - `no-cache` keeps the response, and asks before each use. `no-store` does not
//!   keep it.
//! - `private` without a lifetime lets a browser make one up. Say one.
//! - `must-revalidate` forbids using the response once it is *stale*; while it
//!   is fresh nobody asks. With `max-age=0` it is always stale.
//! - `s-maxage` and `must-revalidate` each allow a shared cache to keep the answer
//!   to a request with `Authorization` (RFC 9111, section 3.5), and forbid the
//!   stale use that `stale-while-revalidate` grants (sections 5.2.2.10 and
//!   5.2.2.2). Caches differ in what they make of it; the combination is built,
//!   [`weaknesses`](crate::semantics::cache_control::CacheControl::weaknesses)
//!   names it, and a targeted field says both cleanly:
//!
//! ```
//! use std::time::Duration;
//!
//! use tower_conditional::{cache_policy::CachePolicy, semantics::cache_control::CacheControl};
//!
//! // Browsers ask each time; the network in front keeps it for ten minutes, and
//! // goes on using it for another one while it asks.
//! let at_the_edge = CacheControl::new()
//!     .with_max_age(Duration::from_secs(600))
//!     .with_stale_while_revalidate(Duration::from_secs(60));
//! let policy = CachePolicy::always_ask().cdn(at_the_edge)?;
//! # let _ = policy;
//! # Ok::<_, tower_conditional::cache_policy::InvalidPolicy>(())
//! ```
//!
//! - `Vary: Authorization` is not a way to keep users apart: caches that obey
//!   would keep one variant per token, and `private` keeps none. `Vary: *` keeps
//!   nothing at all.
//! - `immutable` on a URL that can ever mean other bytes cannot be taken back.
//!
//! ## Where a lifetime ends early
//!
//! A lifetime is a promise to be content with what is old. Where a write has to
//! be seen at once and a cache in front should still work, there are three ways:
//! `no-cache` with a tag (every use asks, and a 304 is cheap); a new URL for each
//! version, as [`Assets`](crate::Assets) make them; or to purge what a write has
//! changed, with [`CacheTagsLayer`](crate::CacheTagsLayer).
