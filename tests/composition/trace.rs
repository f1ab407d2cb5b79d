//! `TraceLayer` works on either side.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tower_http::trace::TraceLayer;

use crate::support::{CONTENT, both_orders, get_root, router};

/// P-TR-tower, P-ER-inner: each side sees the status of its place.
#[tokio::test]
async fn each_side_sees_the_status_of_its_place() {
    let not_modified = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&not_modified);
    let trace = TraceLayer::new_for_http().on_response(
        move |response: &http::Response<_>, _: std::time::Duration, _: &_| {
            count.fetch_add((response.status() == 304).into(), Ordering::Relaxed);
        },
    );
    for (order, app) in both_orders(&router(), |router| router.layer(trace.clone())) {
        not_modified.store(0, Ordering::Relaxed);
        let full = get_root(&app, &[]).await;
        assert_eq!(full.body, CONTENT.as_bytes());
        let reply = get_root(&app, &[("if-none-match", full.tag())]).await;
        reply.assert_not_modified(&full);
        assert_eq!(get_root(&app, &[("if-match", "\"x\"")]).await.status, 412);
        let seen = usize::from(order == "outside");
        assert_eq!(not_modified.load(Ordering::Relaxed), seen, "{order}");
    }
}
