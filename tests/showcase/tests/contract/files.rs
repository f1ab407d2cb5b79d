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
            assert_eq!(response.headers()["accept-ranges"], "bytes");
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

/// R-9110-14.2-a, R-9110-15.3.7.2-a: the layers cut the first file, and the handler of the second
/// reads the parts alone.
#[tokio::test]
async fn files_are_sent_in_parts() {
    let notes = Server::showcase(&[]).await;
    for path in ["/files/1m.bin", "/files/64m.bin"] {
        for http in BOTH {
            let whole = notes
                .send(http, "HEAD", path, &[("range", "bytes=0-0")], "")
                .await;
            assert_eq!(whole.status, 200);
            let length: u64 = whole.field("content-length").unwrap().parse().unwrap();

            let part = notes.get(http, path, &[("range", "bytes=-3")]).await;
            assert_eq!(part.status, 206);
            assert_eq!(part.tag(), whole.tag());
            let range = format!("bytes {}-{}/{length}", length - 3, length - 1);
            assert_eq!(part.field("content-range"), Some(&*range));
            let bytes: Vec<_> = (length - 3..length).map(|at| (at % 251) as u8).collect();
            assert_eq!(part.body, bytes);

            let parts = notes
                .get(http, path, &[("range", "bytes=0-1,500-501")])
                .await;
            assert_eq!(parts.status, 206);
            assert_eq!(parts.field("content-range"), None);
            let media_type = parts.field("content-type").unwrap();
            let boundary = media_type.strip_prefix("multipart/byteranges; boundary=");
            let boundary = boundary.expect(media_type);
            let part = |range, bytes: &[u8]| {
                let head = format!(
                    "--{boundary}\r\nContent-Type: application/octet-stream\r\n\
                     Content-Range: bytes {range}/{length}\r\n\r\n"
                );
                [head.as_bytes(), bytes, b"\r\n"].concat()
            };
            let end = format!("--{boundary}--\r\n").into_bytes();
            let expected = [part("0-1", &[0, 1]), part("500-501", &[249, 250]), end].concat();
            assert_eq!(parts.body, expected);

            let beyond = format!("bytes={length}-");
            let refused = notes.get(http, path, &[("range", &*beyond)]).await;
            assert_eq!(refused.status, 416);
            let current = [("range", &*beyond), ("if-none-match", whole.tag())];
            assert_eq!(notes.get(http, path, &current).await.status, 304, "{path}");
        }
    }
}
