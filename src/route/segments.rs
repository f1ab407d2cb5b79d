/// The number of segments whose ends are stored inline. The ends of later segments are on the
/// heap.
const INLINE_ENDS: usize = 16;

/// The segments of a path, from left to right.
///
/// Many routes may be compared with one path. The end of a segment is searched when the first
/// route needs it, and then stored. So a long path is searched once.
#[derive(Debug)]
pub(crate) struct PathSegments<'p> {
    /// The path behind its first slash, if there is one.
    path: Option<&'p str>,
    ends: [usize; INLINE_ENDS],
    known: usize,
    /// The known ends beyond the inline ones.
    later_ends: Vec<usize>,
    /// The number of bytes that have been searched for a slash.
    #[cfg(test)]
    pub(super) searched: usize,
    /// The number of table nodes that have been visited.
    #[cfg(test)]
    pub(super) visited: usize,
}

impl<'p> PathSegments<'p> {
    pub(crate) fn new(path: &'p str) -> Self {
        Self {
            path: path.strip_prefix('/'),
            ends: [0; INLINE_ENDS],
            known: 0,
            later_ends: Vec::new(),
            #[cfg(test)]
            searched: 0,
            #[cfg(test)]
            visited: 0,
        }
    }

    pub(super) fn first(&self) -> Option<SegmentCursor<'p>> {
        let path = self.path?;
        Some(SegmentCursor {
            path,
            index: 0,
            at: 0,
        })
    }

    /// Returns the end of the segment, or `None` if it has more than `max_bytes` bytes. The
    /// search stops after that many bytes.
    fn end(&mut self, cursor: SegmentCursor<'p>, max_bytes: usize) -> Option<usize> {
        if let Some(end) = self.known_end(cursor.index) {
            return (end - cursor.at <= max_bytes).then_some(end);
        }
        let rest = cursor.rest();
        let found = if max_bytes >= rest.len() {
            rest.find('/')
        } else {
            rest.as_bytes()[..=max_bytes]
                .iter()
                .position(|byte| *byte == b'/')
        };
        let length = found.unwrap_or(rest.len().min(max_bytes.saturating_add(1)));
        #[cfg(test)]
        {
            self.searched += length;
        }
        if length > max_bytes {
            return None;
        }
        let end = cursor.at + length;
        self.store_end(cursor.index, end);
        Some(end)
    }

    fn known_end(&self, index: usize) -> Option<usize> {
        let end = match index.checked_sub(INLINE_ENDS) {
            None => self.ends[..self.known].get(index),
            Some(later) => self.later_ends.get(later),
        };
        end.copied()
    }

    /// Stores the end of a segment. The ends of all segments before it are already stored.
    fn store_end(&mut self, index: usize, end: usize) {
        match index.checked_sub(INLINE_ENDS) {
            None if index == self.known => {
                self.ends[index] = end;
                self.known += 1;
            }
            Some(later) if later == self.later_ends.len() => self.later_ends.push(end),
            _ => {}
        }
    }
}

/// The start of a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct SegmentCursor<'p> {
    path: &'p str,
    index: usize,
    at: usize,
}

impl<'p> SegmentCursor<'p> {
    /// Returns the path from this segment on.
    pub(super) fn rest(self) -> &'p str {
        &self.path[self.at..]
    }

    /// Returns the text of the segment and the start of the next one, or `None` if the segment
    /// has more than `max_bytes` bytes.
    pub(super) fn segment(
        self,
        max_bytes: usize,
        segments: &mut PathSegments<'p>,
    ) -> Option<(&'p str, Option<Self>)> {
        let end = segments.end(self, max_bytes)?;
        Some((&self.path[self.at..end], self.after(end)))
    }

    /// Returns the end of this segment, if it is `literal`. A longer segment is not searched to
    /// its end.
    pub(super) fn end_of(self, literal: &str, segments: &mut PathSegments<'p>) -> Option<usize> {
        let rest = self.rest().strip_prefix(literal)?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        let end = self.at + literal.len();
        segments.store_end(self.index, end);
        Some(end)
    }

    /// Returns the start of the next segment, if there is one.
    pub(super) fn after(self, end: usize) -> Option<Self> {
        // The slash is one byte.
        (end < self.path.len()).then_some(Self {
            at: end + 1,
            index: self.index + 1,
            ..self
        })
    }
}
