//! A write: announced before its handler runs, and ended after it, whatever happens.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{announced::AnnouncedWrite, cache::WritePolicy, config::CacheConfig};
use crate::{
    body::{ContentEnd, ResponseBody, UnreadContent, watch},
    events,
    outcome::Verdict,
    purge::Purge,
    refusal::{Reason, Refusal},
    semantics::{caching::cache_tags::CacheTags, field::Accept, validator_cache::WriteTarget},
    service::{HeldService, with_context},
    store::{StoreError, ValidatorStore},
};

/// A write of a client.
struct ClientWrite<St: ValidatorStore> {
    config: Arc<CacheConfig<St>>,
    purge: Purge,
    announced: AnnouncedWrite<St>,
}

/// Announces the write, performs it even if the client disconnects, and ends it.
// Not an `async fn`, whose future would hold the arguments twice.
pub(super) fn perform<S, St, ReqB, ResB>(
    config: Arc<CacheConfig<St>>,
    parts: Parts,
    content: ReqB,
    mut service: HeldService<S>,
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
        let mut write = ClientWrite::new(config, &parts);
        let announced = {
            let mut announced = pin!(write.announce());
            match poll_fn(|cx| Poll::Ready(announced.as_mut().poll(cx))).await {
                Poll::Ready(announced) => announced,
                Poll::Pending => {
                    // A slow store holds no place in a limit inside.
                    service.release();
                    announced.await
                }
            }
        };
        if let Err(error) = announced {
            drop(service);
            let answer = write.config.refuse(&parts, error);
            return Ok(content.refuse(answer).await);
        }
        let detached = write.config.cache.settings.detached.clone();
        let request = Request::from_parts(parts, content.take());
        let work = write.run(request, service);
        #[cfg(feature = "tracing")]
        let work = tracing::Instrument::in_current_span(work);
        detached.finish_write(work).await
    }
}

impl<St: ValidatorStore> ClientWrite<St> {
    fn new(config: Arc<CacheConfig<St>>, request: &Parts) -> Self {
        let tags = config.tags(request);
        // A write without tags touches everything, whatever its target is.
        let purge = if tags.is_empty() {
            Purge::new()
        } else {
            Purge::of(request).with_tags(&tags)
        };
        let mut targets = config.cache.written_targets(&purge);
        if targets != [WriteTarget::All] {
            // The purge has the path of the client.
            let path = config.cache.service_path_scope(request);
            targets.extend(path.map(WriteTarget::Scope));
        }
        Self {
            announced: AnnouncedWrite::prepare(config.cache.clone(), targets),
            config,
            purge,
        }
    }

    /// Announces the write. An error refuses it.
    async fn announce(&mut self) -> Result<(), StoreError> {
        match (
            self.announced.begin().await,
            self.config.cache.settings.write_policy,
        ) {
            (Err(error), WritePolicy::Reject) => Err(error),
            (Err(_), WritePolicy::Bounded(bound)) => {
                events::unannounced_write(bound);
                Ok(())
            }
            (Ok(()), _) => Ok(()),
        }
    }

    /// Returns what only the response names.
    fn late_targets<B>(&mut self, response: &Response<B>) -> Vec<WriteTarget> {
        let announced = std::mem::take(&mut self.purge);
        let count = announced.targets().len();
        let purge = announced.with_locations(response.headers());
        let tags = response.extensions().get::<CacheTags>();
        // Most responses name nothing more, and each name is a digest.
        if tags.is_none() && purge.targets().len() == count {
            return Vec::new();
        }
        let purge = purge.with_tags(tags.into_iter().flatten());
        self.config.cache.targets(&purge)
    }

    /// Runs the handler. Dropping the write ends it, also after an error or a panic.
    async fn run<S, ReqB, ResB>(
        mut self,
        request: Request<ReqB>,
        mut service: HeldService<S>,
    ) -> Result<Response<ResponseBody<ResB>>, S::Error>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
    {
        self.announced.set_unknown(true);
        let response = {
            let renewed = pin!(self.announced.renew_until_dropped());
            let work = async {
                let service = service.ready::<ReqB>().await?;
                service.call(request).await
            };
            let (mut renewed, mut work) = (renewed, pin!(work));
            poll_fn(|cx| {
                let polled = work.as_mut().poll(cx);
                if polled.is_pending() {
                    let _ = renewed.as_mut().poll(cx);
                }
                polled
            })
            .await?
        };
        let status = response.status();
        let is_unknown = status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT;
        self.announced.set_unknown(is_unknown);
        if !self.announced.touches_everything() {
            let late = self.late_targets(&response);
            // Before the head is sent: the client reads its own write (RFC 9111, section 4.4).
            self.announced.forget_late(late).await;
        }
        if response.body().size_hint().exact().is_some() || response.body().is_end_stream() {
            return Ok(response.map(ResponseBody::inner));
        }
        // The handler may write while its content is sent.
        if let Err(error) = self.announced.renew().await {
            events::validator_step_failed("renew", &error);
        }
        let mut announced = self.announced;
        announced.renew_in_task();
        let on_end = Box::new(move |end| {
            // A handler that was dropped in the middle may have a statement that commits later.
            if end != ContentEnd::Complete {
                announced.set_unknown(true);
            }
            drop(announced);
        });
        let watched = with_context(|cx| response.map(|content| watch(cx, content, None, on_end)));
        Ok(watched.await)
    }
}

impl<St> CacheConfig<St> {
    /// Returns the 503 to a write that is not announced.
    fn refuse<B: Body<Data = Bytes>>(
        &self,
        request: &Parts,
        error: StoreError,
    ) -> Response<ResponseBody<B>> {
        let accepts_json = Accept::from_headers(&request.headers).accepts_json();
        let refusal = Refusal::new(Reason::SourceUnavailable).with_accepts_json(accepts_json);
        let mut response = self.renderer.respond(&refusal).map(ResponseBody::bytes);
        response.extensions_mut().insert(Arc::new(error));
        self.record(&mut response, |outcome| {
            outcome.set_verdict(Verdict::SourceFailed);
            outcome.set_answered_early(true);
        });
        response
    }
}
