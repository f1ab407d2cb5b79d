//! The caches in front, which are told about writes.

use std::{error::Error, str::FromStr, sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    http::{
        HeaderValue, Uri,
        header::ACCEPT_ENCODING,
        uri::{PathAndQuery, Scheme},
    },
};
use clap::Args;
use http_body_util::Full;
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::join;
use tower_conditional::purge::{
    HttpPurger, InvalidPurgeConfig, NotPurged, Purge, PurgeLimits, PurgeQueue, Purger,
};

/// The time after which a purge is repeated. It is longer than the slowest read, whose response a
/// cache may store after the first purge.
const REPEAT_AFTER: Duration = Duration::from_secs(5);

/// The largest number of purges in one request.
const TAGS: usize = 30;

type Client = legacy::Client<HttpConnector, Full<Bytes>>;
type CachePurger = HttpPurger<Client, Full<Bytes>>;
type BoxError = Box<dyn Error + Send + Sync>;

/// The caches that are purged. If one of them fails, both are purged again, which does no harm.
#[derive(Debug, Args)]
pub(crate) struct Caches {
    /// A Varnish with its module xkey, in front of this service, which is purged after a write,
    /// such as http://127.0.0.1:6081
    #[arg(long, value_name = "URL")]
    varnish: Option<Varnish>,
    /// An nginx that takes PURGE and has the coding in its key, purged after a write
    #[arg(long, value_name = "URL")]
    nginx: Option<Nginx>,
}

#[derive(Clone, Debug)]
pub(crate) struct Varnish(Arc<CachePurger>);

/// The codings in the key, each of which is purged by itself.
#[derive(Clone, Debug)]
pub(crate) struct Nginx(Arc<CachePurger>);

impl FromStr for Varnish {
    type Err = BoxError;

    fn from_str(base: &str) -> Result<Self, BoxError> {
        let varnish = HttpPurger::varnish(client(), parse(base)?)?;
        Ok(Self(Arc::new(varnish)))
    }
}

impl FromStr for Nginx {
    type Err = BoxError;

    fn from_str(base: &str) -> Result<Self, BoxError> {
        let nginx = HttpPurger::purge_urls(client(), parse(base)?)?;
        let codings = ["br", "gzip", "identity"].map(HeaderValue::from_static);
        Ok(Self(Arc::new(nginx.variants(ACCEPT_ENCODING, codings))))
    }
}

impl Caches {
    /// Returns the queue of purges, if there is a cache.
    pub(crate) fn queue(self) -> Result<Option<PurgeQueue>, InvalidPurgeConfig> {
        if self.varnish.is_none() && self.nginx.is_none() {
            return Ok(None);
        }
        let limits = PurgeLimits::new().repeat_after(REPEAT_AFTER)?;
        Ok(Some(PurgeQueue::with_limits(self, limits)))
    }
}

impl Purger for Caches {
    type Error = NotPurged;

    async fn purge(&self, purge: &Purge) -> Result<(), NotPurged> {
        let urls = with_the_list(purge);
        let varnish = self.varnish.as_ref().map(|cache| &*cache.0);
        let nginx = self.nginx.as_ref().map(|cache| &*cache.0);
        match join!(tell(varnish, purge), tell(nginx, &urls)) {
            // After a final error, neither cache would be purged again.
            (Err(error), Err(other)) if error.is_final() => Err(other),
            (varnish, nginx) => varnish.and(nginx),
        }
    }

    // Each target has its own task, so that one that hangs does not delay the others.
    fn parts(&self, purge: Purge) -> Vec<Purge> {
        purge.into_parts(TAGS).collect()
    }
}

async fn tell(cache: Option<&CachePurger>, purge: &Purge) -> Result<(), NotPurged> {
    match cache {
        Some(cache) => cache.purge(purge).await,
        None => Ok(()),
    }
}

/// Adds the path of the list to a purge of a note, since nginx has no tags.
fn with_the_list(purge: &Purge) -> Purge {
    let notes = purge
        .targets()
        .filter(|uri| uri.path().starts_with("/notes/"));
    let lists = notes.filter_map(|note| {
        let mut parts = note.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::from_static("/notes"));
        Uri::from_parts(parts).ok()
    });
    lists.fold(purge.clone(), Purge::with_target)
}

fn client() -> Client {
    legacy::Client::builder(TokioExecutor::new()).build_http()
}

fn parse(base: &str) -> Result<Uri, BoxError> {
    let base: Uri = base.parse()?;
    match base.scheme() {
        // The purger refuses a purge without a path.
        Some(other) if *other != Scheme::HTTP => Err("caches are told over http".into()),
        _ => Ok(base),
    }
}
