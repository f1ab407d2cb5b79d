use std::{io, net::SocketAddr};

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::{Reply, Server};

/// An HTTP/1.1 connection that reads every byte. An extra byte makes the next status line
/// unreadable.
pub(crate) struct H1 {
    stream: BufReader<TcpStream>,
}

impl H1 {
    pub(crate) async fn connect(server: &Server) -> Self {
        Self::connect_to(server.address()).await
    }

    /// Connects to a server that may be in another process.
    pub(crate) async fn connect_to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Sends a request without content. `fields` are whole lines.
    pub(crate) async fn send(&mut self, method: &str, path: &str, fields: &[&str]) {
        self.send_with(method, path, fields, "").await;
    }

    /// Sends a request whose `fields` frame its content.
    pub(crate) async fn send_with(
        &mut self,
        method: &str,
        path: &str,
        fields: &[&str],
        content: &str,
    ) {
        #[cfg(feature = "tracing")]
        super::logged::add_sent(path, fields);
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: test\r\n");
        for field in fields {
            text.push_str(field);
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        text.push_str(content);
        self.write(text.as_bytes()).await;
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Writes like [`write`](Self::write), and accepts that the other side has closed.
    pub(crate) async fn try_write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// Sends a request and reads the whole message of the response.
    pub(crate) async fn request(&mut self, method: &str, path: &str, fields: &[&str]) -> Reply {
        self.send(method, path, fields).await;
        self.reply(method).await.expect("a whole response")
    }

    /// Reads the next response, framed by RFC 9112, section 6.3. Returns an error if the connection
    /// ends before the message does.
    pub(crate) async fn reply(&mut self, method: &str) -> io::Result<Reply> {
        let (status, headers) = self.head().await?;
        let mut reply = Reply {
            status,
            headers,
            body: Vec::new(),
            trailers: None,
        };
        if method == "HEAD" || matches!(status, 100..=199 | 204 | 304) {
            return Ok(reply);
        }
        if reply.field("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk().await? {
                reply.body.extend(chunk);
            }
            let trailers = self.fields().await?;
            reply.trailers = (!trailers.is_empty()).then_some(trailers);
        } else {
            let length = reply.field("content-length").expect("framing");
            reply.body.resize(length.parse().unwrap(), 0);
            self.stream.read_exact(&mut reply.body).await?;
        }
        Ok(reply)
    }

    /// Reads the status line and the headers.
    pub(crate) async fn head(&mut self) -> io::Result<(u16, HeaderMap)> {
        let line = self.line().await?;
        let status = line
            .strip_prefix("HTTP/1.1 ")
            .unwrap_or_else(|| panic!("not a status line: {line:?}"));
        let status = status[..3].parse().unwrap();
        Ok((status, self.fields().await?))
    }

    /// Reads the next chunk, or `None` for the last one, of length 0.
    pub(crate) async fn chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let length = usize::from_str_radix(&self.line().await?, 16).unwrap();
        if length == 0 {
            return Ok(None);
        }
        let mut chunk = vec![0; length + 2];
        self.stream.read_exact(&mut chunk).await?;
        assert_eq!(chunk.split_off(length), b"\r\n");
        Ok(Some(chunk))
    }

    /// Reads exactly so many bytes.
    pub(crate) async fn take(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).await.unwrap();
        bytes
    }

    /// Reads some bytes, or none at the end.
    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> usize {
        self.stream.read(buffer).await.unwrap()
    }

    /// Reads everything up to the end of the connection, however it ends.
    pub(crate) async fn rest(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // The bytes before a reset are kept.
        let _ = self.stream.read_to_end(&mut rest).await;
        rest
    }

    async fn fields(&mut self) -> io::Result<HeaderMap> {
        let mut fields = HeaderMap::new();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Ok(fields);
            }
            let (name, value) = line.split_once(':').expect("a field line");
            fields.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value.trim()).unwrap(),
            );
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
