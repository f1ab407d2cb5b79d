//! What is sent to a cache.

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Request, Uri,
    header::{CONTENT_TYPE, HOST},
    request,
    uri::PathAndQuery,
};

use super::{
    Form, HttpPurger, TAGS,
    json::JsonString,
    message::{Message, Subject},
    target::{check_host, check_path},
    without_user,
};
use crate::{
    purge::{NotPurged, Purge},
    semantics::caching::cache_tags::CacheTag,
};

const PURGE: &str = "PURGE";
const XKEY_PURGE: &str = "xkey-purge";

/// A line of a request to Varnish has 8 KiB by default, and so has nginx.
const LINE: usize = 4 * 1024;

/// Groups of tags that fit into one line of a field each.
fn lines<'t>(tags: &'t [&'t str]) -> impl Iterator<Item = &'t [&'t str]> {
    let mut length = tags.first().map_or(0, |tag| tag.len());
    tags.chunk_by(move |_, next| {
        let longer = length + 1 + next.len();
        let fits = longer <= LINE;
        length = if fits { longer } else { next.len() };
        fits
    })
}

type Built = Result<Request<Bytes>, NotPurged>;

impl<C, B> HttpPurger<C, B> {
    pub(super) fn messages(&self, purge: &Purge) -> Vec<Result<Message, NotPurged>> {
        let tags: Vec<_> = purge.tags().map(CacheTag::as_str).collect();
        let tags = tags.chunks(TAGS).flat_map(|tags| match &self.form {
            Form::Json { member } => vec![self.post(member, tags)],
            Form::Varnish => lines(tags).map(|tags| self.xkey(tags)).collect(),
            Form::Urls => Vec::new(),
        });
        let targets = purge.targets().filter(|_| !self.is_json());
        let urls = targets.flat_map(|target| self.urls(target));
        let message =
            |subject| move |request: Built| request.map(|request| Message { request, subject });
        tags.map(message(Subject::Tags))
            .chain(urls.map(message(Subject::Url)))
            .collect()
    }

    pub(super) fn is_json(&self) -> bool {
        matches!(self.form, Form::Json { .. })
    }

    fn xkey(&self, tags: &[&str]) -> Built {
        self.request(PURGE, self.base.clone(), None)
            .header(XKEY_PURGE, tags.join(" "))
            .body(Bytes::new())
            .map_err(NotPurged::refused)
    }

    fn urls(&self, target: &Uri) -> Vec<Built> {
        if self.variants.is_empty() {
            return vec![self.url(target)];
        }
        let one = |(name, value): &(HeaderName, HeaderValue)| {
            let mut request = self.url(target)?;
            request.headers_mut().insert(name, value.clone());
            Ok(request)
        };
        self.variants.iter().map(one).collect()
    }

    fn url(&self, target: &Uri) -> Built {
        let prefix = self.base.path().trim_end_matches('/');
        check_path(target, !prefix.is_empty())?;
        if self.host.is_none() {
            check_host(target)?;
        }
        let path = target.path_and_query().map_or("/", PathAndQuery::as_str);
        let path = path.strip_prefix('/').unwrap_or(path);
        let built = || {
            let mut parts = self.base.clone().into_parts();
            parts.path_and_query = Some(PathAndQuery::try_from(format!("{prefix}/{path}"))?);
            let host = target.authority().and_then(without_user);
            self.request(PURGE, Uri::from_parts(parts)?, host)
                .body(Bytes::new())
        };
        built().map_err(NotPurged::refused)
    }

    fn post(&self, member: &str, tags: &[&str]) -> Built {
        // Tags have nothing that a string of JSON would escape.
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
