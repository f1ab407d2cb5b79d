/// The ends of so many segments are kept. Later ones are searched for again by each route
/// that has as many segments, all of which fit up to there.
const KEPT: usize = 8;

/// The segments of a path, from left to right.
///
/// Many routes may look at one path. The end of a segment is searched for when a route
/// gets there, and not again by the next one, so that a long path costs one search.
#[derive(Debug)]
pub(crate) struct PathSegments<'p> {
    /// What follows the first slash, if there is one.
    path: Option<&'p str>,
    ends: [usize; KEPT],
    known: usize,
    /// How many bytes were looked at in search of a slash.
    #[cfg(test)]
    pub(super) searched: usize,
}

impl<'p> PathSegments<'p> {
    pub(crate) fn new(path: &'p str) -> Self {
        Self {
            path: path.strip_prefix('/'),
            ends: [0; KEPT],
            known: 0,
            #[cfg(test)]
            searched: 0,
        }
    }

    pub(super) fn first(&self) -> Option<Cursor<'p>> {
        let path = self.path?;
        Some(Cursor {
            path,
            index: 0,
            at: 0,
        })
    }

    fn end(&mut self, cursor: Cursor<'p>) -> usize {
        if let Some(end) = self.ends[..self.known].get(cursor.index) {
            return *end;
        }
        let rest = cursor.rest();
        let length = rest.find('/').unwrap_or(rest.len());
        #[cfg(test)]
        {
            self.searched += length;
        }
        let end = cursor.at + length;
        self.keep(cursor.index, end);
        end
    }

    /// Segments are found in their order, so that none is left out.
    fn keep(&mut self, index: usize, end: usize) {
        if index == self.known
            && let Some(kept) = self.ends.get_mut(index)
        {
            *kept = end;
            self.known += 1;
        }
    }
}

/// Where a segment begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'p> {
    path: &'p str,
    index: usize,
    at: usize,
}

impl<'p> Cursor<'p> {
    /// All that is left of the path.
    pub(super) fn rest(self) -> &'p str {
        &self.path[self.at..]
    }

    /// The whole segment, and where the next one begins, if there is one.
    pub(super) fn segment(self, segments: &mut PathSegments<'p>) -> (&'p str, Option<Self>) {
        let end = segments.end(self);
        (&self.path[self.at..end], self.after(end))
    }

    /// Where this segment ends, if it is `literal`. Of a longer one no more is looked at than
    /// that.
    pub(super) fn end_of(self, literal: &str, segments: &mut PathSegments<'p>) -> Option<usize> {
        let rest = self.rest().strip_prefix(literal)?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        let end = self.at + literal.len();
        segments.keep(self.index, end);
        Some(end)
    }

    /// Where the next segment begins, if there is one.
    pub(super) fn after(self, end: usize) -> Option<Self> {
        // The slash is one byte.
        (end < self.path.len()).then_some(Self {
            at: end + 1,
            index: self.index + 1,
            ..self
        })
    }
}
