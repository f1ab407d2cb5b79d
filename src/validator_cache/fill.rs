//! The validators of a response, on their way into the store.

use std::{sync::atomic::Ordering, task::Context};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, request::Parts};
use http_body::Body;

use super::{ValidatorCache, config::CacheConfig, lease::HeldLease};
use crate::{
    body::{ContentEnd, ResponseBody, watch},
    events,
    semantics::{
        caching::{cache_policy::CachePolicy, cache_tags::CacheTags},
        condition::{ConditionalFields, Current, Decision},
        field::content_length,
        validator::Validators,
        validator_cache::{
            CacheScope, FillRefusal, may_fill, remembered_validators, undeclared_vary,
        },
    },
    store::{ValidatorStore, validators::ValidatorEntry},
};

/// A read that may fill the entry of its key.
pub(super) struct Fill<St: ValidatorStore> {
    lease: HeldLease<St>,
    tags: CacheTags,
    paths: Vec<CacheScope>,
    conditions: ConditionalFields,
    has_principal: bool,
}

impl<St: ValidatorStore> Fill<St> {
    pub(super) fn new(
        config: &CacheConfig<St>,
        lease: HeldLease<St>,
        request: &Parts,
        conditions: &ConditionalFields<&HeaderValue>,
        has_principal: bool,
    ) -> Self {
        Self {
            lease,
            tags: config.tags(request),
            paths: config.cache.path_scopes(request),
            conditions: conditions.cloned(),
            has_principal,
        }
    }

    /// Remembers the validators of the response when its content has ended.
    pub(super) fn respond<B: Body<Data = Bytes>>(
        self,
        config: &CacheConfig<St>,
        cx: &mut Context<'_>,
        mut response: Response<B>,
    ) -> Response<ResponseBody<B>> {
        let refusal = self.refusal(config, &response);
        config.record(&mut response, |outcome| match refusal {
            None => outcome.set_stored(),
            Some(refusal) => outcome.set_fill_refusal(refusal),
        });
        if let Some(refusal) = refusal {
            config.report(refusal, &response);
            // Dropping the lease gives it back.
            return response.map(ResponseBody::inner);
        }
        let headers = response.headers();
        let validators = remembered_validators(headers, || config.clock.now());
        let may_be_unread = self.is_not_modified(config, &validators);
        let length = content_length::declared_length(headers);
        let cache = &config.cache;
        let entry = ValidatorEntry::new(validators)
            .with_scopes(cache.scopes(self.paths, &self.tags, &response))
            .with_ttl(cache.entry_ttl());
        let lease = self.lease;
        let on_end = move |end| {
            // Of a broken body nobody knows if it was the representation.
            let is_whole = match end {
                ContentEnd::Complete => true,
                ContentEnd::Unread => may_be_unread,
                ContentEnd::Broken => false,
            };
            if is_whole {
                lease.fill(entry);
            }
        };
        response.map(|content| watch(cx, content, length, Box::new(on_end)))
    }

    fn refusal<B>(&self, config: &CacheConfig<St>, response: &Response<B>) -> Option<FillRefusal> {
        // The 304 has no extensions. A policy layer outside would give it another policy than the
        // 200 (RFC 9110, section 15.4.5).
        if response.extensions().get::<CachePolicy>().is_some() {
            return Some(FillRefusal::Policy);
        }
        let (status, headers) = (response.status(), response.headers());
        may_fill(status, headers, &config.vary, self.has_principal).err()
    }

    /// Returns `true` if a layer outside makes a 304 of the response, and drops its content.
    fn is_not_modified(&self, config: &CacheConfig<St>, validators: &Validators) -> bool {
        let current = Current::Present(validators.as_ref());
        let conditions = &self.conditions;
        !conditions.is_empty()
            && conditions.evaluate(&Method::GET, current, || config.clock.now())
                == Decision::NotModified
    }
}

impl<St> CacheConfig<St> {
    /// Emits an event for the first response that is not remembered for a reason. A layer is mostly
    /// around one kind of routes, so one event for each reason is enough.
    fn report(&self, refusal: FillRefusal, response: &Response<impl Sized>) {
        // The application wants the others.
        let is_surprising = match refusal {
            FillRefusal::Vary
            | FillRefusal::NoTag
            | FillRefusal::Policy
            | FillRefusal::SetCookie
            | FillRefusal::Private => true,
            // A layer inside has answered, and nobody has the validators of a 200.
            FillRefusal::Status => response.status() == StatusCode::NOT_MODIFIED,
            FillRefusal::Partial | FillRefusal::NoStore => false,
        };
        let bit = 1 << refusal as u8;
        if !is_surprising || self.reported.fetch_or(bit, Ordering::Relaxed) & bit != 0 {
            return;
        }
        if refusal == FillRefusal::Vary {
            events::undeclared_vary(undeclared_vary(response.headers(), &self.vary));
        } else {
            events::not_remembered(refusal);
        }
    }
}

impl<St> ValidatorCache<St> {
    /// Returns everything whose change makes the entry of a response void.
    fn scopes<B>(
        &self,
        mut scopes: Vec<CacheScope>,
        tags: &CacheTags,
        response: &Response<B>,
    ) -> Vec<CacheScope> {
        let handler_tags: Option<&CacheTags> = response.extensions().get();
        let tags = tags
            .iter()
            .chain(handler_tags.into_iter().flat_map(CacheTags::iter));
        let paths = scopes.len();
        scopes.extend(tags.map(|tag| self.tag_scope(tag)));
        if scopes.len() == paths {
            scopes.push(self.settings.untagged);
        }
        scopes
    }
}
