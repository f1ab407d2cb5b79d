use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Response, header::ETAG, response::Parts};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{
    ContentDigest, ContentHasher,
    hashing::{Hashing, Parked},
    tag::Recipe,
};
use crate::{
    body::ResponseBody,
    outcome::{Outcome, TagOrigin},
    semantics::{
        etag::EntityTag,
        tagging::{Facts, untagged},
    },
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
            head: bool,
        },
        // Boxed: content that is not there at once is rare, and the state of a hash is large.
        Hash {
            parked: Box<Parked<B, H>>,
        },
    }
}

impl<F, B: Body, H> ResponseFuture<F, B, H> {
    pub(super) fn bypass(future: F) -> Self {
        Self {
            state: State::Bypass { future },
        }
    }

    pub(super) fn watch(future: F, recipe: Arc<Recipe<H>>, head: bool) -> Self {
        Self {
            state: State::Watch {
                future,
                recipe,
                head,
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
                head,
            } => {
                let response = ready!(future.poll(cx))?;
                let mut hashing = match assess(response, recipe, *head) {
                    Assessed::Done(response) => return Poll::Ready(Ok(response)),
                    Assessed::Hash(hashing) => hashing,
                };
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

enum Assessed<B: Body, H> {
    Done(Response<ResponseBody<B>>),
    Hash(Hashing<B, H>),
}

fn assess<B, H>(response: Response<B>, recipe: &Recipe<H>, head: bool) -> Assessed<B, H>
where
    B: Body<Data = Bytes>,
    H: ContentHasher,
{
    let digest = response.extensions().get::<ContentDigest>();
    let facts = Facts {
        status: response.status(),
        head,
        digest_known: digest.is_some(),
        upper: response.body().size_hint().upper(),
    };
    let headers = response.headers();
    let why_not = untagged(facts, headers, &recipe.statuses, recipe.limit);
    let (tag, origin) = match (why_not, digest) {
        (Some(_), _) if !recipe.explain => {
            return Assessed::Done(response.map(ResponseBody::inner));
        }
        (Some(why), _) => (None, TagOrigin::Untouched(why)),
        (None, Some(digest)) => (
            Some(recipe.tag_of_known(headers, digest)),
            TagOrigin::KnownDigest,
        ),
        (None, None) => {
            let (parts, body) = response.into_parts();
            return Assessed::Hash(Hashing::new(parts, body, recipe.limit));
        }
    };
    let (mut parts, body) = response.into_parts();
    label(&mut parts, tag, origin, recipe.explain);
    Assessed::Done(Response::from_parts(parts, ResponseBody::inner(body)))
}

/// Puts the tag on a response, and says where it came from if asked to.
pub(super) fn label(parts: &mut Parts, tag: Option<EntityTag>, origin: TagOrigin, explain: bool) {
    if let Some(tag) = tag {
        parts.headers.insert(ETAG, tag.into());
    }
    if explain {
        Outcome::record(&mut parts.extensions, |outcome| outcome.set_tag(origin));
    }
}
