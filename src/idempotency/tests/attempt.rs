//! The attempt as the handler sees it.

use http::StatusCode;
use http_body_util::Full;

use super::{Runs, attempt, layer, post, send, service};

#[tokio::test]
async fn the_handler_knows_its_attempt() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, |_, request| {
        let attempt = attempt(&request);
        assert_eq!(attempt.key().as_str(), "a");
        assert_eq!(attempt.scope().principal(), Some("alice"));
        assert_eq!(attempt.derive_key("charge").len(), 43);
        assert_ne!(attempt.derive_key("charge"), attempt.derive_key("mail"));
        let text = format!("{} {}", attempt.number(), attempt.fence());
        async move {
            http::Response::builder()
                .status(StatusCode::SERVICE_UNAVAILABLE)
                .body(Full::from(text))
                .expect("a response")
        }
    });
    assert_eq!(send(&service, post("\"a\"")).await.content, "1 1");
    assert_eq!(send(&service, post("\"a\"")).await.content, "2 2");
}

/// A key for another service is the same in every attempt, and differs for each key.
#[tokio::test]
async fn each_key_derives_another() {
    let service = service(&layer(), &Runs::default(), |_, request| {
        let derived = attempt(&request).derive_key("charge");
        async move {
            http::Response::builder()
                .status(StatusCode::SERVICE_UNAVAILABLE)
                .body(Full::from(derived))
                .expect("a response")
        }
    });
    let first = send(&service, post("\"a\"")).await.content;
    assert_eq!(send(&service, post("\"a\"")).await.content, first);
    assert_ne!(send(&service, post("\"b\"")).await.content, first);
    // A retry after an upgrade sends the same key to the other service.
    assert_eq!(first, "etcgofyqd5atELXk2GRoE2Sa-MSuvv901_H9TCyrgo4");
}
