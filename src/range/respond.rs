//! Responses with a part, made from the 200 of the service.

use std::{sync::Arc, task::Context};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response};
use http_body::Body;
use sha2::{Digest, Sha256};

use super::config::RangeConfig;
use crate::{
    body::{
        BrokenContent, PartContent, ResponseBody, UnconfirmedTag, begin_part, begin_parts,
        content_in_one_piece,
    },
    outcome::Outcome,
    refusal::{Reason, Refusal},
    semantics::{
        condition::range::{
            ByteRange, MultipartFraming, Plan, RangeFields, RangeSet, Representation, advertise,
            divisible_length, plan, refuses_ranges, write_unsatisfied_range,
        },
        field::Accept,
        validator::{
            ValidatorsRef,
            digest_fields::{CONTENT_DIGEST, NamedDigest},
            validators,
        },
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
        cx: &mut Context<'_>,
        mut response: Response<B>,
    ) -> Response<ResponseBody<B>> {
        let Some(length) = divisible_body_length(&Method::GET, &response) else {
            return response.map(ResponseBody::inner);
        };
        if refuses_ranges(response.headers()) {
            return response.map(ResponseBody::inner);
        }
        advertise(response.headers_mut());
        match self.plan(response.headers(), length) {
            Plan::Whole => response.map(ResponseBody::inner),
            Plan::Unsatisfiable => self.refuse(response, length),
            Plan::Parts(ranges) => self.cut(cx, response, &ranges, length),
        }
    }

    fn plan(&self, headers: &HeaderMap, length: u64) -> Plan {
        let mut representation = Representation {
            length,
            validators: ValidatorsRef::default(),
            date: None,
        };
        // Nothing else is compared with the validators.
        if self.fields.has_if_range() {
            let dates = validators::dates(headers, || self.config.clock.now());
            let (last_modified, date) = dates.unzip();
            representation.validators =
                ValidatorsRef::new(validators::etag(headers), last_modified);
            representation.date = date;
        }
        plan(
            &self.fields,
            &Method::GET,
            &representation,
            self.config.limits,
        )
    }

    fn cut<B: Body<Data = Bytes>>(
        &self,
        cx: &mut Context<'_>,
        mut response: Response<B>,
        ranges: &RangeSet,
        length: u64,
    ) -> Response<ResponseBody<B>> {
        let [part] = *ranges.as_slice() else {
            return self.cut_several(cx, response, ranges, length);
        };
        begin_part(&mut response, part, length, self.fields.has_if_range());
        self.config.record(&mut response, ranges, length);
        if self.config.content_digest && part.length() <= MAX_DIGESTED {
            return with_digest(cx, response, part, length);
        }
        response.map(|body| ResponseBody::slice(body, part))
    }

    /// Cuts several parts, or passes the response if it is better whole.
    fn cut_several<B: Body<Data = Bytes>>(
        &self,
        cx: &mut Context<'_>,
        response: Response<B>,
        ranges: &RangeSet,
        length: u64,
    ) -> Response<ResponseBody<B>> {
        let boundary = (self.config.draw_boundary)();
        let headers = response.headers();
        let framing = MultipartFraming::new(ranges.as_slice(), length, headers, &boundary);
        let Some(framing) = framing else {
            return response.map(ResponseBody::inner);
        };
        let (head, body) = response.into_parts();
        let content = if ranges.ascends() {
            PartContent::Stream(body)
        } else {
            // A stream is read once, so its parts cannot have the order of the request.
            match content_in_one_piece(cx, body, length) {
                Ok(content) => PartContent::Whole(content),
                Err(body) => return Response::from_parts(head, body),
            }
        };
        let mut response = Response::from_parts(head, ());
        begin_parts(&mut response, &framing, self.fields.has_if_range());
        let mut response = response.map(|()| ResponseBody::byteranges(framing, content));
        self.config.record(&mut response, ranges, length);
        response
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

/// The longest part that is hashed without a pause, in bytes.
const MAX_DIGESTED: u64 = 128 * 1024;

/// Cuts a part, and adds its digest if the content is ready in one frame.
fn with_digest<B: Body<Data = Bytes>>(
    cx: &mut Context<'_>,
    response: Response<B>,
    part: ByteRange,
    length: u64,
) -> Response<ResponseBody<B>> {
    let (mut head, body) = response.into_parts();
    let body = match content_in_one_piece(cx, body, length) {
        Ok(content) => {
            let content = part.slice(&content);
            let digest = NamedDigest::Sha256(Sha256::digest(&content).into());
            head.headers.insert(CONTENT_DIGEST, digest.to_value());
            ResponseBody::bytes(content)
        }
        Err(polled) => ResponseBody::slice_of_polled(polled, part),
    };
    Response::from_parts(head, body)
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
