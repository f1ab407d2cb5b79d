use http_body_util::BodyExt;
use hyper::body::Body;

use crate::support::{BOTH, Http, Server, in_time};

#[tokio::test]
async fn small_files_are_json_of_the_size_they_name() {
    let notes = Server::showcase(&[]).await;
    for (path, size) in [("/files/1k.json", 1024), ("/files/64k.json", 65_536)] {
        let reply = notes.get(Http::One, path, &[]).await;
        assert_eq!(reply.body.len(), size);
        assert!(reply.json().is_object());
        assert_eq!(reply.field("content-type"), Some("application/json"));
        assert!(reply.tag().starts_with('"'));
    }
}

/// R-9110-8.8.1-b: frame boundaries and HTTP versions do not change the tag.
#[tokio::test]
async fn large_files_stream_with_a_length_and_a_strong_tag() {
    let notes = Server::showcase(&[]).await;
    for (path, size) in [
        ("/files/1m.bin", 1_048_576),
        ("/files/4m.bin", 4_194_304),
        ("/files/64m.bin", 67_108_864),
    ] {
        let mut tags = Vec::new();
        for http in BOTH {
            let mut response = notes.open(http, "GET", path, &[], "").await;
            assert_eq!(response.body().size_hint().exact(), Some(size));
            assert!(!response.headers().contains_key("accept-ranges"));
            tags.push(response.headers()["etag"].clone());
            let mut position = 0_u64;
            while let Some(frame) = in_time(response.frame()).await {
                for byte in frame.unwrap().into_data().unwrap() {
                    assert_eq!(u64::from(byte), position % 251, "{path} at {position}");
                    position += 1;
                }
            }
            assert_eq!(position, size);
        }
        assert_eq!(tags[0], tags[1], "{path}");
        assert!(tags[0].as_bytes().starts_with(b"\""), "{path}");
    }
}

#[tokio::test]
async fn files_are_never_compressed() {
    let notes = Server::showcase(&[]).await;
    let fields = [("accept-encoding", "gzip, br")];
    for http in BOTH {
        let reply = notes.get(http, "/files/64k.json", &fields).await;
        assert_eq!(reply.field("content-encoding"), None);
        assert_eq!(reply.body.len(), 65_536);
    }
}
