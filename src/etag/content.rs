//! Tags from content.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::Response;
#[cfg(feature = "json")]
use http::response::Parts;
use http_body::Body;

use super::{
    ContentHasher,
    body_hash::BodyHash,
    pending::{HashWork, PendingHash},
    repr_digest::ReprDigest,
    tag::EtagConfig,
};
#[cfg(feature = "json")]
use super::{
    canonical_config::CanonicalConfig,
    canonical_hash::{CanonicalHash, max_at_once},
    repr_digest::begin_own_digest,
};
use crate::{
    body::{Collector, ResponseBody, read_at_once},
    outcome::TagOrigin,
    semantics::validator::digest_fields::DigestPreference,
};

/// A tagged response, or a hash that waits for content.
type TagResult<B, H> = Result<Response<ResponseBody<B>>, Box<PendingHash<B, H>>>;

/// Tags the response, whose body announces this many bytes. Returns `Err` with the unfinished hash
/// if content is pending.
#[inline]
pub(super) fn tag_content<B, H>(
    config: &Arc<EtagConfig<H>>,
    cx: &mut Context<'_>,
    response: Response<B>,
    (announced, wanted): (u64, Option<DigestPreference>),
) -> TagResult<B, H>
where
    B: Body<Data = Bytes>,
    H: ContentHasher,
{
    let (mut parts, body) = response.into_parts();
    #[cfg(feature = "json")]
    if let Some(canonical) = config.canonical_for(&parts.headers) {
        let digest = begin_own_digest(&parts.headers, wanted);
        return tag_json(config, canonical, cx, (parts, body), (announced, digest));
    }
    let digest = config.begin_digest(&parts.headers, wanted);
    let yield_after = ReprDigest::yield_after(digest.as_ref());
    // Content that is ready in one frame needs no collector.
    let begun = match read_at_once(cx, body, announced, yield_after) {
        Ok(content) => {
            config.label_content(&mut parts.headers, &content, digest);
            config.record(&mut parts.extensions, TagOrigin::Hashed(announced));
            return Ok(Response::from_parts(parts, ResponseBody::bytes(content)));
        }
        Err(begun) => begun,
    };
    let collector = Collector::new(begun, announced, config.max_body_bytes);
    let hash = BodyHash::new(parts, collector, digest);
    begin(config, cx, HashWork::Bytes(hash))
}

#[inline]
fn begin<B, H>(
    config: &Arc<EtagConfig<H>>,
    cx: &mut Context<'_>,
    mut work: HashWork<B, H>,
) -> TagResult<B, H>
where
    B: Body<Data = Bytes>,
    H: ContentHasher,
{
    match work.poll(cx, config) {
        Poll::Ready(ending) => Ok(work.finish(ending, config)),
        Poll::Pending => Err(Box::new(PendingHash::new(work, Arc::clone(config)))),
    }
}

/// Tags JSON by its canonical form, as [`tag_content`] does other content.
#[cfg(feature = "json")]
#[inline(never)]
fn tag_json<B, H>(
    config: &Arc<EtagConfig<H>>,
    canonical: &CanonicalConfig,
    cx: &mut Context<'_>,
    (mut parts, body): (Parts, B),
    (announced, digest): (u64, Option<ReprDigest<H>>),
) -> TagResult<B, H>
where
    B: Body<Data = Bytes>,
    H: ContentHasher,
{
    let begun = match read_at_once(cx, body, announced, max_at_once::<H>()) {
        Ok(content) => {
            config.tag_json(canonical, &mut parts, &content, digest);
            return Ok(Response::from_parts(parts, ResponseBody::bytes(content)));
        }
        Err(begun) => begun,
    };
    let collector = Collector::new(begun, announced, config.max_body_bytes);
    begin(
        config,
        cx,
        HashWork::Json(CanonicalHash::new(parts, collector, digest)),
    )
}
