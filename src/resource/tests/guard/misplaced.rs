//! Handlers outside their layers are refused when the resource is built.

use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::routing::{MethodFilter, any, delete};
use http::Method;

use super::*;

fn build(reads: MethodRouter<Notes>, writes: MethodRouter<Notes>) {
    let notes = Notes::default();
    let version = source::axum(version).with_state(notes.clone());
    let _: MethodRouter = guard(version, reads, writes).with_state(notes);
}

#[test]
#[should_panic = "move it to the writes"]
fn a_write_among_the_reads() {
    build(get(read).put(write), delete(write));
}

/// Each method that changes something is refused.
#[test]
fn each_write_among_the_reads() {
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let method = Method::try_from(method).unwrap();
        let reads = get(read).on(MethodFilter::try_from(method.clone()).unwrap(), write);
        let built = catch_unwind(AssertUnwindSafe(|| build(reads, MethodRouter::new())));
        let message = built
            .expect_err(method.as_str())
            .downcast::<&str>()
            .unwrap();
        assert!(
            message.contains("move it to the writes"),
            "{method}: {message}"
        );
    }
}

#[test]
#[should_panic = "move it to the reads"]
fn a_read_among_the_writes() {
    build(get(read), put(write).head(read));
}

#[test]
#[should_panic = "move it to the writes"]
fn reads_and_writes_that_are_exchanged() {
    build(put(write), get(read));
}

#[test]
#[should_panic = "has a fallback"]
fn any_method_among_the_writes() {
    build(get(read), any(write).delete(write));
}

#[test]
#[should_panic = "has a fallback"]
fn any_method_among_the_reads() {
    build(get(read).fallback(write), put(write));
}

#[tokio::test]
async fn the_router_may_answer_what_is_not_routed() {
    let app = app(&Notes::default()).method_not_allowed_fallback(async || "other");
    let response = send(&app, "PATCH", "/notes/1", &[]).await;
    assert_eq!(response.body(), "other");
}
