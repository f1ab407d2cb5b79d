#[cfg(feature = "tokio")]
mod lookups;

use http::{HeaderValue, Response, header::ETAG};
use tower_layer::Stack;

use super::*;
use crate::{
    ConditionalLayer, EtagLayer, PreconditionLayer,
    semantics::{caching::cache_status::CACHE_STATUS, condition::Current},
    source::{OnSourceError, from_fn},
    test_support::{Act, ScriptedBody, knows, request, send, tagged},
};

fn layer_for_all() -> CacheStatusLayer {
    CacheStatusLayer::new("notes", |_| true).expect("a name")
}

fn inside<L>(inner: L) -> Stack<L, CacheStatusLayer> {
    Stack::new(inner, layer_for_all())
}

type Fields<'a> = &'a [(&'a str, &'a str)];

/// The status and member of the response, for a handler whose tag is `"v1"`.
macro_rules! respond {
    ($layer:expr, $method:expr, $fields:expr) => {{
        let fields: Fields<'_> = $fields;
        let request = request($method, "/", fields.iter().copied());
        let response = send(&$layer, request, |_| {
            let mut response = Response::new(ScriptedBody::sized([Act::data("note")]));
            let tag = HeaderValue::from_static("\"v1\"");
            response.headers_mut().insert(ETAG, tag);
            response
        });
        let member = response.headers().get(CACHE_STATUS);
        let member = member.map(|value| value.to_str().expect("visible").to_owned());
        (response.status().as_u16(), member)
    }};
}

fn member(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// R-9211-2-a
#[test]
fn a_304_of_the_source_is_a_hit() {
    let layer = inside(
        ConditionalLayer::new()
            .source(knows(tagged("v1")))
            .explain(),
    );
    let same: Fields<'_> = &[("if-none-match", "\"v1\"")];
    let other: Fields<'_> = &[("if-none-match", "\"v0\"")];
    for method in ["GET", "HEAD"] {
        assert_eq!(respond!(layer, method, same), (304, member("notes; hit")));
        let request = (200, member("notes; fwd=request"));
        assert_eq!(respond!(layer, method, other), request);
        assert_eq!(respond!(layer, method, &[]), request);
    }
    assert_eq!(
        respond!(layer, "DELETE", &[]),
        (200, None),
        "nobody looked at it"
    );
}

/// R-9211-2-a
#[test]
fn an_unknown_state_is_a_miss() {
    for current in [Current::Absent, Current::Unknown] {
        let layer = inside(ConditionalLayer::new().source(knows(current)).explain());
        assert_eq!(
            respond!(layer, "GET", &[]),
            (200, member("notes; fwd=miss")),
        );
        assert_eq!(
            respond!(layer, "GET", &[("if-none-match", "\"v1\"")]),
            (304, member("notes; fwd=miss; fwd-status=200")),
        );
    }
}

/// R-9211-2-a
#[test]
fn without_a_source_it_is_a_bypass() {
    let layer = inside(ConditionalLayer::new().explain());
    assert_eq!(
        respond!(layer, "GET", &[]),
        (200, member("notes; fwd=bypass"))
    );
    assert_eq!(
        respond!(layer, "GET", &[("if-none-match", "\"v1\"")]),
        (304, member("notes; fwd=bypass; fwd-status=200")),
    );
}

/// The outer layer sees the 304 of the layer with the source.
#[test]
fn a_hit_passes_another_conditional_layer() {
    let sourced = ConditionalLayer::new().source(knows(tagged("v1")));
    let layer = inside(Stack::new(
        sourced.explain(),
        ConditionalLayer::new().explain(),
    ));
    assert_eq!(
        respond!(layer, "GET", &[("if-none-match", "\"v1\"")]),
        (304, member("notes; hit")),
    );
    assert_eq!(
        respond!(layer, "GET", &[("if-none-match", "\"v0\"")]),
        (200, member("notes; fwd=request")),
    );
}

/// R-9211-2-a
#[test]
fn a_write_is_forwarded_for_its_method() {
    let layer = inside(PreconditionLayer::new(knows(tagged("v1"))).explain());
    assert_eq!(
        respond!(layer, "PUT", &[("if-match", "\"v1\"")]),
        (200, member("notes; fwd=method")),
    );
}

/// R-9211-2-a
#[test]
fn errors_of_the_layers_have_no_member() {
    let writes = inside(
        PreconditionLayer::new(knows(tagged("v1")))
            .require()
            .explain(),
    );
    assert_eq!(
        respond!(writes, "PUT", &[("if-match", "\"v0\"")]),
        (412, None)
    );
    assert_eq!(respond!(writes, "PUT", &[]), (428, None));

    let reads = inside(ConditionalLayer::new().explain());
    assert_eq!(
        respond!(reads, "GET", &[("if-match", "\"v0\"")]),
        (412, None)
    );

    let dead = from_fn(async |_| Err::<Current, _>(std::io::Error::other("the database is gone")));
    let refusing = inside(
        ConditionalLayer::new()
            .source(dead)
            .on_source_error(OnSourceError::Refuse)
            .explain(),
    );
    assert_eq!(respond!(refusing, "GET", &[]), (503, None));
}

#[test]
fn without_an_outcome_there_is_no_member() {
    assert_eq!(respond!(layer_for_all(), "GET", &[]), (200, None));
    assert_eq!(
        respond!(inside(ConditionalLayer::new()), "GET", &[]),
        (200, None)
    );
    // A tag is no verdict.
    assert_eq!(
        respond!(inside(EtagLayer::new().explain()), "GET", &[]),
        (200, None)
    );
}

/// R-9211-2-a
#[test]
fn the_predicate_selects_requests() {
    let layer = Stack::new(
        ConditionalLayer::new().explain(),
        CacheStatusLayer::new("notes", |request| request.headers.contains_key("x-debug")).unwrap(),
    );
    assert_eq!(respond!(layer, "GET", &[]), (200, None));
    assert_eq!(
        respond!(layer, "GET", &[("x-debug", "1")]),
        (200, member("notes; fwd=bypass")),
    );
}

#[test]
fn an_invalid_name_is_refused() {
    assert!(CacheStatusLayer::new("", |_| true).is_err());
}
