//! The command line.

use std::{ffi::OsString, fmt::Display, net::SocketAddr, str::FromStr};

use crate::caches::Caches;

pub(crate) const USAGE: &str = "\
Usage: notes [--listen 127.0.0.1:3000] [--database FILE|:memory:] [--notes 100]
             [--postgres URL] [--varnish URL] [--nginx URL]

  --listen ADDRESS:PORT     where to listen; port 0 takes a free one
  --database FILE|:memory:  the SQLite database; in memory unless a file is named
  --postgres URL            a PostgreSQL database in place of SQLite, which replicas can share,
                            such as postgres://user@localhost/notes
  --varnish URL             a Varnish with its module xkey, in front of this service, that is told
                            what to forget after a write, such as http://127.0.0.1:6081
  --nginx URL               likewise an nginx that takes PURGE and has the coding in its key
  --notes N                 how many notes a new database starts with
  --help                    print this text";

const MOST_NOTES: u32 = 100_000;

#[derive(Debug)]
pub(crate) enum Command {
    Serve(Box<Options>),
    Help,
}

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) listen: SocketAddr,
    pub(crate) database: String,
    pub(crate) notes: u32,
    pub(crate) postgres: Option<tokio_postgres::Config>,
    pub(crate) caches: Caches,
}

impl Command {
    /// Reads the arguments that follow the program's name; an error is a message for the user.
    pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut options = Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            database: ":memory:".to_owned(),
            notes: 100,
            postgres: None,
            caches: Caches::default(),
        };
        let arguments: Vec<_> = arguments
            .map(OsString::into_string)
            .collect::<Result<_, _>>()
            .map_err(|argument| format!("{argument:?} is not UTF-8"))?;
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let (name, attached) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            let mut value = || {
                attached
                    .clone()
                    .or_else(|| arguments.next())
                    .filter(|value| !value.is_empty())
                    .ok_or_else(|| format!("{name} needs a value"))
            };
            match name {
                "--listen" => options.listen = parse(name, &value()?)?,
                "--database" => options.database = value()?,
                "--postgres" => options.postgres = Some(parse(name, &value()?)?),
                "--varnish" => options.caches.varnish = Some(parse(name, &value()?)?),
                "--nginx" => options.caches.nginx = Some(parse(name, &value()?)?),
                "--notes" => options.notes = parse(name, &value()?)?,
                "--help" | "-h" if attached.is_none() => return Ok(Self::Help),
                _ => return Err(format!("unknown option {argument:?}")),
            }
        }
        if options.notes > MOST_NOTES {
            return Err(format!("--notes: at most {MOST_NOTES}"));
        }
        Ok(Self::Serve(Box::new(options)))
    }
}

fn parse<T: FromStr>(name: &str, value: &str) -> Result<T, String>
where
    T::Err: Display,
{
    value
        .parse()
        .map_err(|error| format!("{name} {value:?}: {error}"))
}

/// What to try first.
pub(crate) fn hints(address: SocketAddr) -> String {
    format!(
        "  curl -i http://{address}/notes/1
  curl -i http://{address}/notes/1 -H 'If-None-Match: <the ETag of that answer>'
  curl -i http://{address}/notes/1 -X PUT --json '{{\"title\":\"New\"}}' -H 'If-Match: <it again>'
  curl -i http://{address}/notes/1 -X PUT --json '{{\"title\":\"Late\"}}' -H 'If-Match: <still the same>'
  curl -i http://{address}/state -H 'X-Notes-Ref: none'
  curl -i http://{address}/state -H 'X-Notes-Ref: <that of that answer>'
  curl -i http://{address}/files/64m.bin --output /dev/null --dump-header -
  curl -N http://{address}/events
  curl http://{address}/stats"
    )
}
