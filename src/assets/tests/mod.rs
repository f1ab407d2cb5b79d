mod directory;
mod ranges;
mod response;
mod service;
mod set;

use bytes::Bytes;
use http::{HeaderName, Method, Request, Response};
use http_body_util::{BodyExt, Empty};
use tower::ServiceExt;

use super::{AssetBody, Assets};

fn assets() -> Assets {
    Assets::new("/assets").expect("a prefix")
}

/// Sends a request with these headers.
async fn ask(
    assets: &Assets,
    method: Method,
    path: &str,
    fields: &[(HeaderName, &str)],
) -> Response<AssetBody> {
    let request = Request::builder().method(method).uri(path);
    let request = fields.iter().fold(request, |request, (name, value)| {
        request.header(name, *value)
    });
    let request = request.body(Empty::<Bytes>::new()).expect("a request");
    let response = assets.clone().oneshot(request).await;
    response.expect("never an error")
}

async fn get(assets: &Assets, path: &str) -> Response<AssetBody> {
    ask(assets, Method::GET, path, &[]).await
}

async fn content(response: Response<AssetBody>) -> Bytes {
    let content = response.into_body().collect().await;
    content.expect("never an error").to_bytes()
}
