//! `RangeLayer` in a stack: conditions come first, and content that nobody confirmed stays whole.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use axum::{Router, body::Body, extract::Request, routing::get};
use http::{
    HeaderValue,
    header::{ACCEPT_RANGES, LAST_MODIFIED},
};
use tower_conditional::{
    CachePolicyLayer, ConditionalLayer, EntityTag, PreconditionLayer, RangeLayer, Validators,
    VersionTags,
    cache_policy::{CachePolicy, Rule},
    handler::Ranges,
    source, stack,
};

use crate::support::{CONTENT, Fields, Reply, send};

const PART: (&str, &str) = ("range", "bytes=100-199");
const SEVERAL: (&str, &str) = ("range", "bytes=100-199,900-999");
const BEHIND: (&str, &str) = ("range", "bytes=99999999-");

fn app() -> Router {
    let read = async || ([(LAST_MODIFIED, "Fri, 20 Nov 2026 08:00:00 GMT")], CONTENT);
    let router = Router::new().route("/", get(read));
    router.layer(stack().ranges(RangeLayer::new()))
}

async fn read(app: &Router, fields: Fields<'_>) -> Reply {
    send(app, "GET", "/", fields).await
}

#[track_caller]
fn assert_part(reply: &Reply) {
    assert_eq!(reply.status, 206, "{reply:?}");
    assert_eq!(reply.body, &CONTENT.as_bytes()[100..200]);
    let expected = format!("bytes 100-199/{}", CONTENT.len());
    assert_eq!(reply.field("content-range"), Some(expected.as_str()));
    assert_eq!(reply.field("content-length"), Some("100"));
}

/// R-9110-15.3.7-a, R-9110-15.3.7.1-a: parts of one tag make the whole.
#[tokio::test]
async fn parts_join_to_the_whole() {
    let app = app();
    let whole = read(&app, &[]).await;
    assert_eq!(whole.field("accept-ranges"), Some("bytes"));
    let mut joined = Vec::new();
    while joined.len() < CONTENT.len() {
        let range = format!("bytes={}-{}", joined.len(), joined.len() + 999);
        let fields = [("range", range.as_str()), ("if-range", whole.tag())];
        let part = read(&app, &fields).await;
        assert_eq!((part.status, part.tag()), (206, whole.tag()));
        joined.extend(part.body);
    }
    assert_eq!(joined, whole.body);
}

/// R-9110-14.2-b, R-9110-13.2.2-a.
#[tokio::test]
async fn conditions_come_before_ranges() {
    let app = app();
    let whole = read(&app, &[]).await;
    let tag = whole.tag();
    let (old, new) = (
        "Thu, 19 Nov 2026 08:00:00 GMT",
        "Sat, 21 Nov 2026 08:00:00 GMT",
    );
    for range in [PART, BEHIND] {
        for (condition, status) in [
            (("if-none-match", tag), 304),
            (("if-none-match", "*"), 304),
            (("if-modified-since", new), 304),
            (("if-match", "\"other\""), 412),
            (("if-unmodified-since", old), 412),
        ] {
            for fields in [
                &[range, condition] as &[_],
                &[range, condition, ("if-range", tag)],
            ] {
                let reply = read(&app, fields).await;
                assert_eq!(reply.status, status, "{fields:?}");
                assert_eq!(reply.field("content-range"), None);
            }
        }
    }
    for condition in [
        ("if-match", tag),
        ("if-none-match", "\"other\""),
        ("if-modified-since", old),
    ] {
        assert_part(&read(&app, &[PART, condition]).await);
        let behind = read(&app, &[BEHIND, condition]).await;
        assert_eq!((behind.status, behind.tag()), (416, tag));
    }
    // R-9110-14.2-b: a 404 wins, too.
    assert_eq!(send(&app, "GET", "/absent", &[PART]).await.status, 404);
}

/// R-9110-15.3.7-a: the policy of a part is that of its representation, whose type the part does not
/// show.
#[tokio::test]
async fn a_part_has_the_policy_of_its_type() {
    let rule = Rule::new(CachePolicy::immutable_asset())
        .content_type("text/*")
        .unwrap();
    let policies = CachePolicyLayer::new(CachePolicy::no_store())
        .rule(rule)
        .unwrap();
    let layer = stack().cache_policy(policies).ranges(RangeLayer::new());
    let seek = async |request: Request| {
        let ranges = Ranges::of(&request).content_type(HeaderValue::from_static("text/plain"));
        let (length, tag) = (CONTENT.len() as u64, VersionTags::plain().number(1));
        ranges.respond(length, tag, |range| {
            Body::from(&CONTENT[range.first() as usize..=range.last() as usize])
        })
    };
    let router = Router::new().route("/", get(async || CONTENT));
    let app = router.route("/seek", get(seek)).layer(layer);
    let whole = read(&app, &[]).await;
    let policy = whole.field("cache-control");
    assert!(policy.is_some_and(|policy| policy.contains("immutable")));
    for fields in [&[PART] as &[_], &[PART, ("if-range", whole.tag())]] {
        let part = read(&app, fields).await;
        assert_part(&part);
        assert_eq!(
            (part.field("cache-control"), part.field("vary")),
            (policy, whole.field("vary"))
        );
        assert_eq!(part.field("content-type").is_none(), fields.len() > 1);
    }
    for (path, fields) in [
        ("/", &[SEVERAL] as &[_]),
        ("/seek", &[PART]),
        ("/seek", &[PART, ("if-range", "\"1\"")]),
        ("/seek", &[SEVERAL]),
    ] {
        let parts = send(&app, "GET", path, fields).await;
        assert_eq!(parts.status, 206, "{path} {fields:?}");
        assert_eq!(parts.field("cache-control"), policy, "{path} {fields:?}");
    }
}

/// R-9110-14.2-a, R-9110-9.3.2-a.
#[tokio::test]
async fn a_head_is_that_of_the_whole() {
    let app = app();
    let (whole, head) = (
        read(&app, &[]).await,
        send(&app, "HEAD", "/", &[PART]).await,
    );
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.field("content-length"), whole.field("content-length"));
    assert_eq!(head.field("accept-ranges"), Some("bytes"));
}

/// The number of a version, which changes while the service runs if it is told so.
#[derive(Clone, Default)]
struct Version(Arc<AtomicI64>);

impl Version {
    fn layer(
        &self,
    ) -> ConditionalLayer<
        tower_conditional::conditional::SourceConfig<
            impl tower_conditional::ValidatorSource + use<>,
        >,
    > {
        let version = self.clone();
        let version = move || version.0.load(Ordering::SeqCst);
        ConditionalLayer::new().source(source::now(move |_| VersionTags::plain().number(version())))
    }

    fn router(&self, changes: bool) -> Router {
        let version = self.clone();
        let read = async move || {
            if changes {
                version.0.fetch_add(1, Ordering::SeqCst);
            }
            CONTENT
        };
        Router::new().route("/", get(read))
    }
}

/// A range is never cut from a representation whose strong tag was not confirmed.
#[tokio::test]
async fn content_without_a_confirmed_tag_stays_whole() {
    let version = Version::default();
    let confirmed = || {
        stack()
            .conditional(version.layer())
            .ranges(RangeLayer::new())
    };
    let reply = read(&version.router(false).layer(confirmed()), &[PART]).await;
    assert_part(&reply);
    assert_eq!(reply.tag(), "\"0\"");

    let reply = read(&version.router(true).layer(confirmed()), &[PART]).await;
    assert_eq!((reply.status, reply.field("etag")), (200, None));
    assert_eq!(reply.body, CONTENT.as_bytes());

    let layer = version.layer().without_confirmation();
    let unconfirmed = stack().conditional(layer).ranges(RangeLayer::new());
    let app = version.router(false).layer(unconfirmed);
    let reply = read(&app, &[PART]).await;
    assert_eq!((reply.status, reply.tag()), (200, "\"1\""));
    assert_eq!(read(&app, &[]).await.status, 200);
}

/// R-9110-13.1.5-c: a date in `If-Range` never joins the content of two states, for a source that
/// has no tag or a weak one.
#[tokio::test]
async fn content_without_a_confirmed_date_stays_whole() {
    for tag in [None, Some("v")] {
        let version = Version::default();
        let of_source = version.clone();
        let state = move || {
            let seconds = 1_000_000_000 + of_source.0.load(Ordering::SeqCst) as u64;
            let modified = UNIX_EPOCH + Duration::from_secs(seconds);
            let validators = Validators::new().with_last_modified(modified);
            match tag {
                Some(tag) => validators.with_etag(EntityTag::weak(tag).unwrap()),
                None => validators,
            }
        };
        let layer = || {
            let state = state.clone();
            let reads = ConditionalLayer::new().source(source::now(move |_| state()));
            stack().conditional(reads).ranges(RangeLayer::new())
        };
        let fields = [PART, ("if-range", "Sun, 09 Sep 2001 01:46:40 GMT")];
        assert_part(&read(&version.router(false).layer(layer()), &fields).await);
        let reply = read(&version.router(true).layer(layer()), &fields).await;
        assert_eq!(reply.status, 200, "{tag:?}");
        assert_eq!(reply.body, CONTENT.as_bytes());
    }
}

async fn write_part() {
    panic!("it writes a part");
}

/// R-9110-14.5-a: a refused part of a write is no write for the layers outside.
#[tokio::test]
async fn a_put_of_a_part_reaches_no_handler() {
    let version = source::now(|_| VersionTags::plain().number(1));
    let app = Router::new()
        .route("/", get(async || CONTENT).put(write_part))
        .layer(
            stack()
                .precondition(PreconditionLayer::new(version))
                .ranges(RangeLayer::new()),
        );
    let part = ("content-range", "bytes 0-1/9");
    let reply = send(&app, "PUT", "/", &[part]).await;
    assert_eq!(
        (reply.status, reply.field("cache-control")),
        (400, Some("no-store"))
    );
    let reply = send(&app, "PUT", "/", &[part, ("if-match", "\"2\"")]).await;
    assert_eq!(reply.status, 412);
    // The 412 with the current representation is no answer that has ranges.
    assert!(!reply.headers.contains_key(ACCEPT_RANGES));
}
