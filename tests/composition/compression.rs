//! `CompressionLayer` on either side without `CodingTagLayer`: the correct and the wrong results.

use axum::{Extension, Router, routing::get};
use tower_conditional::{EtagLayer, etag::ContentDigest, stack};
use tower_http::compression::CompressionLayer;

use crate::support::{CONTENT, Reply, get_root, router, send};

const GZIP: (&str, &str) = ("accept-encoding", "gzip");

fn outside_of_weak_tags(router: Router) -> Router {
    router
        .layer(stack().etag(EtagLayer::new().weak()))
        .layer(CompressionLayer::new())
}

fn inside(router: Router) -> Router {
    router.layer(CompressionLayer::new()).layer(stack())
}

/// Returns the responses without and with gzip.
async fn both_codings(app: &Router) -> [Reply; 2] {
    let identity = get_root(app, &[]).await;
    assert_eq!(identity.field("content-encoding"), None);
    assert_eq!(identity.body, CONTENT.as_bytes());
    let gzip = get_root(app, &[GZIP]).await;
    assert_eq!(gzip.field("content-encoding"), Some("gzip"));
    assert_eq!(gzip.field("content-length"), None);
    assert!(gzip.body.len() < CONTENT.len());
    [identity, gzip]
}

/// R-9110-8.8.3-c, R-9110-8.8.1-c, R-9110-15.4.5-d: weak tags are the correct set-up without
/// `CodingTagLayer`. A weak tag may stand for both codings and revalidates both.
#[tokio::test]
async fn compression_outside_of_weak_tags_is_correct() {
    let app = outside_of_weak_tags(router());
    let codings = both_codings(&app).await;
    for full in &codings {
        assert!(full.tag().starts_with("W/\""), "{full:?}");
        assert_eq!(full.field("vary"), Some("accept-encoding"));
        for accept in [&[][..], &[GZIP]] {
            let fields = [accept, &[("if-none-match", full.tag())]].concat();
            get_root(&app, &fields).await.assert_not_modified(full);
        }
    }
    // Weak tags are never true in `If-Match` (R-9110-13.1.1-a).
    let reply = get_root(&app, &[("if-match", codings[0].tag())]).await;
    assert_eq!(reply.status, 412);
}

/// R-9110-8.8.1-c, violated by this composition: two codings share a strong tag.
#[tokio::test]
async fn compression_outside_of_strong_tags_is_wrong() {
    let app = router().layer(stack()).layer(CompressionLayer::new());
    let [identity, gzip] = both_codings(&app).await;
    assert!(identity.tag().starts_with('"'));
    assert_eq!(identity.tag(), gzip.tag());
}

/// R-9110-15.4.5-d, R-9110-9.3.2-c: 20 bytes of gzip would be content, and the next response on the
/// connection could not be read.
#[tokio::test]
async fn the_empty_body_of_a_304_is_not_compressed() {
    let app = outside_of_weak_tags(router());
    let full = get_root(&app, &[GZIP]).await;
    for method in ["GET", "HEAD"] {
        let fields = [GZIP, ("if-none-match", full.tag())];
        let reply = send(&app, method, "/", &fields).await;
        reply.assert_not_modified(&full);
        assert_eq!(reply.field("content-encoding"), None, "{method}");
    }
    let reply = send(&app, "HEAD", "/", &[GZIP, ("if-match", "\"x\"")]).await;
    assert_eq!((reply.status, &reply.body[..]), (412, &b""[..]));
    assert_eq!(reply.field("content-encoding"), None);
}

/// R-9110-15.4.5-e: compression adds `Vary` to responses that it could compress, and a 304 is not
/// one. So the handler must set it.
#[tokio::test]
async fn compression_outside_needs_vary_from_the_handler() {
    let without = outside_of_weak_tags(router());
    let full = get_root(&without, &[GZIP]).await;
    let reply = get_root(&without, &[GZIP, ("if-none-match", full.tag())]).await;
    assert_eq!(full.field("vary"), Some("accept-encoding"));
    assert_eq!(reply.field("vary"), None, "right by now: change the docs");

    let handler = || async { ([("vary", "Accept-Encoding")], CONTENT) };
    let with = outside_of_weak_tags(Router::new().route("/", get(handler)));
    let full = get_root(&with, &[GZIP]).await;
    let reply = get_root(&with, &[GZIP, ("if-none-match", full.tag())]).await;
    assert_eq!(full.field("vary"), Some("Accept-Encoding"));
    assert_eq!(reply.field("vary"), full.field("vary"));
}

/// R-9110-8.6-a: the length on the 304 is that of the uncoded content. It is right for a client
/// without codings, and wrong for one whose 200 would be compressed. A compression layer outside
/// should remove it.
#[tokio::test]
async fn a_304_has_the_length_of_the_uncoded_content() {
    let app = outside_of_weak_tags(router());
    let identity = CONTENT.len().to_string();
    for (accept, right) in [(&[][..], true), (&[GZIP], false)] {
        let full = get_root(&app, accept).await;
        let fields = [accept, &[("if-none-match", full.tag())]].concat();
        let reply = get_root(&app, &fields).await;
        assert_eq!(reply.field("content-length"), Some(&*identity));
        assert_eq!(full.field("content-length") == Some(&*identity), right);
    }
}

/// R-9110-8.8.1-c, P-TR-limit: compression inside makes the length unknown. So compressed content
/// has no tag, and other content has a strong one.
#[tokio::test]
async fn content_that_is_compressed_inside_has_no_tag() {
    let app = inside(router());
    let [identity, gzip] = both_codings(&app).await;
    assert!(identity.tag().starts_with('"'));
    assert_eq!(gzip.field("etag"), None);
    // The tag of the other coding does not match.
    let reply = get_root(&app, &[GZIP, ("if-none-match", identity.tag())]).await;
    assert_eq!((reply.status, reply.body), (200, gzip.body));
    let reply = get_root(&app, &[("if-none-match", identity.tag())]).await;
    reply.assert_not_modified(&identity);
    assert_eq!(reply.field("vary"), Some("accept-encoding"));
}

/// R-9110-8.8.1-c: with a known digest each coding has its own tag, since the layer mixes
/// `Content-Encoding` in.
#[tokio::test]
async fn each_coding_of_a_known_digest_has_a_tag() {
    let handler = || async {
        let digest = ContentDigest::new([7; 32]);
        (Extension(digest), CONTENT)
    };
    let app = inside(Router::new().route("/", get(handler)));
    let [identity, gzip] = both_codings(&app).await;
    assert_ne!(identity.tag(), gzip.tag());
    let reply = get_root(&app, &[GZIP, ("if-none-match", gzip.tag())]).await;
    reply.assert_not_modified(&gzip);
    assert_eq!(reply.field("vary"), Some("accept-encoding"));
    let reply = get_root(&app, &[GZIP, ("if-none-match", identity.tag())]).await;
    assert_eq!(reply.status, 200);
}

/// R-9110-8.8.1-c, violated by the handler: its strong tag wins and stands for both codings. A
/// handler inside of compression needs weak tags.
#[tokio::test]
async fn a_strong_tag_of_the_handler_is_wrong() {
    let handler = || async { ([("etag", "\"v7\"")], CONTENT) };
    let app = inside(Router::new().route("/", get(handler)));
    let [identity, gzip] = both_codings(&app).await;
    assert_eq!([identity.tag(), gzip.tag()], ["\"v7\""; 2]);
}
