//! `/files/{name}`: fixed bytes, made while they are sent, so that memory stays flat.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::LazyLock,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use http_body::{Frame, SizeHint};
use sha2::{Digest, Sha256};
use tokio::{sync::OnceCell, task};
use tower_conditional::{
    EntityTag, EtagLayer, RangeLayer, ValidatorCacheLayer,
    cache_tags::{CacheTags, InvalidCacheTag},
    handler::Ranges,
    stack,
    store::validators::ValidatorStore,
    validator_cache::ValidatorCache,
};

use crate::{problem::Problem, stats::counted};

const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");
const FRAME: u64 = 64 * 1024;
const PERIOD: u64 = 251;

/// A part of the pattern that is long enough to cut any frame from it without a copy.
static PATTERN: LazyLock<Bytes> = LazyLock::new(|| {
    (0..PERIOD + FRAME)
        .map(|i| (i % PERIOD) as u8)
        .collect::<Vec<_>>()
        .into()
});

enum Content {
    Json {
        size: usize,
    },
    /// A file whose byte `i` is `i mod 251`. The layers read it for its tag, and cut its ranges.
    Pattern {
        size: u64,
    },
    /// The same file above the limit of the layer. The handler knows its digest, and sends ranges
    /// without the bytes before them.
    Large {
        size: u64,
        digest: OnceCell<[u8; 32]>,
    },
}

static FILES: [(&str, Content); 5] = [
    ("1k.json", Content::Json { size: 1 << 10 }),
    ("64k.json", Content::Json { size: 64 << 10 }),
    ("1m.bin", Content::Pattern { size: 1 << 20 }),
    ("4m.bin", Content::large(4 << 20)),
    ("64m.bin", Content::large(64 << 20)),
];

impl Content {
    const fn large(size: u64) -> Self {
        Self::Large {
            size,
            digest: OnceCell::const_new(),
        }
    }
}

/// Returns the routes of the files. Their tags are remembered, since nobody writes them.
pub(crate) fn routes(
    cache: Option<&ValidatorCache<impl ValidatorStore>>,
) -> Result<Router, InvalidCacheTag> {
    let files = counted(get(file));
    let layers = stack()
        .ranges(RangeLayer::new().content_digest())
        .etag(EtagLayer::new().repr_digest());
    let files = match cache {
        Some(cache) => {
            let group = CacheTags::of(["files"])?;
            let remembered = ValidatorCacheLayer::new(cache.clone()).tags(group);
            files.route_layer(layers.validators(remembered))
        }
        None => files.route_layer(layers),
    };
    Ok(Router::new().route("/files/{name}", files))
}

async fn file(Path(name): Path<String>, ranges: Ranges) -> Result<Response, Problem> {
    let (_, content) = FILES
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "no such file"))?;

    Ok(match content {
        Content::Json { size } => {
            ([(header::CONTENT_TYPE, "application/json")], json_of(*size)).into_response()
        }
        Content::Pattern { size } => {
            let body = Body::new(PatternBody::new(0, *size));
            ([(header::CONTENT_TYPE, BYTES)], body).into_response()
        }
        Content::Large { size, digest } => {
            let digest = *digest.get_or_init(|| digest_of(*size)).await;
            let tag = EntityTag::from_digest(&digest[..16]);
            let ranges = ranges.content_type(BYTES).sha256(digest);
            let response = ranges.respond(*size, tag, |range| {
                PatternBody::new(range.first(), range.last() + 1)
            });
            response.into_response()
        }
    })
}

/// Returns the digest. It is computed at its first use, and not on a thread that serves requests.
async fn digest_of(size: u64) -> [u8; 32] {
    let digest = task::spawn_blocking(move || {
        let mut body = PatternBody::new(0, size);
        let mut hasher = Sha256::new();
        while let Some(frame) = body.next_frame() {
            hasher.update(&frame);
        }
        hasher.finalize().into()
    });
    digest.await.expect("hashing does not panic")
}

/// Returns `{"text":"abc..."}` with exactly this many bytes.
fn json_of(size: usize) -> String {
    let (open, close) = ("{\"text\":\"", "\"}");
    let letters = ('a'..='z').cycle().take(size - open.len() - close.len());
    open.chars().chain(letters).chain(close.chars()).collect()
}

/// The bytes of the pattern from one position to another.
struct PatternBody {
    position: u64,
    end: u64,
}

impl PatternBody {
    fn new(position: u64, end: u64) -> Self {
        Self { position, end }
    }

    fn next_frame(&mut self) -> Option<Bytes> {
        let length = FRAME.min(self.end - self.position) as usize;
        let start = (self.position % PERIOD) as usize;
        self.position += length as u64;
        (length > 0).then(|| PATTERN.slice(start..start + length))
    }
}

impl http_body::Body for PatternBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.next_frame().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.position == self.end
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.end - self.position)
    }
}
