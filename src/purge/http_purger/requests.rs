//! The requests that are sent to a cache.

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Request, Uri,
    header::{CONTENT_TYPE, HOST},
    request,
    uri::PathAndQuery,
};

use super::{
    HttpPurger, MAX_TAGS, PurgeProtocol, host_value,
    json::JsonString,
    purge_request::{PurgeRequest, PurgeSubject},
    target::{check_host, check_path},
};
use crate::{
    purge::{NotPurged, Purge},
    semantics::caching::cache_tags::CacheTag,
};

const PURGE: &str = "PURGE";
const XKEY_PURGE: &str = "xkey-purge";

/// The maximum length of a header line in bytes. Varnish and nginx accept 8 KiB by default.
const MAX_LINE_BYTES: usize = 4 * 1024;

/// Splits tags into groups that fit into one header line each.
fn split_into_lines<'t>(tags: &'t [&'t str]) -> impl Iterator<Item = &'t [&'t str]> {
    let mut length = tags.first().map_or(0, |tag| tag.len());
    tags.chunk_by(move |_, next| {
        let longer = length + 1 + next.len();
        let fits = longer <= MAX_LINE_BYTES;
        length = if fits { longer } else { next.len() };
        fits
    })
}

type RequestResult = Result<Request<Bytes>, NotPurged>;

impl<C, B> HttpPurger<C, B> {
    /// Builds all requests. One that is refused does not stop the others.
    pub(super) fn requests(&self, purge: &Purge) -> Vec<Result<PurgeRequest, NotPurged>> {
        let tags: Vec<_> = purge.tags().map(CacheTag::as_str).collect();
        let tags = tags.chunks(MAX_TAGS).flat_map(|tags| match &self.protocol {
            PurgeProtocol::Json { member } => vec![self.json_request(member, tags)],
            PurgeProtocol::Varnish => split_into_lines(tags)
                .map(|tags| self.xkey_request(tags))
                .collect(),
            PurgeProtocol::Urls => Vec::new(),
        });
        let targets = purge.targets().filter(|_| !self.is_json());
        let urls = targets.flat_map(|target| self.url_requests(target));
        let with_subject = |subject| {
            move |request: RequestResult| request.map(|request| PurgeRequest { request, subject })
        };
        tags.map(with_subject(PurgeSubject::Tags))
            .chain(urls.map(with_subject(PurgeSubject::Url)))
            .collect()
    }

    pub(super) fn is_json(&self) -> bool {
        matches!(self.protocol, PurgeProtocol::Json { .. })
    }

    fn xkey_request(&self, tags: &[&str]) -> RequestResult {
        self.request(PURGE, self.base.clone(), None)
            .header(XKEY_PURGE, tags.join(" "))
            .body(Bytes::new())
            .map_err(NotPurged::refused)
    }

    fn url_requests(&self, target: &Uri) -> Vec<RequestResult> {
        if self.variants.is_empty() {
            return vec![self.url_request(target)];
        }
        let with_variant = |(name, value): &(HeaderName, HeaderValue)| {
            let mut request = self.url_request(target)?;
            // It replaces a configured header of the same name.
            request.headers_mut().insert(name, value.clone());
            Ok(request)
        };
        self.variants.iter().map(with_variant).collect()
    }

    fn url_request(&self, target: &Uri) -> RequestResult {
        let prefix = self.base.path().trim_end_matches('/');
        check_path(target, !prefix.is_empty())?;
        // A configured host replaces that of the target, which clients choose.
        if self.host.is_none() {
            check_host(target)?;
        }
        let path = target.path_and_query().map_or("/", PathAndQuery::as_str);
        let path = path.strip_prefix('/').unwrap_or(path);
        let build = || {
            let mut parts = self.base.clone().into_parts();
            parts.path_and_query = Some(PathAndQuery::try_from(format!("{prefix}/{path}"))?);
            let host = target.authority().and_then(host_value);
            self.request(PURGE, Uri::from_parts(parts)?, host)
                .body(Bytes::new())
        };
        build().map_err(NotPurged::refused)
    }

    fn json_request(&self, member: &str, tags: &[&str]) -> RequestResult {
        // Tags have no characters that JSON would escape.
        let tags = tags.join("\",\"");
        let content = format!("{{{}:[\"{tags}\"]}}", JsonString(member));
        self.request("POST", self.base.clone(), None)
            .header(CONTENT_TYPE, "application/json")
            .body(content.into())
            .map_err(NotPurged::refused)
    }

    fn request(&self, method: &str, uri: Uri, host: Option<HeaderValue>) -> request::Builder {
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(headers) = request.headers_mut() {
            headers.clone_from(&self.headers);
            if let Some(host) = self.host.clone().or(host) {
                headers.insert(HOST, host);
            }
        }
        request
    }
}
