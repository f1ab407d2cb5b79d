//! A small notes service: a tag on every read, `304` for clients that are up to date, and writes
//! that cannot be lost.
//!
//! `router` and `serve` show how the layers go together; the rest is an ordinary axum application.

mod caches;
mod caching;
mod files;
mod note;
mod notes;
mod options;
mod pages;
mod probes;
mod problem;
mod shutdown;
mod stats;
mod store;
mod streams;

use std::{env, error::Error, process::ExitCode, time::Duration};

use axum::{
    Router, ServiceExt,
    body::Body,
    extract::{DefaultBodyLimit, Request},
    response::Response,
    serve::ListenerExt,
};
use tokio::{
    net::TcpListener,
    sync::{broadcast, watch},
    time,
};
use tower::ServiceBuilder;
use tower_conditional::{
    CodingTagLayer, ConditionalLayer, EtagLayer, detached::Detached, purge::PurgeQueue,
};
use tower_http::compression::CompressionLayer;

use options::{Command, Options, USAGE};
use stats::Stats;
use store::{Postgres, Sqlite, Storage};

/// How long open requests may go on after a signal, then writes without a client, and then
/// purges.
const GRACE: Duration = Duration::from_secs(3);

fn router<S: Storage>(
    store: &S,
    closing: watch::Receiver<()>,
    purges: Option<PurgeQueue>,
    writes: &Detached,
) -> Router {
    let stats = Stats::new(purges);
    let (changes, _) = broadcast::channel(256);

    // Compression changes the bytes after they were tagged; each coding gets a tag of its own.
    let compressed = notes::routes(store, &changes, &stats, writes)
        .layer(CompressionLayer::new())
        .layer(CodingTagLayer::new());
    let plain = Router::new()
        .merge(pages::routes(store, &stats, writes))
        .merge(files::routes(&stats))
        .merge(streams::routes(changes, closing, &stats))
        .merge(probes::routes(&stats))
        .merge(stats::routes(&stats))
        .layer(EtagLayer::new());

    compressed
        .merge(plain)
        .fallback(problem::no_such_route)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(DefaultBodyLimit::max(64 * 1024))
}

async fn start(options: Options) -> Result<(), Box<dyn Error>> {
    if let Some(config) = &options.postgres {
        let store = Postgres::connect(config.clone(), options.notes).await?;
        return serve(&store, options).await;
    }
    let store = Sqlite::open(&options.database, options.notes).await?;
    serve(&store, options).await
}

async fn serve<S: Storage>(store: &S, options: Options) -> Result<(), Box<dyn Error>> {
    let listen = options.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    let address = listener.local_addr()?;
    let closing = shutdown::on_signal()?;
    let purges = options.caches.queue()?;
    let writes = Detached::new();

    // Outside the router it sees the finished response, so a 304 and a HEAD repeat what the GET
    // would have said about its length, compressed or not.
    let app = ServiceBuilder::new()
        .map_response(|response: Response<_>| response.map(Body::new))
        .layer(caching::tags(purges.clone()))
        .layer(caching::policies()?)
        .layer(ConditionalLayer::new().head_as_get())
        .service(router(store, closing.clone(), purges.clone(), &writes));

    let app = ServiceExt::<Request>::into_make_service(app);

    println!("listening on http://{address}");
    println!("{}", options::hints(address));
    let listener = listener.tap_io(|connection| {
        // Without it, small events and chunks would wait for an acknowledgement.
        let _ = connection.set_nodelay(true);
    });
    let server =
        axum::serve(listener, app).with_graceful_shutdown(shutdown::closed(closing.clone()));
    tokio::select! {
        result = server => result?,
        () = async { shutdown::closed(closing).await; time::sleep(GRACE).await } => {}
    }
    // Whose client has left.
    let _ = time::timeout(GRACE, writes.idle()).await;
    if let Some(purges) = purges {
        // Caches that do not answer keep what is stale until it expires.
        let _ = time::timeout(GRACE, purges.flush()).await;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Command::parse(env::args_os().skip(1)) {
        Ok(Command::Serve(options)) => *options,
        Ok(Command::Help) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("notes: {message}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match start(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("notes: {error}");
            ExitCode::FAILURE
        }
    }
}
