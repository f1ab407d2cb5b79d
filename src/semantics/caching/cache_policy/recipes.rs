//! Recipes: policies for common cases.

use std::time::Duration;

use http::header::{ACCEPT, ACCEPT_ENCODING};

use super::CachePolicy;
use crate::semantics::caching::cache_control::CacheControl;

const EMPTY: CacheControl = CacheControl::new();
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

const READ_MOSTLY_JSON: CacheControl = EMPTY
    .with_max_age(MINUTE)
    .with_stale_while_revalidate(SECOND.saturating_mul(30))
    .checked();
const SLIGHTLY_OLD_LIST: CacheControl = EMPTY
    .with_max_age(SECOND.saturating_mul(30))
    .with_s_maxage(MINUTE.saturating_mul(2))
    .with_stale_while_revalidate(SECOND.saturating_mul(30))
    .with_stale_if_error(MINUTE.saturating_mul(5))
    .checked();
const RESILIENT: CacheControl = EMPTY
    .with_max_age(MINUTE.saturating_mul(5))
    .with_stale_while_revalidate(MINUTE)
    .with_stale_if_error(HOUR)
    .checked();
const HIGHLY_DYNAMIC: CacheControl = EMPTY
    .with_max_age(Duration::ZERO)
    .with_must_revalidate()
    .checked();
const NO_CACHE: CacheControl = EMPTY.with_no_cache().checked();
const PRIVATE: CacheControl = EMPTY.with_private().with_max_age(MINUTE).checked();
const AUTHENTICATED: CacheControl = HIGHLY_DYNAMIC.with_private().checked();
const NO_STORE: CacheControl = EMPTY.with_no_store().checked();
const SHARED_AND_PUBLIC: CacheControl = EMPTY.with_public().with_max_age(HOUR).checked();
const IMMUTABLE_ASSET: CacheControl = EMPTY
    .with_public()
    .with_max_age(YEAR)
    .with_immutable()
    .checked();
const TRANSFORMED: CacheControl = EMPTY.with_max_age(MINUTE).checked();

/// Recipes. The [module docs](crate::cache_policy#choosing-a-policy) have a table to choose from.
/// [`Stack`](crate::Stack) has the same recipes with their layers.
impl CachePolicy {
    /// Returns a policy for JSON that is read often and written rarely.
    ///
    /// `max-age=60, stale-while-revalidate=30`, and `Vary: accept, accept-encoding`. Use it with
    /// a strong tag.
    pub fn read_mostly_json() -> Self {
        Self::from_valid(READ_MOSTLY_JSON).vary([ACCEPT, ACCEPT_ENCODING])
    }

    /// Returns a policy for a list that may be slightly old.
    ///
    /// `max-age=30, s-maxage=120, stale-while-revalidate=30, stale-if-error=300`.
    ///
    /// According to RFC 9111, section 5.2.2.10, `s-maxage` forbids shared caches to use the
    /// response stale. Some caches do it nevertheless. For a content delivery network, use
    /// [`cdn`](Self::cdn), where both can be set.
    pub fn slightly_old_list() -> Self {
        Self::from_valid(SLIGHTLY_OLD_LIST)
    }

    /// Returns a policy for content that should stay available while the origin is down.
    ///
    /// `max-age=300, stale-while-revalidate=60, stale-if-error=3600`.
    pub fn resilient() -> Self {
        Self::from_valid(RESILIENT)
    }

    /// Returns a policy for content that changes all the time and must never be stale.
    ///
    /// `max-age=0, must-revalidate`. Use it with a tag, so that revalidation is cheap.
    pub fn highly_dynamic() -> Self {
        Self::from_valid(HIGHLY_DYNAMIC)
    }

    /// Returns a policy for content that is stored, and revalidated before each use.
    ///
    /// `no-cache`. Use it with a tag. If several clients write the content, add
    /// [`PreconditionLayer::require`](crate::PreconditionLayer::require) against lost updates.
    pub fn no_cache() -> Self {
        Self::from_valid(NO_CACHE)
    }

    /// Returns a policy for content of one user that may be a minute old.
    ///
    /// `private, max-age=60`.
    pub fn private() -> Self {
        Self::from_valid(PRIVATE)
    }

    /// Returns a policy for content of a signed-in user that must always be current.
    ///
    /// `private, max-age=0, must-revalidate`. Use it with a tag.
    pub fn authenticated() -> Self {
        Self::from_valid(AUTHENTICATED)
    }

    /// Returns a policy for content that no cache may store.
    ///
    /// `no-store`. It needs no tag.
    pub fn no_store() -> Self {
        Self::from_valid(NO_STORE)
    }

    /// Returns a policy for content that is the same for all users and may be an hour old.
    ///
    /// `public, max-age=3600`.
    pub fn shared_and_public() -> Self {
        Self::from_valid(SHARED_AND_PUBLIC)
    }

    /// Returns a policy for content that never changes, since its URL contains its version.
    ///
    /// `public, max-age=31536000, immutable`. See [`assets`](crate::assets).
    ///
    /// It cannot be taken back. A missing file must be a 404, and not the `index.html` of a fallback.
    pub fn immutable_asset() -> Self {
        Self::from_valid(IMMUTABLE_ASSET)
    }

    /// Returns a policy for content that is changed on the way, for example by an image
    /// optimizer.
    ///
    /// `max-age=60`. Use it with a weak tag, since the final bytes are not known here.
    pub fn transformed() -> Self {
        Self::from_valid(TRANSFORMED)
    }
}
