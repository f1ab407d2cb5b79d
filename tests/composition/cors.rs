//! `CorsLayer` works on either side.

use http::{HeaderValue, header};
use tower_http::cors::CorsLayer;

use crate::support::{both_orders, get_root, router, send};

const ORIGIN: (&str, &str) = ("origin", "https://example.com");

fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(HeaderValue::from_static(ORIGIN.1))
        .allow_credentials(true)
        .expose_headers([header::ETAG])
}

/// R-9110-15.4.5-c, R-9110-15.4.5-e: without these headers a browser hides the 304, and the page
/// fails on its second visit.
#[tokio::test]
async fn a_304_is_readable_across_origins() {
    for (order, app) in both_orders(&router(), |router| router.layer(cors())) {
        let full = get_root(&app, &[ORIGIN]).await;
        let reply = get_root(&app, &[ORIGIN, ("if-none-match", full.tag())]).await;
        reply.assert_not_modified(&full);
        let failed = get_root(&app, &[ORIGIN, ("if-match", "\"stale\"")]).await;
        assert_eq!(failed.status, 412);
        for name in [
            "access-control-allow-origin",
            "access-control-allow-credentials",
            "access-control-expose-headers",
            "vary",
        ] {
            let value = full.field(name);
            assert!(value.is_some() || name == "vary", "{order} {name}");
            assert_eq!(reply.field(name), value, "{order} {name}");
            assert_eq!(failed.field(name), value, "{order} {name}");
        }
    }
}

/// R-9110-13.2.1-a: a preflight selects no representation.
#[tokio::test]
async fn a_preflight_is_left_alone() {
    for (order, app) in both_orders(&router(), |router| router.layer(cors())) {
        let fields = [
            ORIGIN,
            ("access-control-request-method", "GET"),
            ("if-match", "\"stale\""),
            ("if-none-match", "*"),
        ];
        let reply = send(&app, "OPTIONS", "/", &fields).await;
        assert_eq!((reply.status, reply.field("etag")), (200, None), "{order}");
    }
}
