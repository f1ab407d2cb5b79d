mod body_hash;
#[cfg(feature = "json")]
mod canonical;
mod future;
mod hash;
mod repr_digest;
mod tag;

use http::{HeaderName, HeaderValue, Method, Request, Response, header::ETAG};

use super::{ContentHasher, EtagLayer};
use crate::{
    body::ResponseBody,
    semantics::validator::EntityTag,
    test_support::{Act, ScriptedBody, send},
};

type Answer = Response<ResponseBody<ScriptedBody>>;

fn request(method: &Method) -> Request<()> {
    Request::builder().method(method).body(()).unwrap()
}

fn get<H, F>(layer: &EtagLayer<H>, respond: F) -> Answer
where
    H: ContentHasher,
    F: FnMut(Request<()>) -> Response<ScriptedBody>,
{
    send(layer, request(&Method::GET), respond)
}

fn hello() -> ScriptedBody {
    ScriptedBody::sized([Act::data("hello")])
}

fn with(name: HeaderName, value: &'static str) -> Response<ScriptedBody> {
    let mut response = Response::new(hello());
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
    response
}

fn tag<B>(response: &Response<B>) -> Option<EntityTag> {
    let value = response.headers().get(ETAG)?;
    Some(EntityTag::try_from(value).expect("a well-formed tag"))
}

fn tag_of<H: ContentHasher>(layer: &EtagLayer<H>, response: Response<ScriptedBody>) -> EntityTag {
    let mut response = Some(response);
    tag(&get(layer, |_| response.take().unwrap())).expect("a tag")
}

#[test]
fn a_key_is_not_shown() {
    let shown = |key: &[u8; 16]| format!("{:?}", EtagLayer::new().keyed(key).unwrap());
    assert_eq!(shown(b"a sixteen-byte s"), shown(b"another one, too"));
}

#[test]
fn a_secret_that_can_be_guessed_is_refused() {
    for short in ["", "fifteen bytes.."] {
        assert!(EtagLayer::new().keyed(short).is_err(), "{short:?}");
    }
    assert!(EtagLayer::new().keyed("sixteen bytes...").is_ok());
}

#[test]
fn the_service_gives_its_inner_back() {
    let mut service = tower_layer::Layer::layer(&EtagLayer::new(), 5);
    *service.get_mut() += 1;
    assert_eq!(*service.get_ref(), 6);
    assert_eq!(service.into_inner(), 6);
}
