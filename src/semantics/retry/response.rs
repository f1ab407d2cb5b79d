use std::{error::Error, fmt};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// A response as a store keeps it: the status, the headers that are repeated, and the content.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordedResponse {
    status: StatusCode,
    headers: HeaderMap,
    content: Bytes,
}

/// The version of the encoding, its first byte.
const VERSION: u8 = 1;

impl RecordedResponse {
    /// Creates a recorded response. Headers that belong to one connection or one moment are
    /// left out; see the docs of [`idempotency`](crate::idempotency).
    #[must_use]
    pub fn new(status: StatusCode, headers: &HeaderMap, content: Bytes) -> Self {
        Self {
            status,
            headers: super::replay::repeatable(headers),
            content,
        }
    }

    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the headers that are repeated.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the content.
    #[must_use]
    pub fn content(&self) -> &Bytes {
        &self.content
    }

    /// Returns the parts.
    pub(crate) fn into_parts(self) -> (StatusCode, HeaderMap, Bytes) {
        (self.status, self.headers, self.content)
    }

    /// Returns the response as bytes that any version of this crate from this one on decodes.
    ///
    /// | Bytes | Content |
    /// |---|---|
    /// | 1 | the version, 1 |
    /// | 2 | the status |
    /// | 4 | the number of headers |
    /// | 4 + n, 4 + n | for each header, its name and its value, each behind its length |
    /// | the rest | the content |
    ///
    /// Numbers are in network order.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let lines = self.headers.iter();
        let size = lines.map(|(name, value)| 8 + name.as_str().len() + value.len());
        let mut bytes = BytesMut::with_capacity(7 + size.sum::<usize>() + self.content.len());
        bytes.put_u8(VERSION);
        bytes.put_u16(self.status.as_u16());
        bytes.put_u32(length(self.headers.len()));
        for (name, value) in &self.headers {
            for part in [name.as_str().as_bytes(), value.as_bytes()] {
                bytes.put_u32(length(part.len()));
                bytes.put_slice(part);
            }
        }
        bytes.put_slice(&self.content);
        bytes.freeze()
    }

    /// Decodes the bytes that [`encode`](Self::encode) gave. The content shares them.
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are of another version, or if they were cut or changed so that
    /// no response can be read. Changed content is not noticed.
    pub fn decode(mut bytes: Bytes) -> Result<Self, CorruptRecord> {
        let corrupt = CorruptRecord::new();
        if bytes.try_get_u8() != Ok(VERSION) {
            return Err(corrupt);
        }
        let status = bytes.try_get_u16().map_err(|_| corrupt)?;
        let status = StatusCode::from_u16(status).map_err(|_| corrupt)?;
        let count = bytes.try_get_u32().map_err(|_| corrupt)?;
        let mut headers = HeaderMap::new();
        for _ in 0..count {
            let name = HeaderName::from_bytes(&part(&mut bytes)?).map_err(|_| corrupt)?;
            let value = HeaderValue::from_maybe_shared(part(&mut bytes)?).map_err(|_| corrupt)?;
            // A count beyond the limit of a header map is no response.
            headers.try_append(name, value).map_err(|_| corrupt)?;
        }
        Ok(Self {
            status,
            headers,
            content: bytes,
        })
    }
}

/// A head of 4 GiB does not exist: a header map holds 32,768 lines.
fn length(length: usize) -> u32 {
    u32::try_from(length).expect("a header is shorter than 4 GiB")
}

fn part(bytes: &mut Bytes) -> Result<Bytes, CorruptRecord> {
    let corrupt = CorruptRecord::new();
    let length = bytes.try_get_u32().map_err(|_| corrupt)?;
    let length = usize::try_from(length).map_err(|_| corrupt)?;
    // Checked first, since `split_to` panics beyond the end.
    if bytes.len() < length {
        return Err(corrupt);
    }
    Ok(bytes.split_to(length))
}

impl fmt::Debug for RecordedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedResponse")
            .field("status", &self.status)
            .field("content_length", &self.content.len())
            .finish_non_exhaustive()
    }
}

/// An error returned by [`RecordedResponse::decode`] and [`KeyRecord::decode`](super::KeyRecord::decode).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CorruptRecord(());

impl CorruptRecord {
    pub(super) fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for CorruptRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("corrupt record: its bytes are cut, changed or of a later version")
    }
}

impl Error for CorruptRecord {}
