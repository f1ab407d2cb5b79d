//! A reader of `multipart/byteranges`, which knows nothing of the writer.

/// One part of a response.
#[derive(Debug)]
pub(crate) struct ReceivedPart {
    pub(crate) content_type: Option<String>,
    pub(crate) content_range: String,
    pub(crate) content: Vec<u8>,
}

/// Returns the parts. Panics if the content is not `multipart/byteranges` to its last byte.
pub(crate) fn multipart(content_type: &str, body: &[u8]) -> Vec<ReceivedPart> {
    let boundary = content_type
        .strip_prefix("multipart/byteranges; boundary=")
        .unwrap_or_else(|| panic!("no parts: {content_type}"));
    let delimiter = format!("\r\n--{boundary}");
    // The first delimiter has no line break before it.
    let body = [b"\r\n", body].concat();
    let mut pieces = split(&body, delimiter.as_bytes());
    assert!(pieces.remove(0).is_empty(), "something precedes the parts");
    assert_eq!(pieces.pop(), Some(&b"--\r\n"[..]), "the end is missing");
    pieces.into_iter().map(part).collect()
}

fn part(piece: &[u8]) -> ReceivedPart {
    let blank = split(piece, b"\r\n\r\n")[0].len();
    let head = str::from_utf8(&piece[..blank]).expect("ASCII");
    let field = |name: &str| {
        let value = head.split("\r\n").find_map(|line| line.strip_prefix(name));
        value.map(str::to_owned)
    };
    ReceivedPart {
        content_type: field("Content-Type: "),
        content_range: field("Content-Range: ").expect("each part has its range"),
        content: piece[blank + 4..].to_vec(),
    }
}

fn split<'a>(bytes: &'a [u8], delimiter: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(delimiter.len()).position(|at| at == delimiter) {
        pieces.push(&rest[..at]);
        rest = &rest[at + delimiter.len()..];
    }
    pieces.push(rest);
    pieces
}
