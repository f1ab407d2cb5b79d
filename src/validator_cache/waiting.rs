//! A read that waits: for its store, or for another reader.

use std::{
    future::{Future, poll_fn},
    sync::Arc,
    task::Poll,
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{
    config::CacheConfig,
    lookup::{KeyLookup, Landing, NextStep},
};
use crate::{
    body::{ResponseBody, UnreadContent},
    semantics::condition::ConditionalFields,
    service::HeldService,
    source::lazy_timeout,
    store::{ValidatorStore, within},
};

/// Looks the key up, after `landing` if there is one, and answers.
// Not an `async fn`, whose future would hold the arguments twice.
pub(super) fn read<S, St, ReqB, ResB>(
    config: Arc<CacheConfig<St>>,
    lookup: KeyLookup,
    mut parts: Parts,
    content: ReqB,
    mut service: HeldService<S>,
    mut landing: Option<Landing>,
) -> impl Future<Output = Result<Response<ResponseBody<ResB>>, S::Error>> + Send
where
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    St: ValidatorStore,
    ReqB: Body + Send + 'static,
    ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
{
    let mut content = UnreadContent::new(&parts, content);
    async move {
        let settings = &config.cache.settings;
        let mut has_waited = false;
        // Neither a slow store nor another reader holds a place in a limit inside. The reader that
        // is waited for may need it.
        service.release();
        let pending = loop {
            if let Some(landing) = landing.take() {
                let _ = lazy_timeout(config.collapse, landing).await;
                has_waited = true;
            }
            let found = settings.store.lookup(lookup.key, lookup.lease);
            let found = within(settings.store_timeout, found).await;
            let fields = ConditionalFields::from_headers(&parts.headers);
            match lookup.decide(&config, &parts, &fields, found, has_waited) {
                NextStep::Answer(answer) => {
                    drop(service);
                    let answer = answer
                        .into_response(&config, parts.headers)
                        .map(|()| ResponseBody::empty());
                    return Ok(content.refuse(answer).await);
                }
                NextStep::Call(pending) => break pending,
                NextStep::Follow(next) => landing = Some(next),
            }
        };
        lookup.prepare(&config, &mut parts);
        let service = service.ready::<ReqB>().await?;
        let request = Request::from_parts(parts, content.take());
        let response = service.call(request).await?;
        let Some(pending) = pending else {
            return Ok(response.map(ResponseBody::inner));
        };
        let mut step = Some((pending, response));
        poll_fn(move |cx| {
            let (pending, response) = step.take().expect("polled after completion");
            Poll::Ready(Ok(pending.respond(cx, response)))
        })
        .await
    }
}
