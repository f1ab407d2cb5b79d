//! The command line.

use std::{error::Error, net::SocketAddr, process};

use clap::{
    CommandFactory, Parser, builder::NonEmptyStringValueParser, error::ErrorKind, value_parser,
};

use crate::{caches::Caches, planted::Mistake, redis::RedisOptions};

/// The notes example with everything that black-box checks need
#[derive(Debug, Parser)]
#[command(name = "showcase", allow_negative_numbers = true)]
pub(crate) struct Options {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3000")]
    pub(crate) listen: SocketAddr,
    /// The SQLite database; in memory unless a file is named
    #[arg(long, value_name = "FILE|:memory:", default_value = ":memory:")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) database: String,
    /// A PostgreSQL database in place of SQLite, which replicas can share, such as
    /// postgres://user@localhost/notes
    #[arg(long, value_name = "URL", value_parser = postgres)]
    pub(crate) postgres: Option<tokio_postgres::Config>,
    #[command(flatten)]
    pub(crate) redis: RedisOptions,
    #[command(flatten)]
    pub(crate) caches: Caches,
    /// The number of notes in a new database
    #[arg(long, value_name = "N", default_value = "100")]
    #[arg(value_parser = value_parser!(u32).range(..=100_000))]
    pub(crate) notes: u32,
    /// The layer that remembers tags, so that a 304 needs no handler; with --postgres and no --redis
    /// only those of files
    #[arg(long, default_value = "cache", value_parser = ["cache", "none"])]
    pub(crate) validators: String,
    /// The build that /metrics names
    #[arg(long, value_name = "ID", default_value = env!("CARGO_PKG_VERSION"))]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) build: String,
    /// A mistake of a release, which the alerts shall find
    #[arg(long, value_enum)]
    pub(crate) planted: Option<Mistake>,
}

impl Options {
    /// Parses the arguments of the process. Ends it if they ask for help or are invalid.
    pub(crate) fn from_arguments() -> Self {
        Self::try_parse().unwrap_or_else(|error| {
            if error.kind() == ErrorKind::DisplayHelp {
                error.exit();
            }
            // Some errors of clap do not show the usage.
            eprintln!("{error}\n{}", Self::command().render_usage());
            process::exit(2);
        })
    }
}

fn postgres(url: &str) -> Result<tokio_postgres::Config, Box<dyn Error + Send + Sync>> {
    if url.is_empty() {
        return Err("needs a URL".into());
    }
    Ok(url.parse()?)
}

/// Prints requests to try first.
pub(crate) fn hints(address: SocketAddr) -> String {
    format!(
        "  curl -i http://{address}/notes/1
  curl -i http://{address}/notes/1 -H 'If-None-Match: <the ETag of that answer>'
  curl -i http://{address}/notes/1 -X PUT --json '{{\"title\":\"New\"}}' -H 'If-Match: <it again>'
  curl -i http://{address}/notes/1 -X PUT --json '{{\"title\":\"Late\"}}' -H 'If-Match: <still the same>'
  curl -i http://{address}/state -H 'X-Notes-Ref: none'
  curl -i http://{address}/state -H 'X-Notes-Ref: <the X-Notes-Ref of that answer>'
  curl -i http://{address}/orders --json '{{\"item\":\"tea\",\"quantity\":2}}' -H 'Idempotency-Key: \"first\"'
  curl -i http://{address}/files/64m.bin --output /dev/null --dump-header -
  curl -i http://{address}/files/1k.json -r 9-34
  curl -i 'http://{address}/$etags-cache' -X DELETE -H 'Authorization: Bearer admin'
  curl -N http://{address}/events
  curl http://{address}/stats
  curl http://{address}/metrics"
    )
}
