//! Responses with a part, made from the 200 of the service.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body::Body;

use super::config::RangeConfig;
use crate::{
    body::{BrokenContent, ResponseBody, UnconfirmedTag},
    outcome::Outcome,
    refusal::{Reason, Refusal},
    semantics::{
        condition::range::{
            Plan, RangeFields, RangeSet, Representation, advertise, divisible_length, plan,
            write_part_head, write_unsatisfied_range,
        },
        field::Accept,
        validator::{ValidatorsRef, validators},
    },
};

/// A `GET` with `Range` whose service runs.
#[derive(Debug)]
pub(super) struct PartialRead {
    fields: RangeFields,
    accepts_json: bool,
    config: Arc<RangeConfig>,
}

impl PartialRead {
    pub(super) fn new(
        fields: &RangeFields<&HeaderValue>,
        headers: &HeaderMap,
        config: &Arc<RangeConfig>,
    ) -> Self {
        Self {
            fields: fields.cloned(),
            accepts_json: Accept::from_headers(headers).accepts_json(),
            config: Arc::clone(config),
        }
    }

    /// Cuts the response, if it is the whole representation.
    pub(super) fn respond<B: Body<Data = Bytes>>(
        &self,
        mut response: Response<B>,
    ) -> Response<ResponseBody<B>> {
        let Some(length) = divisible_body_length(&Method::GET, &response) else {
            return response.map(ResponseBody::inner);
        };
        advertise(response.headers_mut());
        match self.plan(response.headers(), length) {
            Plan::Whole => response.map(ResponseBody::inner),
            Plan::Unsatisfiable => self.refuse(response, length),
            Plan::Parts(ranges) => self.cut(response, &ranges, length),
        }
    }

    fn plan(&self, headers: &HeaderMap, length: u64) -> Plan {
        let etag = validators::etag(headers);
        let (last_modified, date) = if self.fields.has_if_range() {
            validators::dates(headers, || self.config.clock.now()).unzip()
        } else {
            (None, None)
        };
        let representation = Representation {
            length,
            validators: ValidatorsRef::new(etag, last_modified),
            date,
        };
        plan(
            &self.fields,
            &Method::GET,
            &representation,
            self.config.limits,
        )
    }

    fn cut<B: Body<Data = Bytes>>(
        &self,
        mut response: Response<B>,
        ranges: &RangeSet,
        length: u64,
    ) -> Response<ResponseBody<B>> {
        let [part] = *ranges.as_slice() else {
            return response.map(ResponseBody::inner);
        };
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        write_part_head(
            response.headers_mut(),
            part,
            length,
            self.fields.has_if_range(),
        );
        self.config.record(&mut response, ranges, length);
        response.map(|body| ResponseBody::slice(body, part))
    }

    /// Turns the response into a 416.
    fn refuse<B: Body<Data = Bytes>>(
        &self,
        response: Response<B>,
        length: u64,
    ) -> Response<ResponseBody<B>> {
        let etag = validators::etag(response.headers()).map(crate::EntityTag::from);
        let refusal = Refusal::new(Reason::RangeNotSatisfiable)
            .with_accepts_json(self.accepts_json)
            .with_current(etag.as_ref().map(crate::EntityTag::as_ref));
        let mut answer = self.config.renderer.replace(response, &refusal);
        // The extensions describe the 200. A cache policy among them would make caches store the
        // 416.
        Outcome::remove_other_extensions(answer.extensions_mut());
        write_unsatisfied_range(answer.headers_mut(), length);
        self.config
            .record(&mut answer, &RangeSet::default(), length);
        answer.map(ResponseBody::bytes)
    }
}

/// Returns the length of a representation whose parts can be sent.
pub(super) fn divisible_body_length<B: Body>(
    method: &Method,
    response: &Response<B>,
) -> Option<u64> {
    let extensions = response.extensions();
    // Nobody knows the length of content that breaks. And the parts of content without a confirmed
    // tag could be those of two states.
    if extensions.get::<BrokenContent>().is_some() || extensions.get::<UnconfirmedTag>().is_some() {
        return None;
    }
    divisible_length(method, response, response.body().size_hint().exact())
}
