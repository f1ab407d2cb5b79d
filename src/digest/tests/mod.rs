//! The layer around services that count how often they run, and keep the content that they read.

mod ahead;
mod layers;
mod required;
mod streamed;
mod streamed_random;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use sha2::{Digest, Sha256, Sha512};
use tower::{Layer, ServiceExt, service_fn};

use super::{DigestLayer, DigestMismatch, VerifiedBody};
use crate::{
    BoxError,
    body::ResponseBody,
    test_support::{Act, ScriptedBody, read, run},
};

/// The content of most examples of RFC 9530, appendix B.
const CONTENT: &[u8] = b"{\"hello\": \"world\"}\n";
/// Its digests there.
const SHA_256: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
const SHA_512: &str = "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:";

fn sha_256(content: impl AsRef<[u8]>) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(content)))
}

fn sha_512(content: impl AsRef<[u8]>) -> String {
    format!("sha-512=:{}:", STANDARD.encode(Sha512::digest(content)))
}

/// Builds a request with these header lines.
fn request<'a, B>(
    method: &str,
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    body: B,
) -> Request<B> {
    let mut request = Request::builder().method(method).uri("/files/7");
    for (name, value) in fields {
        request = request.header(name, value);
    }
    request.body(body).expect("a request")
}

/// A `PUT` of `CONTENT` whose `Content-Digest` has this value.
fn put(content_digest: &str) -> Request<Full<Bytes>> {
    let content = Full::from(CONTENT);
    request("PUT", [("content-digest", content_digest)], content)
}

/// The response to a request, and the content that each run of the service has read.
struct Sent {
    response: Response<ResponseBody<Full<Bytes>>>,
    runs: Vec<Vec<Act>>,
}

impl Sent {
    fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Returns the content of the only run.
    #[track_caller]
    fn content(&self) -> Vec<u8> {
        assert_eq!(self.runs.len(), 1, "runs");
        crate::test_support::content(&self.runs[0])
    }

    /// Returns the name of the problem, if the layer refused the request.
    fn problem(self) -> Option<String> {
        let [Act::Data(problem)] = &read(self.response.into_body())[..] else {
            return None;
        };
        let problem: serde_json::Value = serde_json::from_slice(problem).ok()?;
        let type_uri = problem["type"].as_str()?;
        let name = type_uri.split("tower_conditional/digest/#").nth(1);
        name.map(str::to_owned)
    }
}

/// Sends a request through the layer to a service that reads the content.
fn send<B>(layer: &DigestLayer, request: Request<B>) -> Sent
where
    B: Body<Data = Bytes, Error: Into<BoxError> + Send> + Send + 'static,
{
    let runs = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&runs);
    let service = service_fn(move |request: Request<VerifiedBody<B>>| {
        let log = Arc::clone(&log);
        async move {
            log.lock().unwrap().push(read(request.into_body()));
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }
    });
    let response = run(layer.layer(service).oneshot(request)).unwrap();
    let runs = std::mem::take(&mut *runs.lock().unwrap());
    Sent { response, runs }
}

/// The content that a service read, and the reason why it broke off.
#[derive(Debug, PartialEq)]
enum StreamEnd {
    Whole,
    Differs,
    Error,
}

/// Returns the body that a service gets for a stream with these digests.
fn streamed(acts: Vec<Act>, digest: &str) -> VerifiedBody<ScriptedBody> {
    let body = ScriptedBody::unsized_(acts).without_telling_end();
    let given = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&given);
    let service = service_fn(move |request: Request<VerifiedBody<ScriptedBody>>| {
        *slot.lock().unwrap() = Some(request.into_body());
        async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())) }
    });
    let request = request("PUT", [("repr-digest", digest)], body);
    run(DigestLayer::verify().layer(service).oneshot(request)).unwrap();
    given.lock().unwrap().take().expect("a run")
}

/// Reads a stream to its end.
fn read_stream(body: VerifiedBody<ScriptedBody>) -> (Vec<Act>, StreamEnd) {
    use http_body_util::BodyExt;

    let mut body = Box::pin(body);
    let mut frames = Vec::new();
    run(async move {
        let end = loop {
            match body.frame().await {
                None => break StreamEnd::Whole,
                Some(Err(error)) if error.is::<DigestMismatch>() => break StreamEnd::Differs,
                Some(Err(_)) => break StreamEnd::Error,
                Some(Ok(frame)) => frames.push(match frame.into_data() {
                    Ok(data) => Act::Data(data),
                    Err(frame) => Act::Trailers(frame.into_trailers().expect("trailers")),
                }),
            }
        };
        assert!(body.is_end_stream(), "{end:?}");
        assert_eq!(body.size_hint().exact(), Some(0));
        assert!(body.frame().await.is_none(), "a frame behind the end");
        (frames, end)
    })
}
