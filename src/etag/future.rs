use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Response, header::ETAG};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{
    ContentDigest, ContentHasher,
    hashing::{Hashing, Parked, finish},
    tag::Recipe,
};
use crate::{
    body::{Collector, ResponseBody},
    outcome::TagOrigin,
    semantics::{
        etag::EntityTag,
        tagging::{Facts, Untagged, untagged},
    },
    source::SourceKnows,
};

pin_project! {
    /// Response future for [`Etag`](super::Etag).
    pub struct ResponseFuture<F, B: Body, H> {
        #[pin]
        state: State<F, B, H>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, B: Body, H> {
        Bypass {
            #[pin]
            future: F,
        },
        Watch {
            #[pin]
            future: F,
            recipe: Arc<Recipe<H>>,
            request: RequestFacts,
        },
        // Boxed: content that is not there at once is rare, and the state of a hash is large.
        Hash {
            parked: Box<Parked<B, H>>,
        },
    }
}

/// What is kept of a request until its response is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestFacts {
    /// Its method is `HEAD`.
    pub(super) head: bool,
    /// A source knows the tag, so none is made from the content.
    pub(super) source_knows: bool,
}

impl<F, B: Body, H> ResponseFuture<F, B, H> {
    pub(super) fn bypass(future: F) -> Self {
        Self {
            state: State::Bypass { future },
        }
    }

    pub(super) fn watch(future: F, recipe: Arc<Recipe<H>>, request: RequestFacts) -> Self {
        Self {
            state: State::Watch {
                future,
                recipe,
                request,
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

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let parked = match self.as_mut().project().state.project() {
            StateProj::Bypass { future } => {
                let response = ready!(future.poll(cx))?;
                return Poll::Ready(Ok(response.map(ResponseBody::inner)));
            }
            StateProj::Watch {
                future,
                recipe,
                request,
            } => {
                let mut response = ready!(future.poll(cx))?;
                let announced = match plan(&response, recipe, *request) {
                    Plan::Leave(why) => {
                        recipe.note(response.extensions_mut(), TagOrigin::Untouched(why));
                        return Poll::Ready(Ok(response.map(ResponseBody::inner)));
                    }
                    Plan::Label(tag) => {
                        response.headers_mut().insert(ETAG, tag.into());
                        recipe.note(response.extensions_mut(), TagOrigin::KnownDigest);
                        return Poll::Ready(Ok(response.map(ResponseBody::inner)));
                    }
                    Plan::Read { announced } => announced,
                };
                let (parts, body) = response.into_parts();
                let mut collector = Collector::new(body, announced, recipe.limit);
                // All of it in one frame is the common case, and the fast one.
                if let Some(ending) = collector.poll_whole(cx, H::YIELD_AFTER) {
                    return Poll::Ready(Ok(finish(parts, collector, None, ending, recipe)));
                }
                let mut hashing = Hashing::new(parts, collector);
                if let Poll::Ready(ending) = hashing.poll(cx, recipe) {
                    return Poll::Ready(Ok(hashing.finish(ending, recipe)));
                }
                Box::new(Parked::new(hashing, Arc::clone(recipe)))
            }
            StateProj::Hash { parked } => return parked.poll(cx).map(Ok),
        };
        self.project().state.set(State::Hash { parked });
        Poll::Pending
    }
}

/// What to do with a response.
enum Plan {
    /// It stays as it is.
    Leave(Untagged),
    /// The tag is known without a look at the body.
    Label(EntityTag),
    /// The body, which announces so many bytes, is read for it.
    Read { announced: u64 },
}

fn plan<B, H>(response: &Response<B>, recipe: &Recipe<H>, request: RequestFacts) -> Plan
where
    B: Body<Data = Bytes>,
    H: ContentHasher,
{
    let headers = response.headers();
    let extensions = response.extensions();
    let digest = extensions.get::<ContentDigest>();
    let facts = Facts {
        status: response.status(),
        head: request.head,
        source_knows: request.source_knows || extensions.get::<SourceKnows>().is_some(),
        digest_known: digest.is_some(),
        exact: response.body().size_hint().exact(),
    };
    match (
        untagged(facts, headers, &recipe.statuses, recipe.limit),
        digest,
    ) {
        (Some(why), _) => Plan::Leave(why),
        (None, Some(digest)) => Plan::Label(recipe.tag_of_known(headers, digest)),
        (None, None) => match facts.exact {
            Some(announced) => Plan::Read { announced },
            None => Plan::Leave(Untagged::UnknownLength),
        },
    }
}
