use crate::{
    program::program,
    support::{BOTH, Server},
};

/// R-9110-13.1.2-b, R-9110-9.3.2-a: no router turns HEAD into GET.
#[tokio::test]
async fn a_plain_service_gets_tags_304_and_head() {
    let server = Server::start(program("hyper"), &["127.0.0.1:0"]).await;
    for http in BOTH {
        let full = server.get(http, "/hello", &[]).await;
        assert_eq!(full.body, "hello, world\n");
        assert!(full.tag().starts_with('"'));
        let head = server.send(http, "HEAD", "/hello", &[], "").await;
        assert_eq!(head.status, 200);
        assert!(head.body.is_empty());
        for name in ["etag", "content-length"] {
            assert_eq!(head.field(name), full.field(name), "{http:?} {name}");
        }

        let known = [("if-none-match", full.tag())];
        for method in ["GET", "HEAD"] {
            let reply = server.send(http, method, "/hello", &known, "").await;
            assert_eq!(reply.status, 304, "{http:?} {method}");
            assert_ne!(reply.field("content-length"), Some("0"));
        }
        assert_eq!(server.get(http, "/other", &known).await.status, 404);
        let post = server.send(http, "POST", "/hello", &known, "").await;
        assert_eq!(post.status, 405);
    }
}
