use std::io::{self, BufRead, ErrorKind};

/// The longest element of a message, as Redis limits it: 512 MiB.
const LONGEST: u64 = 512 << 20;

/// The rule that tells where a message ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "no other crate depends on it")]
pub enum Protocol {
    /// RESP2 or RESP3 of Redis. Each request has one reply, so subscriptions and the
    /// replication to a replica need [`Bytes`](Self::Bytes).
    Redis,
    /// Any protocol. The bytes that arrive together are a message, and no request can be
    /// repeated.
    Bytes,
}

/// A message of a server.
pub(crate) struct ServerMessage {
    pub(crate) bytes: Vec<u8>,
    /// A push of RESP3 answers no request.
    pub(crate) is_reply: bool,
}

impl Protocol {
    /// Reads a request. The end of the input is an error.
    pub(crate) fn read_request(self, input: &mut impl BufRead) -> io::Result<Vec<u8>> {
        match self {
            Self::Bytes => read_available(input),
            Self::Redis => {
                let mut bytes = Vec::new();
                let first = read_line(input, &mut bytes)?;
                // Anything else is a command in one line.
                if first == b'*' {
                    for _ in 0..length(&bytes)? {
                        read_value(input, &mut bytes)?;
                    }
                }
                Ok(bytes)
            }
        }
    }

    /// Reads a reply or a push. The end of the input is an error.
    pub(crate) fn read_reply(self, input: &mut impl BufRead) -> io::Result<ServerMessage> {
        let mut bytes = Vec::new();
        let mut is_reply = true;
        match self {
            Self::Bytes => bytes = read_available(input)?,
            Self::Redis => is_reply = read_value(input, &mut bytes)? != b'>',
        }
        Ok(ServerMessage { bytes, is_reply })
    }
}

fn read_available(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let bytes = input.fill_buf()?.to_vec();
    input.consume(bytes.len());
    if bytes.is_empty() {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

/// Reads a value of RESP with all its elements, and returns its type.
fn read_value(input: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<u8> {
    let start = bytes.len();
    let kind = read_line(input, bytes)?;
    let elements = match kind {
        b'$' | b'!' | b'=' => {
            if let Some(length) = length_or_null(&bytes[start..])? {
                read_exactly(input, bytes, length + 2)?;
            }
            0
        }
        b'*' | b'~' | b'>' => length_or_null(&bytes[start..])?.unwrap_or(0),
        b'%' => 2 * length(&bytes[start..])?,
        // Attributes stand before the value that they belong to.
        b'|' => 2 * length(&bytes[start..])? + 1,
        b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' => 0,
        _ => return Err(invalid(&bytes[start..])),
    };
    for _ in 0..elements {
        read_value(input, bytes)?;
    }
    Ok(kind)
}

/// Appends a line with its end, and returns its first byte.
fn read_line(input: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<u8> {
    let start = bytes.len();
    input.read_until(b'\n', bytes)?;
    match bytes[start..] {
        [first, .., b'\n'] => Ok(first),
        _ => Err(ErrorKind::UnexpectedEof.into()),
    }
}

fn read_exactly(input: &mut impl BufRead, bytes: &mut Vec<u8>, length: u64) -> io::Result<()> {
    let read = io::copy(&mut io::Read::take(input, length), bytes)?;
    match read == length {
        true => Ok(()),
        false => Err(ErrorKind::UnexpectedEof.into()),
    }
}

fn length(line: &[u8]) -> io::Result<u64> {
    length_or_null(line)?.ok_or_else(|| invalid(line))
}

/// Parses the length in a line. `-1` is the null of RESP2.
fn length_or_null(line: &[u8]) -> io::Result<Option<u64>> {
    let digits = line.trim_ascii_end().get(1..);
    let digits = digits.and_then(|digits| str::from_utf8(digits).ok());
    match digits {
        Some("-1") => Ok(None),
        _ => {
            let length = digits.and_then(|digits| digits.parse().ok());
            let length = length.filter(|length| *length <= LONGEST);
            length.map(Some).ok_or_else(|| invalid(line))
        }
    }
}

fn invalid(line: &[u8]) -> io::Error {
    let line = String::from_utf8_lossy(line);
    io::Error::new(
        ErrorKind::InvalidData,
        format!("no message of RESP: {line:?}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_end_where_redis_ends_them() {
        let requests = [
            "*2\r\n$3\r\nGET\r\n$5\r\na\r\n$1\r\n",
            "PING\r\n",
            "*1\r\n$0\r\n\r\n",
            "PING\n",
        ];
        let all = requests.concat();
        let mut input = all.as_bytes();
        for request in requests {
            let read = Protocol::Redis.read_request(&mut input).unwrap();
            assert_eq!(read, request.as_bytes());
        }
        assert!(Protocol::Redis.read_request(&mut input).is_err());
    }

    #[test]
    fn replies_end_where_redis_ends_them() {
        let replies = [
            "+OK\r\n",
            "-ERR no\r\n",
            "$-1\r\n",
            "*-1\r\n",
            "$4\r\na\r\nb\r\n",
            "*2\r\n*1\r\n:1\r\n$1\r\na\r\n",
            "%1\r\n+key\r\n,1.5\r\n",
            "~1\r\n#t\r\n",
            "|1\r\n+ttl\r\n:1\r\n$1\r\na\r\n",
            "=5\r\ntxt:a\r\n",
            "_\r\n",
            "*0\r\n",
        ];
        let all = replies.concat();
        let mut input = all.as_bytes();
        for reply in replies {
            let read = Protocol::Redis.read_reply(&mut input).unwrap();
            assert_eq!(read.bytes, reply.as_bytes());
            assert!(read.is_reply);
        }
        let push = b">2\r\n+invalidate\r\n*1\r\n+key\r\n";
        let read = Protocol::Redis.read_reply(&mut push.as_slice()).unwrap();
        assert_eq!(
            (read.bytes.as_slice(), read.is_reply),
            (push.as_slice(), false)
        );
    }

    #[test]
    fn other_bytes_and_cut_messages_are_errors() {
        for bytes in [
            "",
            "+OK",
            "$5\r\nab",
            "*2\r\n:1\r\n",
            "?\r\n",
            "$x\r\n",
            "%-1\r\n",
        ] {
            let read = Protocol::Redis.read_reply(&mut bytes.as_bytes());
            assert!(read.is_err(), "{bytes:?}");
        }
    }
}
