#[cfg(feature = "tokio")]
mod ongoing;
#[cfg(feature = "tokio")]
mod pending_purge;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, request::Parts};
use sfv::{List, Parser};

use super::*;
use crate::{
    semantics::caching::cache_tags::{CacheTags, TagField},
    test_support::{Act, ScriptedBody, Upload, content, read, request, send},
};

const GROUPS: &str = "cache-groups";
const INVALIDATION: &str = "cache-group-invalidation";

fn tags(names: &[&str]) -> CacheTags {
    CacheTags::of(names).expect("tags")
}

/// The response of a handler.
#[derive(Debug, Clone, Default)]
struct HandlerResponse<'a> {
    status: u16,
    fields: &'a [(&'static str, &'static str)],
    tags: &'a [&'a str],
}

impl HandlerResponse<'_> {
    fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    fn response(&self) -> Response<ScriptedBody> {
        let mut response = Response::new(ScriptedBody::sized([Act::data("hello")]));
        *response.status_mut() = StatusCode::from_u16(self.status).expect("a status");
        for (name, value) in self.fields {
            let name = HeaderName::from_static(name);
            response
                .headers_mut()
                .append(name, HeaderValue::from_static(value));
        }
        if !self.tags.is_empty() {
            response.extensions_mut().insert(tags(self.tags));
        }
        response
    }
}

fn ask<Q: CacheTagSource>(
    layer: &CacheTagsLayer<Q>,
    method: &str,
    handler: &HandlerResponse<'_>,
) -> Response<ScriptedBody> {
    send(
        layer,
        request(method, "/notes/1", []),
        |_: Request<Upload>| handler.response(),
    )
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().expect("ASCII"))
}

/// R-9875-2-a: every status gets tags, and the body passes unchanged.
#[test]
fn reads_have_tags() {
    let layer = CacheTagsLayer::new(tags(&["notes"]));
    for method in ["GET", "HEAD", "QUERY"] {
        for status in [200, 204, 206, 301, 404, 412, 500] {
            let handler = HandlerResponse {
                status,
                tags: &["author-7", "notes"],
                ..HandlerResponse::default()
            };
            let response = ask(&layer, method, &handler);
            let line = &response.headers()[GROUPS];
            assert_eq!(line, r#""notes", "author-7""#, "{method} {status}");
            assert_eq!(Parser::new(line).parse::<List>().expect("a list").len(), 2);
            assert_eq!(response.headers().len(), 1);
            assert_eq!(content(&read(response.into_body())), b"hello");
        }
    }
}

#[test]
fn tags_of_the_handler_stay() {
    let fields = [
        (GROUPS, r#""x""#),
        ("surrogate-key", "x y"),
        ("etag", "\"1\""),
    ];
    let handler = HandlerResponse {
        status: 200,
        fields: &fields,
        tags: &[],
    };
    let layer = CacheTagsLayer::new(tags(&["x", "a"])).fields([
        TagField::CacheGroups,
        TagField::SurrogateKey,
        TagField::Xkey,
        TagField::CacheTag,
    ]);
    let response = ask(&layer, "GET", &handler);
    let headers = response.headers();
    assert_eq!(headers[GROUPS], r#""x", "a""#);
    assert_eq!(headers["surrogate-key"], "x y a");
    assert_eq!(headers["xkey"], "x a");
    assert_eq!(headers["cache-tag"], "x, a");
    assert_eq!(headers.len(), 5);
}

/// Issue 10, B.3: a response without one of its tags could not be purged.
#[test]
fn all_tags_are_written_however_many_there_are() {
    let source = CacheTags::of((0..32).map(|at| at.to_string())).unwrap();
    let layer = CacheTagsLayer::new(source).fields([TagField::Xkey, TagField::CacheGroups]);
    let handler = HandlerResponse {
        tags: &["one", "more"],
        ..HandlerResponse::status(200)
    };
    let response = ask(&layer, "GET", &handler);
    let line = text(response.headers(), "xkey").unwrap();
    assert_eq!(line.split(' ').count(), 34);
    let line = text(response.headers(), GROUPS).unwrap();
    assert_eq!(Parser::new(line).parse::<List>().expect("a list").len(), 34);
    let response = ask(&layer, "PUT", &handler);
    assert_eq!(text(response.headers(), INVALIDATION), Some(line));
}

/// Issue 10, B.3: a write invalidates the group that reads are in.
#[test]
fn a_long_tag_is_one_group_for_reads_and_writes() {
    let uuid = "0191e9b2-5b7c-7d3e-8f0a-3c1d2e4f5a6b";
    let layer = CacheTagsLayer::new(tags(&[uuid])).fields([TagField::Xkey, TagField::CacheGroups]);
    let read = ask(&layer, "GET", &HandlerResponse::status(200));
    assert_eq!(text(read.headers(), "xkey"), Some(uuid));
    let written = ask(&layer, "PUT", &HandlerResponse::status(204));
    let group = text(read.headers(), GROUPS).unwrap();
    assert_eq!(group.len(), 34);
    assert_eq!(text(written.headers(), INVALIDATION), Some(group));
}

/// R-9110-15.4.5-a: the stored response keeps its tags.
#[test]
fn a_304_is_unchanged() {
    let layer = CacheTagsLayer::new(tags(&["notes"]));
    for (status, fields) in [
        (304, &[][..]),
        (304, &[(GROUPS, r#""x""#)]),
        (101, &[("upgrade", "websocket")]),
    ] {
        let handler = HandlerResponse {
            status,
            fields,
            tags: &["author-7"],
        };
        let response = ask(&layer, "GET", &handler);
        assert_eq!(response.headers(), handler.response().headers());
    }
}

/// R-9875-2-a: a safe method invalidates nothing.
#[test]
fn reads_have_no_invalidation() {
    let layer = CacheTagsLayer::new(tags(&["notes"]));
    let fields = [(INVALIDATION, r#""x""#)];
    for method in ["GET", "HEAD", "QUERY"] {
        for status in [200, 304, 500] {
            let handler = HandlerResponse {
                status,
                fields: &fields,
                tags: &["a"],
            };
            assert_eq!(
                text(ask(&layer, method, &handler).headers(), INVALIDATION),
                None
            );
        }
    }
}

/// R-9875-2-a, R-9111-4.4-a.
#[test]
fn writes_have_an_invalidation() {
    let layer = CacheTagsLayer::new(tags(&["notes"]));
    for method in ["POST", "PUT", "PATCH", "DELETE", "FOO"] {
        for (status, expected) in [
            (200, Some(r#""notes", "author-7""#)),
            (204, Some(r#""notes", "author-7""#)),
            (303, Some(r#""notes", "author-7""#)),
            (400, None),
            (412, None),
            (500, None),
            (503, None),
        ] {
            let handler = HandlerResponse {
                tags: &["author-7"],
                ..HandlerResponse::status(status)
            };
            let response = ask(&layer, method, &handler);
            assert_eq!(
                text(response.headers(), INVALIDATION),
                expected,
                "{method} {status}"
            );
            assert_eq!(text(response.headers(), GROUPS), None);
        }
    }
    let without = layer.fields([TagField::Xkey, TagField::SurrogateKey]);
    let response = ask(&without, "PUT", &HandlerResponse::status(200));
    assert!(response.headers().is_empty());
}

#[test]
fn other_methods_pass_and_the_source_is_not_called() {
    let layer = CacheTagsLayer::new(|_: &Parts| -> CacheTags { panic!("asked") });
    for method in ["OPTIONS", "TRACE", "PROPFIND", "CONNECT"] {
        let handler = HandlerResponse {
            tags: &["a"],
            ..HandlerResponse::status(200)
        };
        assert!(
            ask(&layer, method, &handler).headers().is_empty(),
            "{method}"
        );
    }
}

/// A query in a `POST`, recognized by its path.
#[test]
fn known_reads_pass() {
    let layer = CacheTagsLayer::new(tags(&["a"])).reads(|request| request.uri.path() == "/notes/1");
    let handler = HandlerResponse::status(200);
    assert!(ask(&layer, "POST", &handler).headers().is_empty());
    let other = CacheTagsLayer::new(tags(&["a"])).reads(|request| request.uri.path() == "/other");
    assert!(!ask(&other, "POST", &handler).headers().is_empty());
    assert!(
        ask(&other.reads(|_| true), "POST", &handler)
            .headers()
            .is_empty()
    );
}

#[test]
fn the_source_sees_the_request() {
    let layer = CacheTagsLayer::new(|request: &Parts| {
        let path = request.uri.path().trim_start_matches('/');
        CacheTags::of([path]).unwrap_or_default()
    });
    let response = ask(&layer, "GET", &HandlerResponse::status(200));
    assert_eq!(response.headers()[GROUPS], r#""notes/1""#);
}

#[test]
fn without_tags_nothing_changes() {
    let layer = CacheTagsLayer::new(CacheTags::new());
    for method in ["GET", "PUT"] {
        let handler = HandlerResponse {
            fields: &[(GROUPS, "not a list,")],
            ..HandlerResponse::status(200)
        };
        assert_eq!(
            ask(&layer, method, &handler).headers(),
            handler.response().headers()
        );
    }
}
