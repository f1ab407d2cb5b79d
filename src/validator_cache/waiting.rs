//! A read that waits: for its store, or for another reader.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{
    config::CacheConfig,
    lookup::{KeyLookup, LeaseEndFuture, NextStep},
    pending::PendingRead,
    unanswered::AwaitedLookup,
};
use crate::{
    body::ResponseBody,
    semantics::condition::ConditionalFields,
    service::{HeldService, with_context},
    source::lazy_timeout,
    store::{ValidatorStore, within},
};

/// Looks the key up, after `lease_end` if there is one, and answers.
pub(super) async fn read<S, St, ReqB, ResB>(
    config: Arc<CacheConfig<St>>,
    lookup: KeyLookup,
    mut parts: Parts,
    content: ReqB,
    mut service: HeldService<S>,
    mut lease_end: Option<LeaseEndFuture>,
) -> Result<Response<ResponseBody<ResB>>, S::Error>
where
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    St: ValidatorStore,
    ReqB: Body + Send + 'static,
    ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
{
    let settings = &config.cache.settings;
    let mut has_waited = false;
    // Neither a slow store nor another reader holds a place in a limit inside. The reader that
    // is waited for may need it.
    service.release();
    let pending = loop {
        if let Some(lease_end) = lease_end.take() {
            let _ = lazy_timeout(config.collapse, lease_end).await;
            has_waited = true;
        }
        let awaited = AwaitedLookup::new(&config.cache, lookup.key, lookup.lease);
        let found = settings.store.lookup(lookup.key, lookup.lease);
        let found = within(settings.store_timeout, found).await;
        awaited.end();
        let fields = ConditionalFields::from_headers(&parts.headers);
        match lookup.decide(&config, &parts, &fields, found, has_waited) {
            NextStep::Answer(answer) => {
                drop(service);
                let answer = answer.answer_early(&config, parts.headers);
                return Ok(answer.map(|()| ResponseBody::empty()));
            }
            NextStep::Call(pending) => break pending,
            NextStep::Follow(next) => lease_end = Some(next),
        }
    };
    PendingRead::prepare(pending.as_deref(), &mut parts);
    let service = service.ready::<ReqB>().await?;
    let request = Request::from_parts(parts, content);
    let response = service.call(request).await?;
    let Some(pending) = pending else {
        return Ok(response.map(ResponseBody::inner));
    };
    Ok(with_context(|cx| pending.respond(cx, response)).await)
}
