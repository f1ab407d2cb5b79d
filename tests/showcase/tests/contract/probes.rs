//! ffprobe, which reads the end of a file before its middle.

use std::{
    fs,
    path::Path,
    process::id,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
    routing::get,
};
use tokio::net::TcpListener;
use tower_conditional::{RangeLayer, stack};

use crate::support::run;

/// Makes a film of two seconds. Its index is at the end, as ffmpeg writes it by default.
async fn film() -> Vec<u8> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("film-{}.mp4", id()));
    let path = file.to_str().unwrap();
    // Noise hardly compresses, so the film is longer than what ffprobe reads ahead.
    let source = "nullsrc=size=320x240:rate=10,noise=alls=100:allf=t,trim=duration=2";
    let arguments = [
        "-v", "error", "-y", "-f", "lavfi", "-i", source, "-c:v", "mpeg4", "-q:v", "1", path,
    ];
    let output = run("ffmpeg", &arguments).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let film = fs::read(&file).unwrap();
    fs::remove_file(file).unwrap();
    film
}

/// The `Range` of each request and the status of its response.
type Requests = Arc<Mutex<Vec<(Option<String>, u16)>>>;

async fn record(requests: Requests, request: Request, next: Next) -> Response {
    let range = request.headers().get("range");
    let range = range.map(|range| range.to_str().unwrap().to_owned());
    let response = next.run(request).await;
    requests
        .lock()
        .unwrap()
        .push((range, response.status().as_u16()));
    response
}

/// R-9110-15.3.7.1-a, R-9110-14.3-a: ffprobe finds the index at the end with a range.
#[tokio::test]
async fn ffprobe_seeks_to_the_index() {
    let film = film().await;
    let length = film.len();
    let requests = Requests::default();
    let recorded = requests.clone();
    let recorder =
        from_fn(move |request: Request, next: Next| record(recorded.clone(), request, next));
    let film = get(async move || film.clone());
    let film = film.route_layer(stack().ranges(RangeLayer::new()));
    let router = Router::new().route("/film.mp4", film.route_layer(recorder));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/film.mp4", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await });

    let arguments = [
        "-v",
        "error",
        "-show_entries",
        "format=duration",
        "-of",
        "csv=p=0",
        &url,
    ];
    let output = run("ffprobe", &arguments).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
    assert_eq!(output.stdout, b"2.000000\n");

    let requests = requests.lock().unwrap();
    assert!(
        requests.iter().all(|(_, status)| *status == 206),
        "{requests:?}"
    );
    let sought = requests.iter().filter_map(|(range, _)| {
        let first = range
            .as_deref()?
            .strip_prefix("bytes=")?
            .strip_suffix('-')?;
        first.parse::<usize>().ok()
    });
    assert!(sought.max() > Some(length / 2), "{length}: {requests:?}");
}
