//! Ranges of files with `tokio::fs`: each part is read from its first byte on, and nothing else.

use std::{
    env,
    io::{self, SeekFrom},
    path::PathBuf,
    sync::Arc,
    time::UNIX_EPOCH,
};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::stream;
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
    net::TcpListener,
    sync::Mutex,
};
use tower_conditional::{
    ConditionalLayer, EntityTag, Validators, handler::Ranges, range::ByteRange, resource::wrap,
};

const FRAME: u64 = 64 * 1024;

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let directory = PathBuf::from(arguments.next().unwrap_or_else(|| ".".into()));
    let address = arguments.next().unwrap_or("127.0.0.1:3000".into());
    let router = Router::new()
        .route("/{name}", get(file))
        .with_state(Arc::new(directory));
    let app = wrap(router, ConditionalLayer::new());

    let listener = TcpListener::bind(address).await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!("  curl -i {url}/Cargo.toml -r 0-99");
    println!("  curl -O {url}/FILE -C -");
    axum::serve(listener, app.into_make_service()).await
}

async fn file(
    State(directory): State<Arc<PathBuf>>,
    Path(name): Path<String>,
    ranges: Ranges,
) -> Result<Response, StatusCode> {
    // Only files of the directory itself, and no hidden ones.
    if name.starts_with('.') || name.contains(['/', '\\']) {
        return Err(StatusCode::NOT_FOUND);
    }
    let (file, length, validators) = open(directory.join(name))
        .await
        .map_err(|_| StatusCode::NOT_FOUND)?;
    let file = Arc::new(Mutex::new(file));
    let bytes = HeaderValue::from_static("application/octet-stream");
    let response = ranges
        .content_type(bytes)
        .respond(length, validators, |range| read(&file, range));
    Ok(response.into_response())
}

/// Opens a file once, so that all parts are of one file, even if another takes its name.
async fn open(path: PathBuf) -> io::Result<(File, u64, Validators)> {
    let file = File::open(path).await?;
    let metadata = file.metadata().await?;
    if !metadata.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    // Replace files: write another one, and rename it. A file that is written in place may have one
    // tag for two contents, if its length stays.
    let modified = metadata.modified()?;
    let time = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    let tag = EntityTag::strong(format!("{:x}-{:x}", metadata.len(), time.as_nanos()));
    let tag = tag.map_err(io::Error::other)?;
    let validators = Validators::from(tag).with_last_modified(modified);
    Ok((file, metadata.len(), validators))
}

/// Returns the bytes of a range, which are read as the client takes them.
fn read(file: &Arc<Mutex<File>>, range: ByteRange) -> Body {
    let file = Arc::clone(file);
    let frames = stream::try_unfold(range.first(), move |position| {
        let file = Arc::clone(&file);
        async move {
            let length = FRAME.min(range.last() + 1 - position);
            let mut frame = Vec::with_capacity(length as usize);
            let mut file = file.lock().await;
            // Several parts share the position of the file.
            file.seek(SeekFrom::Start(position)).await?;
            (&mut *file).take(length).read_to_end(&mut frame).await?;
            let next = position + frame.len() as u64;
            Ok::<_, io::Error>((!frame.is_empty()).then_some((frame, next)))
        }
    });
    Body::from_stream(frames)
}
