//! A purger that sends purges over HTTP.

mod json;
mod purge_request;
mod requests;
mod run_bounded;
mod send;
mod target;

use std::{fmt, iter, marker::PhantomData};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri, uri::Authority};
use http_body::Body;
use tower_service::Service;

use self::{run_bounded::run_bounded, send::send};
use super::{InvalidPurgeConfig, NotPurged, Purge, Purger};
use crate::BoxError;
use crate::semantics::field::authority;

/// The maximum number of tags in one request, which is the limit of Cloudflare.
const MAX_TAGS: usize = 30;

/// The maximum number of requests that run at the same time.
const MAX_REQUESTS: usize = 8;

/// A [`Purger`] that sends purges over HTTP.
///
/// You bring the client, such as that of hyper-util or any other [`Service`], and configure its
/// TLS. For https, build it with a connector such as that of `hyper-rustls`: `build_http` fails on
/// each try. A client of another request type, such as that of `reqwest`, does not fit: write a
/// closure that calls it, which is a [`Purger`] too.
///
/// To send targets, the client has to use HTTP/1.1: in HTTP/2 `Host` must not differ from the
/// authority of the base (RFC 9113, section 8.3.1).
///
/// Up to eight requests run at the same time, and a failure does not stop the others. The first
/// error is returned, but an error that is retried takes precedence over a final one.
/// [`NotPurged::is_final`] returns `false` for errors that are retried.
///
/// Every response other than 2xx is an error, with one exception: a `PURGE` of a target may find
/// nothing. Caches then respond with 404, and later versions of nginx's module with 412.
///
/// # Targets that are not sent
///
/// Clients write paths and hosts, and some caches read patterns in them. To nginx's module `/*`
/// means everything. A target is refused with a final error in these cases:
///
/// - Its path or query has a `*`, percent-encoded or not. If nginx's key is `$uri`, an encoded
///   asterisk is still a pattern. With other keys it does not match the stored response.
/// - Its path or query has a quote or a backslash that is not percent-encoded.
/// - Its host has a character other than letters, digits, `-`, `.`, `_`, `~`, and the brackets
///   and colons of addresses and ports. [`host`](Self::host) replaces the host, and so allows
///   these targets.
/// - Its path has a segment `.` or `..`, which would leave the path of the base.
///
/// The stored response of such a target stays until it expires, or until one of its tags is
/// purged. The cache must not read the URL of a `PURGE` as a regular expression: most URLs have
/// a `.`, and would match other URLs.
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
    protocol: PurgeProtocol,
    host: Option<HeaderValue>,
    headers: HeaderMap,
    variants: Vec<(HeaderName, HeaderValue)>,
    content: PhantomData<fn() -> B>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PurgeProtocol {
    Varnish,
    Urls,
    Json { member: String },
}

// The client determines `B`, so that callers do not have to write it.
impl<C: Service<Request<B>>, B> HttpPurger<C, B> {
    /// Creates a purger for Varnish with its module xkey.
    ///
    /// It sends a `PURGE` of the base with `xkey-purge: a b` for up to 30 tags, and one `PURGE` for
    /// each target. The path and query of the target are appended to the base, and its authority,
    /// if any, becomes `Host`. Both are sent as the client wrote them.
    ///
    /// # Errors
    ///
    /// Returns an error if the base is not absolute or has a query.
    pub fn varnish(client: C, base: Uri) -> Result<Self, InvalidPurgeConfig> {
        Self::new(client, base, PurgeProtocol::Varnish)
    }

    /// Creates a purger for caches that purge by URL, such as nginx.
    ///
    /// It sends one `PURGE` for each target, or for each of its [`variants`](Self::variants), in the
    /// form that [`varnish`](Self::varnish) has. Tags are not sent.
    ///
    /// # Errors
    ///
    /// Returns an error if the base is not absolute or has a query.
    pub fn purge_urls(client: C, base: Uri) -> Result<Self, InvalidPurgeConfig> {
        Self::new(client, base, PurgeProtocol::Urls)
    }

    /// Creates a purger for the API of a content delivery network.
    ///
    /// It sends a `POST` of `{"tags":["a","b"]}` for up to 30 tags, the form of Cloudflare. Targets
    /// are not sent.
    ///
    /// # Errors
    ///
    /// Returns an error if the endpoint is not absolute.
    pub fn json(client: C, endpoint: Uri) -> Result<Self, InvalidPurgeConfig> {
        Self::json_member(client, endpoint, "tags")
    }

    /// Creates a purger like [`json`](Self::json) with another name of the JSON member. Fastly
    /// uses `surrogate_keys`.
    ///
    /// # Errors
    ///
    /// Returns an error if the endpoint is not absolute.
    pub fn json_member(
        client: C,
        endpoint: Uri,
        member: impl Into<String>,
    ) -> Result<Self, InvalidPurgeConfig> {
        let member = member.into();
        Self::new(client, endpoint, PurgeProtocol::Json { member })
    }

    fn new(client: C, base: Uri, protocol: PurgeProtocol) -> Result<Self, InvalidPurgeConfig> {
        let takes_query = matches!(protocol, PurgeProtocol::Json { .. });
        let is_absolute = base.host().is_some() && base.scheme().is_some();
        // Paths are appended, and would end up in the query.
        if !is_absolute || base.query().is_some() && !takes_query {
            return Err(InvalidPurgeConfig::Base(RedactedUri(&base).to_string()));
        }
        Ok(Self {
            client,
            base,
            protocol,
            host: None,
            headers: HeaderMap::new(),
            variants: Vec::new(),
            content: PhantomData,
        })
    }
}

impl<C, B> HttpPurger<C, B> {
    /// Sets the `Host` of every request. Defaults to the host of the target, or else to the host
    /// that the client takes from the base.
    ///
    /// Clients choose the `Host` of their requests. With this setting they cannot purge another
    /// site of the cache.
    #[must_use]
    pub fn host(self, host: &Authority) -> Self {
        Self {
            host: host_value(host),
            ..self
        }
    }

    /// Adds a header to every request, such as one with a token. Defaults to no headers.
    ///
    /// Several headers of one name are all sent. The values are marked as sensitive, and are not
    /// shown by `Debug`.
    #[must_use]
    pub fn header(mut self, name: HeaderName, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.headers.append(name, value);
        self
    }

    /// Adds values of a header: each target gets one `PURGE` for each of them.
    ///
    /// Use it for a cache that has the header in its key. Further calls add values, and without any
    /// there is one `PURGE` without the header. Varnish purges all variants of a target at once, and
    /// does not need it.
    ///
    /// nginx purges one variant at a time. It finds the variants that `Vary` distinguishes only
    /// through the first one that it stored, which is not known. So put the content encoding into
    /// nginx's key, and list each of them here.
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
}

impl<C, B, ResB> Purger for HttpPurger<C, B>
where
    C: Service<Request<B>, Response = Response<ResB>> + Clone + Send + Sync + 'static,
    C::Error: Into<BoxError>,
    C::Future: Send,
    B: From<Bytes> + 'static,
    ResB: Body + Send,
{
    type Error = NotPurged;

    async fn purge(&self, purge: &Purge) -> Result<(), NotPurged> {
        let requests = self.requests(purge).into_iter();
        let sent = requests.map(|message| async { send(&self.client, message?).await });
        run_bounded(sent, MAX_REQUESTS).await
    }

    /// Splits a purge into up to 30 tags and into single targets, as far as the cache supports them.
    fn parts(&self, purge: Purge) -> Vec<Purge> {
        let (tags, targets) = (self.protocol != PurgeProtocol::Urls, !self.is_json());
        let parts = purge.into_parts(MAX_TAGS);
        let is_supported = |part: &Purge| match part.targets().len() {
            0 => tags,
            _ => targets,
        };
        parts.filter(is_supported).collect()
    }
}

/// Returns the host and port, without the user before them: a cache must not see it.
fn host_value(authority: &Authority) -> Option<HeaderValue> {
    HeaderValue::try_from(authority::split_user(authority).1).ok()
}

/// A URI without its secrets: the user, and the query, which may hold a key.
struct RedactedUri<'a>(&'a Uri);

impl fmt::Display for RedactedUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.0.authority();
        let host = authority.map_or("", |authority| authority::split_user(authority).1);
        if let Some(scheme) = self.0.scheme_str() {
            write!(f, "{scheme}://")?;
        }
        write!(f, "{host}{}", self.0.path())
    }
}

impl<C, B> fmt::Debug for HttpPurger<C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpPurger")
            .field("protocol", &self.protocol)
            .field("base", &format_args!("{}", RedactedUri(&self.base)))
            .field("host", &self.host)
            .field("headers", &self.headers.keys())
            .field("variants", &self.variants)
            .finish_non_exhaustive()
    }
}
