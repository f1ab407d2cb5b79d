use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::Server;

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

/// An HTTP/2 connection that shows single frames (RFC 9113, section 4).
pub(crate) struct RawH2 {
    stream: TcpStream,
    next_id: u32,
}

/// The head of a frame of a stream.
#[derive(Debug)]
pub(crate) struct Frame {
    kind: u8,
    flags: u8,
}

impl Frame {
    /// Returns `true` for a complete message: `HEADERS` with `END_STREAM`.
    pub(crate) fn is_whole_message(&self) -> bool {
        self.kind == HEADERS && self.ends_stream()
    }

    fn ends_stream(&self) -> bool {
        matches!(self.kind, 0 | HEADERS) && self.flags & END_STREAM != 0
    }
}

impl RawH2 {
    pub(crate) async fn connect(server: &Server) -> Self {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .await
            .unwrap();
        let mut raw = Self { stream, next_id: 1 };
        raw.write(SETTINGS, 0, 0, &[]).await;
        raw
    }

    /// Sends a request, and returns the frames of its response.
    pub(crate) async fn request(
        &mut self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Vec<Frame> {
        let pseudo = [
            (":method", method),
            (":scheme", "http"),
            (":authority", "test"),
            (":path", path),
        ];
        let mut block = Vec::new();
        for (name, value) in pseudo.iter().chain(fields) {
            // This is a literal of HPACK without indexing, with a new name (RFC 7541, section
            // 6.2.2).
            block.push(0);
            for text in [name, value] {
                block.push(u8::try_from(text.len()).ok().filter(|n| *n < 127).unwrap());
                block.extend(text.as_bytes());
            }
        }
        let id = self.next_id;
        self.next_id += 2;
        self.write(HEADERS, END_STREAM | END_HEADERS, id, &block)
            .await;

        let mut frames = Vec::new();
        while !frames.last().is_some_and(Frame::ends_stream) {
            let (frame, stream) = self.read().await;
            if stream == id {
                frames.push(frame);
            } else if frame.kind == SETTINGS && frame.flags & ACK == 0 {
                self.write(SETTINGS, ACK, 0, &[]).await;
            }
        }
        frames
    }

    async fn write(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        self.stream.write_all(&frame).await.unwrap();
    }

    async fn read(&mut self) -> (Frame, u32) {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await.unwrap();
        let [a, b, c, kind, flags, id @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.stream.read_exact(&mut payload).await.unwrap();
        (Frame { kind, flags }, u32::from_be_bytes(id))
    }
}
