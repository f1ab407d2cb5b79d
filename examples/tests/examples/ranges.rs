use crate::{
    example::Folder,
    program::program,
    support::{BOTH, Http, Server},
};

/// R-9110-14.2-a, R-9110-14.2-c, R-9110-13.1.5-b.
async fn check_ranges(server: &Server, path: &str, content: &str) {
    let end = content.len();
    for http in BOTH {
        let whole = server.get(http, path, &[]).await;
        assert_eq!(
            (whole.status.as_u16(), &*whole.body),
            (200, content.as_bytes())
        );
        assert_eq!(whole.field("accept-ranges"), Some("bytes"));
        let head = server
            .send(http, "HEAD", path, &[("range", "bytes=0-1")], "")
            .await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
        assert_eq!(head.field("content-length"), whole.field("content-length"));

        let tag = [("range", "bytes=7-11"), ("if-range", whole.tag())];
        for fields in [&tag[..1], &tag] {
            let part = server.get(http, path, fields).await;
            assert_eq!(part.status, 206);
            assert_eq!(part.body, content[7..12]);
            let range = format!("bytes 7-11/{end}");
            assert_eq!(part.field("content-range"), Some(&*range));
        }
        let other = [("range", "bytes=7-11"), ("if-range", "\"other\"")];
        assert_eq!(server.get(http, path, &other).await.status, 200);
        let beyond = format!("bytes={end}-");
        let refused = server.get(http, path, &[("range", &*beyond)]).await;
        assert_eq!(refused.status, 416);
        let known = [("range", &*beyond), ("if-none-match", whole.tag())];
        assert_eq!(server.get(http, path, &known).await.status, 304);

        // R-9110-15.3.7.2-a.
        let several = [("range", "bytes=-2,7-11,500-501")];
        let parts = server.get(http, path, &several).await;
        assert_eq!(parts.status, 206);
        let text = String::from_utf8(parts.body.to_vec()).unwrap();
        let contents: Vec<_> = text
            .split("\r\n--")
            .filter_map(|part| Some(part.split_once("\r\n\r\n")?.1))
            .collect();
        let expected = [&content[end - 2..], &content[7..12], &content[500..502]];
        assert_eq!(contents, expected);
    }
}

#[tokio::test]
async fn parts_of_files_are_read_from_their_first_byte() {
    let folder = Folder::new("file-ranges");
    let content: String = (0..1000).map(|at| format!("line {at}\n")).collect();
    let path = folder.file("lines.txt", &content);
    let directory = path.parent().unwrap().to_str().unwrap();
    let server = Server::start(program("file_ranges"), &[directory, "127.0.0.1:0"]).await;
    check_ranges(&server, "/lines.txt", &content).await;
    for path in ["/", "/other", "/.", "/..", "/%2e%2e%2fsecret"] {
        assert_eq!(server.get(Http::One, path, &[]).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn parts_of_objects_are_those_of_one_version() {
    let server = Server::start(program("object_ranges"), &["127.0.0.1:0"]).await;
    check_ranges(&server, "/digits", &"0123456789".repeat(100)).await;

    let before = server.get(Http::One, "/digits", &[]).await;
    let put = server
        .send(Http::One, "PUT", "/digits", &[], "abcdefghij")
        .await;
    assert_eq!(put.status, 204);
    let part = [("range", "bytes=3-5")];
    let now = server.get(Http::One, "/digits", &part).await;
    assert_eq!(now.body, "def");
    assert_eq!(now.tag(), put.tag());
    let resumed = [part[0], ("if-range", before.tag())];
    let whole = server.get(Http::One, "/digits", &resumed).await;
    assert_eq!(
        (whole.status.as_u16(), &*whole.body),
        (200, &b"abcdefghij"[..])
    );
}
