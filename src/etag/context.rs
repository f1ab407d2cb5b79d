//! The bytes that are hashed beside the content.

/// The number of a part that is no contributor's line. Contributors are numbered from 1.
const NO_LINE: u64 = 0;

/// Returns a part that is no header line, with its length.
pub(super) fn no_line(part: &[u8]) -> Vec<u8> {
    [part, &length_and(part.len(), NO_LINE)].concat()
}

/// Returns the bytes after a part: its length, and in the upper bits the number of its
/// contributor. Eight bytes are enough. With more, a small response would often need one more
/// block of the hash.
fn length_and(length: usize, number: u64) -> [u8; 8] {
    (number << 48 | length as u64).to_le_bytes()
}

/// A buffer that uses the heap only if it has many bytes.
pub(super) struct InlineBuffer {
    inline: [u8; 128],
    used: usize,
    /// All bytes, once `inline` is too small for them.
    heap: Vec<u8>,
}

impl Default for InlineBuffer {
    fn default() -> Self {
        Self {
            inline: [0; 128],
            used: 0,
            heap: Vec::new(),
        }
    }
}

impl InlineBuffer {
    /// Appends a line of the contributor with this number.
    #[inline]
    pub(super) fn push_line(&mut self, number: u64, line: &[u8]) {
        self.push(line);
        self.push(&length_and(line.len(), number));
    }

    #[inline]
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.heap.is_empty()
            && let Some(free) = self.inline[self.used..].get_mut(..bytes.len())
        {
            free.copy_from_slice(bytes);
            self.used += bytes.len();
        } else {
            self.push_to_heap(bytes);
        }
    }

    #[cold]
    fn push_to_heap(&mut self, bytes: &[u8]) {
        if self.heap.is_empty() {
            self.heap.extend_from_slice(&self.inline[..self.used]);
        }
        self.heap.extend_from_slice(bytes);
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        if self.heap.is_empty() {
            &self.inline[..self.used]
        } else {
            &self.heap
        }
    }
}
