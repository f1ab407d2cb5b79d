use std::{fmt, future::poll_fn, iter, marker::PhantomData, pin::pin};

use bytes::{Buf, Bytes};
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri,
    header::{CONTENT_TYPE, HOST},
    request,
    uri::{Authority, PathAndQuery},
};
use http_body::Body;
use tower_service::Service;

use super::{
    BoxError, InvalidBase, NotPurged, Purge, Purger, json::JsonString, together::together,
};
use crate::semantics::{authority, cache_tags::CacheTag};

const PURGE: &str = "PURGE";
const XKEY_PURGE: &str = "xkey-purge";

/// More than these many tags go in several requests: Cloudflare takes no more,
/// and with them a field has about 1 KiB.
const TAGS: usize = 30;

/// So many requests are on their way together.
const AT_A_TIME: usize = 8;

/// So much of an answer is read, so that the connection can be used again.
const DRAINED: usize = 64 * 1024;

/// Tells a cache over HTTP, through a client that you bring: that of hyper-util,
/// or any other [`Service`], with TLS as you like it.
///
/// Where targets are sent, the client has to speak HTTP/1.1: in HTTP/2 `Host` may
/// not differ from the authority of the base (RFC 9113, section 8.3.1).
///
/// Everything is sent even if some of it fails, and the first failure is the
/// result; up to eight requests are on their way at a time. A response that is not
/// 2xx is a failure, except that the `PURGE` of a target may find nothing: 404, or
/// 412 from later versions of nginx's module.
///
/// ```no_run
/// # fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use bytes::Bytes;
/// use http::{HeaderValue, header::AUTHORIZATION};
/// use http_body_util::Full;
/// use hyper_util::{client::legacy::Client, rt::TokioExecutor};
/// use tower_conditional::purge::HttpPurger;
///
/// let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
/// let varnish = HttpPurger::varnish(client.clone(), "http://127.0.0.1:6081".parse()?)?;
///
/// let endpoint = "http://cdn.internal/purge_cache".parse()?;
/// let cdn = HttpPurger::json(client, endpoint)?
///     .header(AUTHORIZATION, HeaderValue::from_static("Bearer 123"));
/// # let _ = (varnish, cdn);
/// # Ok(())
/// # }
/// ```
pub struct HttpPurger<C, B> {
    client: C,
    base: Uri,
    form: Form,
    host: Option<HeaderValue>,
    headers: HeaderMap,
    variants: Vec<(HeaderName, HeaderValue)>,
    content: PhantomData<fn() -> B>,
}

#[derive(Debug, Clone)]
enum Form {
    Varnish,
    Urls,
    Json { member: String },
}

// What a client takes tells `B`, so that nobody has to write it.
impl<C: Service<Request<B>>, B> HttpPurger<C, B> {
    /// For Varnish with its module xkey: a `PURGE` of the base with
    /// `xkey-purge: a b` for up to 30 tags, and one `PURGE` of each target.
    ///
    /// A target's path and query are put behind the base, and its authority,
    /// if it has one, into `Host`. They are as the client wrote them: behind a
    /// base with a path, dots may lead to another place of the cache.
    ///
    /// # Errors
    ///
    /// Refuses a base that is not absolute, or that has a query.
    pub fn varnish(client: C, base: Uri) -> Result<Self, InvalidBase> {
        Self::new(client, base, Form::Varnish)
    }

    /// For caches that forget URLs, as nginx does: one `PURGE` of each target,
    /// or of each of its [`variants`](Self::variants), as
    /// [`varnish`](Self::varnish) sends it. Tags are not sent.
    ///
    /// # Errors
    ///
    /// Refuses a base that is not absolute, or that has a query.
    pub fn purge_urls(client: C, base: Uri) -> Result<Self, InvalidBase> {
        Self::new(client, base, Form::Urls)
    }

    /// For the interfaces of content delivery networks: a `POST` of
    /// `{"tags":["a","b"]}` for up to 30 tags, as Cloudflare takes them.
    /// Targets are not sent.
    ///
    /// # Errors
    ///
    /// Refuses an endpoint that is not absolute.
    pub fn json(client: C, endpoint: Uri) -> Result<Self, InvalidBase> {
        Self::json_member(client, endpoint, "tags")
    }

    /// As [`json`](Self::json), with another member than `tags`: Fastly takes
    /// `surrogate_keys`.
    ///
    /// # Errors
    ///
    /// Refuses an endpoint that is not absolute.
    pub fn json_member(
        client: C,
        endpoint: Uri,
        member: impl Into<String>,
    ) -> Result<Self, InvalidBase> {
        let member = member.into();
        Self::new(client, endpoint, Form::Json { member })
    }

    fn new(client: C, base: Uri, form: Form) -> Result<Self, InvalidBase> {
        let takes_query = matches!(form, Form::Json { .. });
        if base.host().is_none() || base.scheme().is_none() {
            return Err(InvalidBase(()));
        }
        if base.query().is_some() && !takes_query {
            return Err(InvalidBase(()));
        }
        Ok(Self {
            client,
            base,
            form,
            host: None,
            headers: HeaderMap::new(),
            variants: Vec::new(),
            content: PhantomData,
        })
    }
}

impl<C, B> HttpPurger<C, B> {
    /// What to send as `Host`, whatever the target says. By default that of the
    /// target, and what the client makes of the base where there is none.
    ///
    /// Where requests come with whatever `Host` a client writes, this keeps it
    /// from naming another site of the cache.
    #[must_use]
    pub fn host(self, host: &Authority) -> Self {
        Self {
            host: without_user(host),
            ..self
        }
    }

    /// A field of every request, such as one with a token. Several of one name
    /// are all sent. The values are marked as sensitive, and Debug shows none.
    #[must_use]
    pub fn header(mut self, name: HeaderName, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.headers.append(name, value);
        self
    }

    /// Sends the `PURGE` of each target once with each of these values of a
    /// field, for a cache that has it in its key. Further calls add to them, and
    /// without any there is one `PURGE` without the field. Where a target has
    /// all its variants forgotten at once, as in Varnish, there is no need.
    ///
    /// nginx forgets one variant at a time. Those that it tells apart by `Vary`
    /// it finds through the one that it stored first, and nobody knows which
    /// that was: have it keep the coding in the key, and name each here.
    ///
    /// ```no_run
    /// # fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// use bytes::Bytes;
    /// use http::{HeaderValue, header::ACCEPT_ENCODING};
    /// use http_body_util::Full;
    /// use hyper_util::{client::legacy::Client, rt::TokioExecutor};
    /// use tower_conditional::purge::HttpPurger;
    ///
    /// let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    /// let codings = ["br", "gzip", "identity"].map(HeaderValue::from_static);
    /// let nginx = HttpPurger::purge_urls(client, "http://127.0.0.1:8080".parse()?)?
    ///     .variants(ACCEPT_ENCODING, codings);
    /// # let _ = nginx;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn variants(
        mut self,
        name: HeaderName,
        values: impl IntoIterator<Item = HeaderValue>,
    ) -> Self {
        self.variants.extend(iter::repeat(name).zip(values));
        self
    }

    fn requests(&self, purge: &Purge) -> Vec<Result<Request<Bytes>, http::Error>> {
        let tags: Vec<_> = purge.tags().map(CacheTag::as_str).collect();
        let tags = tags.chunks(TAGS);
        let urls = purge.targets().flat_map(|target| self.urls(target));
        match &self.form {
            Form::Json { member } => tags.map(|tags| self.post(member, tags)).collect(),
            Form::Varnish => tags.map(|tags| self.xkey(tags)).chain(urls).collect(),
            Form::Urls => urls.collect(),
        }
    }

    fn xkey(&self, tags: &[&str]) -> Result<Request<Bytes>, http::Error> {
        self.request(PURGE, self.base.clone(), None)
            .header(XKEY_PURGE, tags.join(" "))
            .body(Bytes::new())
    }

    fn urls(&self, target: &Uri) -> Vec<Result<Request<Bytes>, http::Error>> {
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

    fn url(&self, target: &Uri) -> Result<Request<Bytes>, http::Error> {
        let prefix = self.base.path().trim_end_matches('/');
        let path = target.path_and_query().map_or("/", PathAndQuery::as_str);
        let path = path.strip_prefix('/').unwrap_or(path);
        let mut parts = self.base.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(format!("{prefix}/{path}"))?);
        let host = target.authority().and_then(without_user);
        self.request(PURGE, Uri::from_parts(parts)?, host)
            .body(Bytes::new())
    }

    fn post(&self, member: &str, tags: &[&str]) -> Result<Request<Bytes>, http::Error> {
        // Tags have nothing that a string of JSON would escape.
        let tags = tags.join("\",\"");
        let content = format!("{{{}:[\"{tags}\"]}}", JsonString(member));
        self.request("POST", self.base.clone(), None)
            .header(CONTENT_TYPE, "application/json")
            .body(content.into())
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

/// Whoever is named before the host is none of its business.
fn without_user(authority: &Authority) -> Option<HeaderValue> {
    HeaderValue::try_from(authority::split_user(authority).1).ok()
}

impl<C, B, ResB> Purger for HttpPurger<C, B>
where
    C: Service<Request<B>, Response = Response<ResB>> + Clone + Send + Sync + 'static,
    C::Error: Into<BoxError>,
    C::Future: Send,
    B: From<Bytes> + 'static,
    ResB: Body + Send,
{
    type Error = BoxError;

    async fn purge(&self, purge: &Purge) -> Result<(), BoxError> {
        let requests = self.requests(purge).into_iter();
        let sent = requests.map(|request| async { self.send(request?).await });
        together(sent, AT_A_TIME).await
    }
}

impl<C, B> HttpPurger<C, B> {
    async fn send<ResB>(&self, request: Request<Bytes>) -> Result<(), BoxError>
    where
        C: Service<Request<B>, Response = Response<ResB>> + Clone,
        C::Error: Into<BoxError>,
        B: From<Bytes>,
        ResB: Body,
    {
        // Who knows tags has an answer of its own to those that nothing has.
        let of_url = request.method() == PURGE && !request.headers().contains_key(XKEY_PURGE);
        let mut client = self.client.clone();
        poll_fn(|cx| client.poll_ready(cx))
            .await
            .map_err(Into::into)?;
        let called = client.call(request.map(B::from));
        let response = called.await.map_err(Into::into)?;
        let status = response.status();
        drain(response.into_body()).await;
        let absent = matches!(
            status,
            StatusCode::NOT_FOUND | StatusCode::PRECONDITION_FAILED
        );
        if status.is_success() || of_url && absent {
            Ok(())
        } else {
            Err(NotPurged(status).into())
        }
    }
}

/// Reads what little there is. The status has said what matters, so that an
/// error is none.
async fn drain<B: Body>(body: B) {
    let mut body = pin!(body);
    let mut left = DRAINED;
    while let Some(Ok(frame)) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        // A frame without data counts too, or they could go on for ever.
        let length = frame.data_ref().map_or(1, |data| data.remaining().max(1));
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// A URI without what may be secret: a user, and the key in a query.
struct Shown<'a>(&'a Uri);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.0.authority();
        let host = authority.map_or("", |authority| authority::split_user(authority).1);
        let scheme = self.0.scheme_str().unwrap_or_default();
        write!(f, "{scheme}://{host}{}", self.0.path())
    }
}

impl<C, B> fmt::Debug for HttpPurger<C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpPurger")
            .field("form", &self.form)
            .field("base", &format_args!("{}", Shown(&self.base)))
            .field("host", &self.host)
            .field("headers", &self.headers.keys())
            .field("variants", &self.variants)
            .finish_non_exhaustive()
    }
}
