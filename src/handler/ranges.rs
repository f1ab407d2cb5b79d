use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response,
    header::{CONTENT_TYPE, ETAG},
    request::Parts,
};
use http_body::Body;

use super::now;
use crate::{
    body::{PartContent, ResponseBody, begin_part, begin_parts, draw_boundary},
    observe::exchange,
    outcome::ServedPart,
    refusal::{Reason, Refusal, Renderer},
    semantics::{
        condition::{
            ConditionalFields, Current, Decision,
            range::{
                ByteRange, MultipartFraming, Plan, RangeFields, RangeLimits, RangeSet,
                Representation, advertise, plan, write_unsatisfied_range,
            },
        },
        field::{Accept, HttpDate, content_length},
        validator::{
            Validators,
            digest_fields::{NamedDigest, REPR_DIGEST},
        },
    },
    setting,
};

/// The requested parts of content that can be read from any position (RFC 9110, section 14).
///
/// Such content is a file, an object of a store, or a column of a database.
///
/// A [`RangeLayer`](crate::RangeLayer) reads and drops everything before a part. A handler with
/// this type reads the part alone. Both answer a request with the same bytes and headers.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response, StatusCode, header};
/// use http_body_util::Full;
/// use tower_conditional::{VersionTags, body::ResponseBody, handler::Ranges};
///
/// static FILM: &[u8] = b"0123456789";
///
/// fn film<B>(request: &Request<B>) -> Response<ResponseBody<Full<Bytes>>> {
///     let tag = VersionTags::of("films", 7).number(3);
///     Ranges::of(request)
///         .content_type(header::HeaderValue::from_static("video/mp4"))
///         .respond(FILM.len() as u64, tag, |range| {
///             let (first, last) = (range.first() as usize, range.last() as usize);
///             Full::from(&FILM[first..=last])
///         })
/// }
///
/// let request = Request::get("/").header(header::RANGE, "bytes=4-6");
/// let response = film(&request.body(()).unwrap());
/// assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
/// assert_eq!(response.headers()[header::CONTENT_RANGE], "bytes 4-6/10");
/// ```
///
/// With the feature `axum` it is an extractor. The response is one of axum if the body is, such as
/// `axum::body::Body`.
///
/// # Responses
///
/// | Request | Response |
/// |---|---|
/// | without `Range`, with one that is malformed or has another unit, with a false `If-Range` | 200 with the whole content |
/// | one range, or several that are near | 206 with `Content-Range` |
/// | several ranges | 206 with `multipart/byteranges`, in the order of the request |
/// | bytes behind the end | 416 with `Content-Range: bytes */LENGTH`, the tag and `Cache-Control: no-store` |
/// | `HEAD` | the head of the 200, without content |
///
/// All of them have the validators. The 200 and the 206 have `Accept-Ranges: bytes`,
/// `Content-Length`, and the headers of [`Validators::repeated`]. A 206 to a request with `If-Range`
/// has no `Content-Type` and no `Last-Modified`: the client has both (section 15.3.7).
///
/// Several parts are not sent if `Accept-Encoding` allows a content coding, since a compressing layer
/// outside would code the parts with their delimiters. They are not sent either if they would be
/// longer than the whole content. The response is then the 200.
///
/// # Layer order
///
/// 304 and 412 win over 206 and 416 (section 13.2.2). A [`ConditionalLayer`](crate::ConditionalLayer)
/// around the handler makes them. So a request with false conditions never gets a 416 from this
/// type, nor a part without the date that the layer compares. Without the layer, call
/// [`Preconditions::check`](super::Preconditions::check) before.
#[derive(Debug, Clone)]
#[must_use]
pub struct Ranges {
    method: Method,
    fields: RangeFields,
    conditions: ConditionalFields,
    limits: RangeLimits,
    accepts_json: bool,
    content_type: Option<HeaderValue>,
    digest: Option<NamedDigest>,
}

impl Ranges {
    /// Returns the requested parts of a request.
    pub fn of<B>(request: &Request<B>) -> Self {
        Self::new(request.method(), request.headers())
    }

    /// Returns the requested parts of a request without its body.
    pub fn of_parts(request: &Parts) -> Self {
        Self::new(&request.method, &request.headers)
    }

    fn new(method: &Method, headers: &HeaderMap) -> Self {
        Self {
            method: method.clone(),
            fields: RangeFields::from_headers(headers).cloned(),
            conditions: ConditionalFields::from_headers(headers).cloned(),
            limits: RangeLimits::default(),
            accepts_json: Accept::from_headers(headers).accepts_json(),
            content_type: None,
            digest: None,
        }
    }

    /// Sets the `Content-Type` of the content. Defaults to none.
    ///
    /// A response with several parts has another one itself, and this one in each part. So set it
    /// here, and not on the response.
    pub fn content_type(mut self, content_type: HeaderValue) -> Self {
        self.content_type = Some(content_type);
        self
    }

    /// Sets the SHA-256 of the whole content, in its content coding. Defaults to none.
    ///
    /// The 200, its `HEAD` and the 206 then have it as `Repr-Digest` (RFC 9530, section 3), except a
    /// 206 after `If-Range`. A client that joined parts verifies the whole with it.
    ///
    /// It is sent whatever `Want-Repr-Digest` prefers, which is a hint (section 4).
    pub fn sha256(mut self, digest: [u8; 32]) -> Self {
        self.digest = Some(NamedDigest::Sha256(digest));
        self
    }

    /// Sets the largest number of parts in one response. Defaults to 16. A request for more parts
    /// gets the whole content. With 1, no response is `multipart/byteranges`.
    ///
    /// # Panics
    ///
    /// Panics if the number is zero.
    #[track_caller]
    pub fn max_parts(mut self, parts: usize) -> Self {
        let remedy = "one part needs at least 1";
        self.limits.max_parts = setting::above_zero("max_parts", parts, remedy);
        self
    }

    /// Sets the largest gap between two ranges that are sent as one part, in bytes. Defaults to 80.
    /// With zero, ranges are joined only if no byte is between them.
    pub fn max_gap_bytes(mut self, bytes: u64) -> Self {
        self.limits.max_gap = bytes;
        self
    }

    /// Responds with the requested parts of content that has `length` bytes.
    ///
    /// `validators` are those of the content, such as an [`EntityTag`](crate::EntityTag). Without a
    /// strong tag or a date, a client that goes on with a download cannot know that the content is
    /// the same.
    ///
    /// `open` returns a body with the bytes of a range. It is called once for each part, in the
    /// order of the parts, and with the whole range for a 200. It is not called for a 416, for a
    /// `HEAD`, and for content without bytes. All bodies of a response are made before the first of
    /// them is read, at most [`max_parts`](Self::max_parts). So a body should open a connection when
    /// it is first read. For that, make it from a stream, since `open` is not async. The examples
    /// `file_ranges` and `object_ranges` show it.
    ///
    /// # Errors
    ///
    /// An error of a body ends the response at that byte. A body that is too short does the same.
    /// The body of a part is cut if it is too long, and its trailers are not sent. The body of a 200
    /// passes as it is, so it must have `length` bytes.
    #[must_use]
    pub fn respond<B>(
        &self,
        length: u64,
        validators: impl Into<Validators>,
        mut open: impl FnMut(ByteRange) -> B,
    ) -> Response<ResponseBody<B>>
    where
        B: Body<Data = Bytes>,
    {
        let (validators, now) = (validators.into(), now());
        let plan = self.plan(length, &validators, now);
        if matches!(plan, Plan::Unsatisfiable) {
            record(&RangeSet::default(), length);
            return self.refuse(length, &validators);
        }
        let mut response = Response::new(ResponseBody::empty());
        self.write_head(response.headers_mut(), length, validators, now);
        if let Plan::Parts(ranges) = plan
            && let Some(parts) = self.parts(&ranges, length, &mut response, &mut open)
        {
            record(&ranges, length);
            return response.map(|_| parts);
        }
        match length.checked_sub(1) {
            Some(last) if self.method != Method::HEAD => {
                response.map(|_| ResponseBody::inner(open(ByteRange::new(0, last))))
            }
            _ => response,
        }
    }

    fn plan(&self, length: u64, validators: &Validators, now: HttpDate) -> Plan {
        let representation = Representation {
            length,
            validators: validators.as_ref(),
            date: Some(now),
        };
        let plan = plan(&self.fields, &self.method, &representation, self.limits);
        // RFC 9110, section 13.2.2: the layer outside makes a 304 or a 412 of a 200 or 206 alone. And
        // it compares the date, which a part after `If-Range` does not have.
        let decides = match plan {
            Plan::Whole => false,
            Plan::Parts(_) => self.fields.has_if_range() && validators.last_modified.is_some(),
            Plan::Unsatisfiable => true,
        };
        if !decides {
            return plan;
        }
        let current = Current::Present(validators.as_ref());
        match self.conditions.evaluate(&self.method, current, || now) {
            Decision::Proceed => plan,
            Decision::NotModified | Decision::Failed(_) => Plan::Whole,
        }
    }

    /// Writes the head of the 200.
    fn write_head(
        &self,
        headers: &mut HeaderMap,
        length: u64,
        validators: Validators,
        now: HttpDate,
    ) {
        validators.repeated.write_to(headers);
        validators.into_headers(headers, || now);
        if let Some(content_type) = &self.content_type {
            headers.insert(CONTENT_TYPE, content_type.clone());
        }
        if let Some(digest) = self.digest {
            headers.insert(REPR_DIGEST, digest.to_value());
        }
        advertise(headers);
        content_length::set(headers, Some(length));
    }

    /// Returns the content of a 206, and turns the head of the 200 into that of the 206. Returns
    /// `None` if the content is better sent whole.
    fn parts<B: Body<Data = Bytes>>(
        &self,
        ranges: &RangeSet,
        length: u64,
        response: &mut Response<ResponseBody<B>>,
        open: &mut impl FnMut(ByteRange) -> B,
    ) -> Option<ResponseBody<B>> {
        let had_if_range = self.fields.has_if_range();
        if let [part] = *ranges.as_slice() {
            begin_part(response, part, length, had_if_range);
            return Some(ResponseBody::slice(open(part), part.moved_to_start()));
        }
        let boundary = draw_boundary();
        let headers = response.headers();
        let framing = MultipartFraming::new(ranges.as_slice(), length, headers, &boundary)?;
        begin_parts(response, &framing, had_if_range);
        let bodies: Vec<B> = ranges.as_slice().iter().copied().map(open).collect();
        let content = PartContent::Each(bodies.into_iter());
        Some(ResponseBody::byteranges(framing, content))
    }

    fn refuse<B: Body<Data = Bytes>>(
        &self,
        length: u64,
        validators: &Validators,
    ) -> Response<ResponseBody<B>> {
        let refusal = Refusal::new(Reason::RangeNotSatisfiable)
            .with_accepts_json(self.accepts_json)
            .with_current(validators.as_ref().etag);
        let mut response = Renderer::default().respond(&refusal);
        let headers = response.headers_mut();
        if let Some(etag) = &validators.etag {
            headers.insert(ETAG, etag.as_header_value().clone());
        }
        write_unsatisfied_range(headers, length);
        response.map(ResponseBody::bytes)
    }
}

/// Records the bytes of a response for an observer.
fn record(ranges: &RangeSet, complete_length: u64) {
    exchange::record_decision(|outcome| {
        outcome.set_part(ServedPart::new(ranges.clone(), complete_length));
    });
}
