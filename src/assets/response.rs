//! The responses to requests for an asset.

use std::{
    convert::Infallible,
    mem,
    pin::Pin,
    task::{Context, Poll},
    vec,
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION, X_CONTENT_TYPE_OPTIONS},
};
use http_body::{Body, Frame, SizeHint};
use sha2::{Sha256, digest::Output};

use crate::{
    body::{begin_part, begin_parts, draw_boundary},
    semantics::{
        caching::cache_control,
        condition::{
            ConditionalFields, Current, Decision,
            range::{
                MultipartFraming, Plan, RangeFields, RangeLimits, RangeSet, Representation,
                advertise, plan, write_unsatisfied_range,
            },
        },
        field::{HttpDate, content_length},
        validator::{EntityTag, Validators},
    },
};

/// The longest lifetime of RFC 9111, one year, without revalidation (RFC 8246).
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The number of bytes of the digest in a tag, as in those of `EtagLayer`.
const TAG: usize = 16;

/// One file with the headers of its responses.
#[derive(Debug)]
pub(super) struct Asset {
    url: HeaderValue,
    content: Bytes,
    validators: Validators,
    /// The headers of the 200.
    headers: HeaderMap,
}

impl Asset {
    pub(super) fn new(
        url: String,
        digest: &Output<Sha256>,
        content: Bytes,
        media_type: HeaderValue,
    ) -> Self {
        let tag = EntityTag::from_digest(&digest[..TAG]);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, media_type);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CACHE_CONTROL, IMMUTABLE);
        headers.insert(ETAG, tag.as_header_value().clone());
        advertise(&mut headers);
        content_length::set(&mut headers, Some(content.len() as u64));
        Self {
            url: HeaderValue::from_maybe_shared(Bytes::from(url)).expect("escaped"),
            content,
            validators: Validators::new().with_etag(tag),
            headers,
        }
    }

    pub(super) fn url(&self) -> &str {
        self.url.to_str().expect("escaped")
    }

    /// Responds to a `GET` or `HEAD` of the current URL.
    pub(super) fn serve(&self, method: &Method, headers: &HeaderMap) -> Response<AssetBody> {
        let current = Current::Present(self.validators.as_ref());
        // Assets have no modification date, so the time is never compared.
        let now = || HttpDate::EPOCH;
        let fields = ConditionalFields::from_headers(headers);
        let decision = fields.evaluate(method, current, now);
        let mut response = Response::new(AssetBody::default());
        match decision {
            Decision::Failed(_) => {
                response = refuse(StatusCode::PRECONDITION_FAILED);
                self.validators.write_to(response.headers_mut(), now);
            }
            Decision::NotModified => {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                *response.headers_mut() = self.headers.clone();
                fields.strip_for_not_modified(response.headers_mut());
                // RFC 9110, section 8.6 allows it. Without it, some frameworks write
                // `Content-Length: 0` for the empty body.
                let length = self.content.len() as u64;
                content_length::set(response.headers_mut(), Some(length));
            }
            Decision::Proceed => response = self.selected(method, headers),
        }
        response
    }

    /// Responds with the whole file or with the parts that the request asks for.
    fn selected(&self, method: &Method, headers: &HeaderMap) -> Response<AssetBody> {
        let fields = RangeFields::from_headers(headers);
        let length = self.content.len() as u64;
        let representation = Representation {
            length,
            validators: self.validators.as_ref(),
            date: None,
        };
        let mut response = Response::new(AssetBody::default());
        match plan(&fields, method, &representation, RangeLimits::default()) {
            Plan::Unsatisfiable => {
                response = refuse(StatusCode::RANGE_NOT_SATISFIABLE);
                let headers = response.headers_mut();
                self.validators.write_to(headers, || HttpDate::EPOCH);
                write_unsatisfied_range(headers, length);
                return response;
            }
            Plan::Parts(ranges) => {
                *response.headers_mut() = self.headers.clone();
                let had_if_range = fields.has_if_range();
                if let Some(parts) = self.parts(&ranges, &mut response, had_if_range) {
                    *response.body_mut() = parts;
                    return response;
                }
            }
            Plan::Whole => *response.headers_mut() = self.headers.clone(),
        }
        if method != Method::HEAD {
            *response.body_mut() = AssetBody::of(self.content.clone());
        }
        response
    }

    /// Returns the content of a 206, and turns the head of the 200 into that of the 206. Returns
    /// `None` if the file is better sent whole.
    fn parts(
        &self,
        ranges: &RangeSet,
        response: &mut Response<AssetBody>,
        had_if_range: bool,
    ) -> Option<AssetBody> {
        let length = self.content.len() as u64;
        if let [part] = *ranges.as_slice() {
            begin_part(response, part, length, had_if_range);
            return Some(AssetBody::of(part.slice(&self.content)));
        }
        let (headers, boundary) = (response.headers(), draw_boundary());
        let framing = MultipartFraming::new(ranges.as_slice(), length, headers, &boundary)?;
        begin_parts(response, &framing, had_if_range);
        let parts = framing.parts.into_iter();
        let parts = parts.flat_map(|part| [part.head, part.range.slice(&self.content)]);
        let frames: Vec<Bytes> = parts.chain([framing.end]).collect();
        Some(AssetBody {
            first: Bytes::new(),
            more: frames.into_iter(),
        })
    }

    /// Responds to a `GET` or `HEAD` of the name without its hash. The location changes with
    /// every version.
    pub(super) fn redirect(&self) -> Response<AssetBody> {
        let mut response = Response::new(AssetBody::default());
        *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
        let headers = response.headers_mut();
        headers.insert(LOCATION, self.url.clone());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
}

pub(super) fn not_found() -> Response<AssetBody> {
    refuse(StatusCode::NOT_FOUND)
}

pub(super) fn not_allowed() -> Response<AssetBody> {
    let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED);
    let allow = HeaderValue::from_static("GET, HEAD");
    response.headers_mut().insert(ALLOW, allow);
    response
}

/// Returns an error response that no cache stores, since the next version may have the file.
fn refuse(status: StatusCode) -> Response<AssetBody> {
    let mut response = Response::new(AssetBody::default());
    *response.status_mut() = status;
    cache_control::forbid_storing(response.headers_mut());
    response
}

/// The content of a response, shared with the file, or empty.
#[derive(Debug, Clone, Default)]
pub struct AssetBody {
    first: Bytes,
    /// The other frames of several parts. None of them is empty.
    more: vec::IntoIter<Bytes>,
}

impl AssetBody {
    fn of(content: Bytes) -> Self {
        Self {
            first: content,
            ..Self::default()
        }
    }
}

impl Body for AssetBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let first = Some(mem::take(&mut self.first));
        let frame = first.filter(|first| !first.is_empty());
        let frame = frame.or_else(|| self.more.next());
        Poll::Ready(frame.map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty() && self.more.as_slice().is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let more: usize = self.more.as_slice().iter().map(Bytes::len).sum();
        SizeHint::with_exact((self.first.len() + more) as u64)
    }
}
