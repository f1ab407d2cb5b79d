//! How each route may be cached.

use std::error::Error;

use tower_conditional::{
    CachePolicyLayer,
    cache_policy::{CachePolicy, Rule},
};

/// Around everything, so that a 304 says what the 200 does, and of an error that nobody keeps it.
///
/// What no rule is for, a note among it, may be kept and is asked for each time. A handler that
/// says `no-store` has its way.
pub(crate) fn policies() -> Result<CachePolicyLayer, Box<dyn Error>> {
    let list = CachePolicy::new("max-age=1, stale-while-revalidate=30".parse()?)?;
    let pages = CachePolicy::new("max-age=60".parse()?)?;
    let files = CachePolicy::new("max-age=600".parse()?)?;
    Ok(CachePolicyLayer::new(CachePolicy::always_ask())
        .rule(Rule::new(list).path("/notes")?)?
        .rule(Rule::new(pages).path("/pages/{name}")?)?
        .rule(Rule::new(files).path("/files/{name}")?)?
        .rule(Rule::new(CachePolicy::authenticated()).path("/private/me")?)?)
}
