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
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use http_body::{Frame, SizeHint};
use sha2::{Digest, Sha256};
use tokio::{sync::OnceCell, task};
use tower_conditional::{
    EtagLayer, ValidatorCacheLayer,
    cache_tags::{CacheTags, InvalidCacheTag},
    etag::ContentDigest,
    store::validators::ValidatorStore,
    validator_cache::ValidatorCache,
};

use crate::{problem::Problem, stats::counted};

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
    /// A file whose byte `i` is `i mod 251`. The layer reads it for its tag.
    Pattern {
        size: u64,
    },
    /// The same file above the limit of the layer. The handler supplies the digest.
    Large {
        size: u64,
        digest: OnceCell<ContentDigest>,
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
    let files = counted(get(file)).route_layer(EtagLayer::new());
    let files = match cache {
        Some(cache) => {
            let group = CacheTags::of(["files"])?;
            files.route_layer(ValidatorCacheLayer::new(cache.clone()).tags(group))
        }
        None => files,
    };
    Ok(Router::new().route("/files/{name}", files))
}

async fn file(Path(name): Path<String>) -> Result<Response, Problem> {
    let (_, content) = FILES
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "no such file"))?;

    let (media_type, body) = match content {
        Content::Json { size } => ("application/json", Body::from(json_of(*size))),
        Content::Pattern { size } | Content::Large { size, .. } => (
            "application/octet-stream",
            Body::new(PatternBody::new(*size)),
        ),
    };
    let mut response = ([(header::CONTENT_TYPE, media_type)], body).into_response();
    if let Content::Large { size, digest } = content {
        let digest = digest.get_or_init(|| digest_of(*size)).await;
        response.extensions_mut().insert(*digest);
    }
    Ok(response)
}

/// Returns the digest. It is computed at its first use, and not on a thread that serves requests.
async fn digest_of(size: u64) -> ContentDigest {
    let digest = task::spawn_blocking(move || {
        let mut body = PatternBody::new(size);
        let mut hasher = Sha256::new();
        while let Some(frame) = body.next_frame() {
            hasher.update(&frame);
        }
        ContentDigest::new(hasher.finalize().into())
    });
    digest.await.expect("hashing does not panic")
}

/// Returns `{"text":"abc..."}` with exactly this many bytes.
fn json_of(size: usize) -> String {
    let (open, close) = ("{\"text\":\"", "\"}");
    let letters = ('a'..='z').cycle().take(size - open.len() - close.len());
    open.chars().chain(letters).chain(close.chars()).collect()
}

struct PatternBody {
    sent: u64,
    size: u64,
}

impl PatternBody {
    fn new(size: u64) -> Self {
        Self { sent: 0, size }
    }

    fn next_frame(&mut self) -> Option<Bytes> {
        let length = FRAME.min(self.size - self.sent) as usize;
        let start = (self.sent % PERIOD) as usize;
        self.sent += length as u64;
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
        self.sent == self.size
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.size - self.sent)
    }
}
