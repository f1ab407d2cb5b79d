//! Policies with a name.

use std::time::Duration;

use http::header::{ACCEPT, ACCEPT_ENCODING};

use super::CachePolicy;
use crate::semantics::caching::cache_control::CacheControl;

const NOTHING: CacheControl = CacheControl::new();
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

const READ_MOSTLY_JSON: CacheControl = NOTHING
    .with_max_age(MINUTE)
    .with_stale_while_revalidate(SECOND.saturating_mul(30))
    .checked();
const SLIGHTLY_OLD_LIST: CacheControl = NOTHING
    .with_max_age(SECOND.saturating_mul(30))
    .with_s_maxage(MINUTE.saturating_mul(2))
    .with_stale_while_revalidate(SECOND.saturating_mul(30))
    .with_stale_if_error(MINUTE.saturating_mul(5))
    .checked();
const RESILIENT: CacheControl = NOTHING
    .with_max_age(MINUTE.saturating_mul(5))
    .with_stale_while_revalidate(MINUTE)
    .with_stale_if_error(HOUR)
    .checked();
const HIGHLY_DYNAMIC: CacheControl = NOTHING
    .with_max_age(Duration::ZERO)
    .with_must_revalidate()
    .checked();
const NO_CACHE: CacheControl = NOTHING.with_no_cache().checked();
const PRIVATE: CacheControl = NOTHING.with_private().with_max_age(MINUTE).checked();
const AUTHENTICATED: CacheControl = HIGHLY_DYNAMIC.with_private().checked();
const NO_STORE: CacheControl = NOTHING.with_no_store().checked();
const SHARED_AND_PUBLIC: CacheControl = NOTHING.with_public().with_max_age(HOUR).checked();
const IMMUTABLE_ASSET: CacheControl = NOTHING
    .with_public()
    .with_max_age(YEAR)
    .with_immutable()
    .checked();
const TRANSFORMED: CacheControl = NOTHING.with_max_age(MINUTE).checked();

/// Recipes. The [module docs](crate::cache_policy#choosing-a-policy) say when to take which;
/// [`Stack`](crate::Stack) has them with the layers that belong to them.
impl CachePolicy {
    /// JSON that is read often and written now and then:
    /// `max-age=60, stale-while-revalidate=30`, and `Vary: accept,
    /// accept-encoding`. Wants a strong tag.
    pub fn read_mostly_json() -> Self {
        Self::of(READ_MOSTLY_JSON).vary([ACCEPT, ACCEPT_ENCODING])
    }

    /// A list that may be slightly old: `max-age=30, s-maxage=120,
    /// stale-while-revalidate=30, stale-if-error=300`.
    ///
    /// By the letter of RFC 9111 `s-maxage` forbids shared caches the stale use
    /// (section 5.2.2.10), and some of them grant it all the same; for a content
    /// delivery network, [`cdn`](Self::cdn) says it cleanly.
    pub fn slightly_old_list() -> Self {
        Self::of(SLIGHTLY_OLD_LIST)
    }

    /// What should be there though the origin is not: `max-age=300,
    /// stale-while-revalidate=60, stale-if-error=3600`.
    pub fn resilient() -> Self {
        Self::of(RESILIENT)
    }

    /// What changes all the time and must not be used old: `max-age=0,
    /// must-revalidate`. Wants a tag, so that asking is cheap.
    pub fn highly_dynamic() -> Self {
        Self::of(HIGHLY_DYNAMIC)
    }

    /// May be stored, and is revalidated before each use: `no-cache`. Wants a tag. For content
    /// that many write it wants
    /// [`PreconditionLayer::require`](crate::PreconditionLayer::require) too.
    pub fn no_cache() -> Self {
        Self::of(NO_CACHE)
    }

    /// The caller's own, which may be a minute old: `private, max-age=60`.
    pub fn private() -> Self {
        Self::of(PRIVATE)
    }

    /// What a caller who is signed in sees, always current: `private,
    /// max-age=0, must-revalidate`. Wants a tag.
    pub fn authenticated() -> Self {
        Self::of(AUTHENTICATED)
    }

    /// What no cache may keep: `no-store`. Wants no tag.
    pub fn no_store() -> Self {
        Self::of(NO_STORE)
    }

    /// The same for everybody, and good for an hour: `public, max-age=3600`.
    pub fn shared_and_public() -> Self {
        Self::of(SHARED_AND_PUBLIC)
    }

    /// A URL that names its version, and will never mean anything else:
    /// `public, max-age=31536000, immutable`. See [`assets`](crate::assets).
    pub fn immutable_asset() -> Self {
        Self::of(IMMUTABLE_ASSET)
    }

    /// What is changed on the way, by an optimiser of images for instance:
    /// `max-age=60`. Wants a weak tag, since its bytes are not known here.
    pub fn transformed() -> Self {
        Self::of(TRANSFORMED)
    }
}
