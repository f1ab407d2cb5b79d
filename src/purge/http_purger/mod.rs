//! A purger that tells a cache over HTTP.

mod json;
mod message;
mod requests;
mod send;
mod target;
mod together;

use std::{fmt, iter, marker::PhantomData};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri, uri::Authority};
use http_body::Body;
use tower_service::Service;

use self::{send::send, together::together};
use super::{BoxError, InvalidPurgeConfig, NotPurged, Purge, Purger};
use crate::semantics::field::authority;

/// More than these many tags go in several requests: Cloudflare takes no more.
const TAGS: usize = 30;

/// So many requests are on their way together.
const AT_A_TIME: usize = 8;

/// Tells a cache over HTTP, through a client that you bring: that of hyper-util,
/// or any other [`Service`], with TLS as you like it.
///
/// Where targets are sent, the client has to speak HTTP/1.1: in HTTP/2 `Host` may
/// not differ from the authority of the base (RFC 9113, section 8.3.1).
///
/// Everything is sent even if some of it fails; up to eight requests are on their way
/// at a time. The result is the first failure, and one that may pass rather than a
/// final one. A response that is not 2xx is a failure, except that the `PURGE` of a
/// target may find nothing: 404, or 412 from later versions of nginx's module. A queue
/// tries again what may pass: see [`NotPurged::is_final`].
///
/// # Targets that are not sent
///
/// Clients write paths and hosts, and some caches read patterns in them: for nginx's
/// module `/*` is everything. A target is refused, and reported as a final failure, if
///
/// - its path or query has a `*`, encoded or not. Encoded it would still be a pattern
///   where nginx has `$uri` as its key, and elsewhere not the key of what is stored;
/// - its path or query has a quote or a backslash that is not encoded;
/// - its host has a character other than letters, digits, `-`, `.`, `_`, `~`, and the
///   brackets and colons of addresses and ports, unless [`host`](Self::host) replaces it;
/// - its path has a segment `.` or `..`, and the base has a path that it would lead out of.
///
/// What is stored for such a target stays until it expires, or is forgotten by a tag. A
/// cache must take the URL of a `PURGE` as it is: one that reads it as a regular
/// expression would forget more than was written, for `.` is in most URLs.
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

#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// if it has one, into `Host`. They are as the client wrote them.
    ///
    /// # Errors
    ///
    /// Refuses a base that is not absolute, or that has a query.
    pub fn varnish(client: C, base: Uri) -> Result<Self, InvalidPurgeConfig> {
        Self::new(client, base, Form::Varnish)
    }

    /// For caches that forget URLs, as nginx does: one `PURGE` of each target,
    /// or of each of its [`variants`](Self::variants), as
    /// [`varnish`](Self::varnish) sends it. Tags are not sent.
    ///
    /// # Errors
    ///
    /// Refuses a base that is not absolute, or that has a query.
    pub fn purge_urls(client: C, base: Uri) -> Result<Self, InvalidPurgeConfig> {
        Self::new(client, base, Form::Urls)
    }

    /// For the interfaces of content delivery networks: a `POST` of
    /// `{"tags":["a","b"]}` for up to 30 tags, as Cloudflare takes them.
    /// Targets are not sent.
    ///
    /// # Errors
    ///
    /// Refuses an endpoint that is not absolute.
    pub fn json(client: C, endpoint: Uri) -> Result<Self, InvalidPurgeConfig> {
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
    ) -> Result<Self, InvalidPurgeConfig> {
        let member = member.into();
        Self::new(client, endpoint, Form::Json { member })
    }

    fn new(client: C, base: Uri, form: Form) -> Result<Self, InvalidPurgeConfig> {
        let takes_query = matches!(form, Form::Json { .. });
        if base.host().is_none() || base.scheme().is_none() {
            return Err(InvalidPurgeConfig::Base);
        }
        if base.query().is_some() && !takes_query {
            return Err(InvalidPurgeConfig::Base);
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
        let messages = self.messages(purge).into_iter();
        let sent = messages.map(|message| async { send(&self.client, message?).await });
        together(sent, AT_A_TIME).await
    }

    /// Up to 30 tags, and each target by itself, as far as the cache is told of them.
    fn parts(&self, purge: Purge) -> Vec<Purge> {
        let (tags, targets) = (self.form != Form::Urls, !self.is_json());
        let parts = purge.into_parts(TAGS);
        let told = |part: &Purge| match part.targets().len() {
            0 => tags,
            _ => targets,
        };
        parts.filter(told).collect()
    }
}

/// Whoever is named before the host is none of its business.
fn without_user(authority: &Authority) -> Option<HeaderValue> {
    HeaderValue::try_from(authority::split_user(authority).1).ok()
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
