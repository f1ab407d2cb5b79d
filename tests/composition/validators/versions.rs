//! Reads and writes over different versions of HTTP, as proxies forward them.

use tower_conditional::{ValidatorCacheLayer, stack};

use super::{Page, cache, remembers};
use crate::support::{Fields, send};

/// One target. HTTP/2 has the authority in the URI, HTTP/1.1 in `Host`, and some proxies send both.
const TARGETS: [(&str, Fields<'static>); 4] = [
    ("/page", &[("host", "shop.example")]),
    ("http://shop.example/page", &[]),
    ("https://shop.example/page", &[]),
    ("https://shop.example/page", &[("host", "shop.example")]),
];

/// Returns the headers and `If-None-Match`.
fn known<'a>(fields: Fields<'a>, tag: &'a str) -> Vec<(&'a str, &'a str)> {
    [fields, &[("if-none-match", tag)]].concat()
}

/// R-9111-4.4-a: a write over one version of HTTP makes all of them forget the tag.
#[tokio::test]
async fn a_write_over_one_version_is_seen_over_all() {
    for layer in [remembers(), ValidatorCacheLayer::new(cache())] {
        let page = Page::default();
        let app = page.router().layer(stack().validators(layer));
        for (written, host) in TARGETS {
            let mut tags = Vec::new();
            for (target, fields) in TARGETS {
                let full = send(&app, "GET", target, fields).await;
                page.runs();
                let again = send(&app, "GET", target, &known(fields, full.tag())).await;
                again.assert_not_modified(&full);
                assert_eq!(page.runs(), 0, "{target} {fields:?}");
                tags.push(full.tag().to_owned());
            }
            let write = send(&app, "PUT", written, host).await;
            assert_eq!(write.status, 204);
            for ((target, fields), tag) in TARGETS.into_iter().zip(&tags) {
                let next = send(&app, "GET", target, &known(fields, tag)).await;
                let case = format!("{written} {host:?}, {target} {fields:?}");
                assert_eq!((next.status, page.runs()), (200, 1), "{case}");
            }
        }
    }
}
