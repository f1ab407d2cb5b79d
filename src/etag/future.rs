use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Method, Request, Response, header::ETAG};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{
    ContentDigest, ContentHasher,
    content::tag_content,
    pending::PendingHash,
    repr_digest::{write_digest, write_known_digest},
    tag::EtagConfig,
};
use crate::{
    body::ResponseBody,
    outcome::TagOrigin,
    semantics::{
        field::lines,
        validator::{
            EntityTag, UntaggedReason,
            digest_fields::{DigestPreference, REPR_DIGEST, WANT_REPR_DIGEST},
            taggable::{ResponseFacts, check_taggable},
        },
    },
    source::NoContentTag,
};

pin_project! {
    /// Response future for [`Etag`](super::Etag).
    pub struct ResponseFuture<F, B: Body, H> {
        #[pin]
        state: EtagState<F, B, H>,
    }
}

pin_project! {
    #[project = EtagStateProj]
    enum EtagState<F, B: Body, H> {
        // A separate state, so that moving a response that only passes copies fewer bytes.
        Pass {
            #[pin]
            future: F,
        },
        Tag {
            #[pin]
            state: HashState<F, B, H>,
        },
    }
}

pin_project! {
    #[project = HashStateProj]
    enum HashState<F, B: Body, H> {
        Call {
            #[pin]
            future: F,
            config: Arc<EtagConfig<H>>,
            request: RequestFacts,
        },
        // Boxed: content is rarely pending, and the state of a hash is large.
        Hash {
            pending: Box<PendingHash<B, H>>,
        },
    }
}

impl<F, B: Body, H> fmt::Debug for ResponseFuture<F, B, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            EtagState::Pass { .. } => "ResponseFuture(Pass)",
            EtagState::Tag { .. } => "ResponseFuture(Tag)",
        })
    }
}

/// The facts of a request that its response needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestFacts {
    /// `true` if the method is `HEAD`.
    pub(super) head: bool,
    /// `true` if a source knows the tag, so that none is made from the content.
    pub(super) source_knows: bool,
    /// The digest that the client prefers. `None` if the layer makes none.
    pub(super) digest: Option<DigestPreference>,
}

impl RequestFacts {
    pub(super) fn of<B, H>(request: &Request<B>, config: &EtagConfig<H>) -> Self {
        let digest = config.sha256_of_tag.is_some();
        Self {
            head: request.method() == Method::HEAD,
            source_knows: request.extensions().get::<NoContentTag>().is_some(),
            digest: digest.then(|| DigestPreference::parse(request.headers(), &WANT_REPR_DIGEST)),
        }
    }
}

impl<F, B: Body, H> ResponseFuture<F, B, H> {
    pub(super) fn pass(future: F) -> Self {
        Self {
            state: EtagState::Pass { future },
        }
    }

    pub(super) fn tag(future: F, config: Arc<EtagConfig<H>>, request: RequestFacts) -> Self {
        Self {
            state: EtagState::Tag {
                state: HashState::Call {
                    future,
                    config,
                    request,
                },
            },
        }
    }
}

impl<F, B, E, H> Future for ResponseFuture<F, B, H>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
    H: ContentHasher,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            EtagStateProj::Pass { future } => future
                .poll(cx)
                .map_ok(|response| response.map(ResponseBody::inner)),
            EtagStateProj::Tag { state } => state.poll(cx),
        }
    }
}

impl<F, B, E, H> HashState<F, B, H>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
    H: ContentHasher,
{
    // Not inlined, to keep the path of a response that only passes small.
    #[inline(never)]
    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<ResponseBody<B>>, E>> {
        let (response, config, announced, digest) = match self.as_mut().project() {
            HashStateProj::Call {
                future,
                config,
                request,
            } => {
                let mut response = ready!(future.poll(cx))?;
                match config.label_unread(&mut response, *request) {
                    Some(announced) => (response, config, announced, request.digest),
                    None => return Poll::Ready(Ok(response.map(ResponseBody::inner))),
                }
            }
            HashStateProj::Hash { pending } => return pending.poll(cx).map(Ok),
        };
        match tag_content(config, cx, response, (announced, digest)) {
            Ok(tagged) => Poll::Ready(Ok(tagged)),
            Err(pending) => {
                self.set(Self::Hash { pending });
                Poll::Pending
            }
        }
    }
}

impl<H: ContentHasher> EtagConfig<H> {
    /// Tags a response whose digest is known. Returns the length of the body if it has to
    /// be read for a tag.
    #[inline]
    fn label_unread<B>(&self, response: &mut Response<B>, request: RequestFacts) -> Option<u64>
    where
        B: Body<Data = Bytes>,
    {
        let origin = match tag_plan(response, self, request) {
            TagPlan::Read { announced } => return Some(announced),
            TagPlan::Leave(why) => TagOrigin::Untouched(why),
            TagPlan::Label(tag) => {
                response.headers_mut().insert(ETAG, tag.into());
                TagOrigin::KnownDigest
            }
        };
        if let Some(wanted) = request.digest {
            digest_unread(response, origin, wanted);
        }
        self.record(response.extensions_mut(), origin);
        None
    }
}

/// Writes the digest of a response whose body is not read.
#[cold]
fn digest_unread<B: Body>(response: &mut Response<B>, origin: TagOrigin, wanted: DigestPreference) {
    use UntaggedReason::{HandlerTag, HeadWithoutContent, NoStore, SourceKnows};
    match origin {
        // The response is a whole representation, and its tag has nothing to do with the digest.
        TagOrigin::KnownDigest | TagOrigin::Untouched(HandlerTag | SourceKnows | NoStore) => {
            write_known_digest(response, wanted);
        }
        // The `GET` has a digest, and `Vary` is the same (RFC 9110, section 9.3.2).
        TagOrigin::Untouched(HeadWithoutContent)
            if !lines::has(response.headers(), &REPR_DIGEST) =>
        {
            write_digest(response.headers_mut(), None);
        }
        _ => {}
    }
}

/// The way in which a response gets its tag.
enum TagPlan {
    /// The response stays as it is.
    Leave(UntaggedReason),
    /// The tag is known without reading the body.
    Label(EntityTag),
    /// The body is read for the tag. It announces this many bytes.
    Read { announced: u64 },
}

#[inline]
fn tag_plan<B, H>(response: &Response<B>, config: &EtagConfig<H>, request: RequestFacts) -> TagPlan
where
    B: Body<Data = Bytes>,
    H: ContentHasher,
{
    let headers = response.headers();
    let extensions = response.extensions();
    let digest = extensions.get::<ContentDigest>();
    let facts = ResponseFacts {
        status: response.status(),
        head: request.head,
        source_knows: request.source_knows || extensions.get::<NoContentTag>().is_some(),
        digest_known: digest.is_some(),
        exact: response.body().size_hint().exact(),
    };
    match (
        check_taggable(facts, headers, config.statuses, config.max_body_bytes),
        digest,
    ) {
        (Some(why), _) => TagPlan::Leave(why),
        (None, Some(digest)) => TagPlan::Label(config.tag_of_known(headers, digest)),
        (None, None) => match facts.exact {
            Some(announced) => TagPlan::Read { announced },
            // `check_taggable` has ruled this out.
            None => TagPlan::Leave(UntaggedReason::UnknownLength),
        },
    }
}
