//! The caches in front, which are told what to forget.

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

/// Longer than the slowest read takes, whose answer a cache may store after the first purge.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// As many as go in one request.
const TAGS: usize = 30;

type Client = legacy::Client<HttpConnector, Full<Bytes>>;
type Told = HttpPurger<Client, Full<Bytes>>;
type BoxError = Box<dyn Error + Send + Sync>;

/// Those that are told. Where one fails both are told again, which does no harm.
#[derive(Debug, Args)]
pub(crate) struct Caches {
    /// A Varnish with its module xkey, in front of this service, that is told what to forget
    /// after a write, such as http://127.0.0.1:6081
    #[arg(long, value_name = "URL")]
    varnish: Option<Varnish>,
    /// Likewise an nginx that takes PURGE and has the coding in its key
    #[arg(long, value_name = "URL")]
    nginx: Option<Nginx>,
}

#[derive(Clone, Debug)]
pub(crate) struct Varnish(Arc<Told>);

/// With the coding in its key, so that each has to be forgotten by itself.
#[derive(Clone, Debug)]
pub(crate) struct Nginx(Arc<Told>);

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
    /// What takes the purges of requests, if there is anybody to tell.
    pub(crate) fn queue(self) -> Result<Option<PurgeQueue>, InvalidPurgeConfig> {
        if self.varnish.is_none() && self.nginx.is_none() {
            return Ok(None);
        }
        let limits = PurgeLimits::new().repeat_after(AGAIN_AFTER)?;
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
            // After a final one neither would be told again.
            (Err(error), Err(other)) if error.is_final() => Err(other),
            (varnish, nginx) => varnish.and(nginx),
        }
    }

    // Each by itself, so that one that hangs holds no other up.
    fn parts(&self, purge: Purge) -> Vec<Purge> {
        purge.into_parts(TAGS).collect()
    }
}

async fn tell(cache: Option<&Told>, purge: &Purge) -> Result<(), NotPurged> {
    match cache {
        Some(cache) => cache.purge(purge).await,
        None => Ok(()),
    }
}

/// nginx knows no tags, so the list has to be named where a note is.
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
        // The purger refuses what has none.
        Some(other) if *other != Scheme::HTTP => Err("caches are told over http".into()),
        _ => Ok(base),
    }
}
