//! The first pass: checks the syntax and sorts the names of objects.

use std::cmp::Ordering;

use super::{error::NotCanonical, limits::CanonicalLimits, names, reader::Reader};

/// An object whose names are not in order.
pub(super) struct UnsortedObject {
    /// The position of its opening brace.
    pub(super) start: u32,
    first_name: u32,
    names: u32,
}

/// The objects that are not in order, by position. All others are written as they stand.
pub(super) struct Index {
    pub(super) unsorted: Vec<UnsortedObject>,
    /// The positions of their names, sorted within each object.
    names: Vec<u32>,
}

impl Index {
    pub(super) fn names(&self, object: &UnsortedObject) -> &[u32] {
        &self.names[object.first_name as usize..][..object.names as usize]
    }
}

/// An array or object whose end has not come yet.
enum OpenValue {
    Array,
    Object {
        start: u32,
        /// The number of names of the objects around it.
        outer_names: usize,
        is_sorted: bool,
    },
}

/// Reads a document, and returns its objects that are not in order.
pub(super) fn index(json: &str, limits: &CanonicalLimits) -> Result<Index, NotCanonical> {
    let mut indexer = Indexer {
        json,
        reader: Reader::new(json),
        max_depth: limits.depth(),
        open: Vec::new(),
        open_names: Vec::new(),
        index: Index {
            unsorted: Vec::new(),
            names: Vec::new(),
        },
    };
    indexer.read()?;
    let mut index = indexer.index;
    // Objects were added when they ended.
    index.unsorted.sort_unstable_by_key(|object| object.start);
    Ok(index)
}

struct Indexer<'a> {
    json: &'a str,
    reader: Reader<'a>,
    max_depth: usize,
    open: Vec<OpenValue>,
    /// The positions of the names of all open objects.
    open_names: Vec<u32>,
    index: Index,
}

impl Indexer<'_> {
    fn read(&mut self) -> Result<(), NotCanonical> {
        loop {
            if self.begin_value()? {
                continue;
            }
            if !self.end_values()? {
                break;
            }
        }
        match self.reader.peek_token() {
            None => Ok(()),
            Some(_) => Err(NotCanonical::TrailingData { at: self.reader.at }),
        }
    }

    /// Reads a value, or the start of one. Returns `true` if the first value in it comes next.
    fn begin_value(&mut self) -> Result<bool, NotCanonical> {
        let reader = &mut self.reader;
        match reader.peek_token() {
            Some(b'"') => _ = reader.string()?,
            Some(b'-' | b'0'..=b'9') => _ = reader.number()?,
            Some(b't') => reader.literal("true")?,
            Some(b'f') => reader.literal("false")?,
            Some(b'n') => reader.literal("null")?,
            Some(b'[') => return self.begin_container(b']'),
            Some(b'{') => return self.begin_container(b'}'),
            _ => return Err(reader.unexpected()),
        }
        Ok(false)
    }

    fn begin_container(&mut self, end: u8) -> Result<bool, NotCanonical> {
        let start = self.reader.at;
        if self.open.len() == self.max_depth {
            return Err(NotCanonical::TooDeep { at: start });
        }
        self.reader.at += 1;
        if self.reader.peek_token() == Some(end) {
            self.reader.at += 1;
            return Ok(false);
        }
        if end == b']' {
            self.open.push(OpenValue::Array);
        } else {
            self.open.push(OpenValue::Object {
                start: position(start),
                outer_names: self.open_names.len(),
                is_sorted: true,
            });
            self.read_name()?;
        }
        Ok(true)
    }

    /// Reads the ends of values. Returns `true` if another value comes, and `false` at the end.
    fn end_values(&mut self) -> Result<bool, NotCanonical> {
        loop {
            let Some(open) = self.open.last() else {
                return Ok(false);
            };
            let (end, is_object) = match open {
                OpenValue::Array => (b']', false),
                OpenValue::Object { .. } => (b'}', true),
            };
            match self.reader.peek_token() {
                Some(b',') => {
                    self.reader.at += 1;
                    if is_object {
                        self.read_name()?;
                    }
                    return Ok(true);
                }
                Some(byte) if byte == end => {
                    self.reader.at += 1;
                    self.close()?;
                }
                _ => return Err(self.reader.unexpected()),
            }
        }
    }

    /// Reads a name and its colon, and compares it with the name before.
    fn read_name(&mut self) -> Result<(), NotCanonical> {
        self.reader.peek_token();
        let at = self.reader.at;
        self.reader.string()?;
        self.reader.take(b':')?;
        let Some(OpenValue::Object {
            outer_names,
            is_sorted,
            ..
        }) = self.open.last_mut()
        else {
            return Err(self.reader.unexpected());
        };
        let name = position(at);
        if let Some(&previous) = self.open_names[*outer_names..].last()
            && *is_sorted
        {
            match names::compare(self.json, previous, name) {
                Ordering::Less => {}
                Ordering::Equal => return Err(NotCanonical::DuplicateName { at }),
                Ordering::Greater => *is_sorted = false,
            }
        }
        self.open_names.push(name);
        Ok(())
    }

    /// Ends an array or object. The names of an object that is not in order are sorted.
    fn close(&mut self) -> Result<(), NotCanonical> {
        let Some(OpenValue::Object {
            start,
            outer_names,
            is_sorted,
        }) = self.open.pop()
        else {
            return Ok(());
        };
        if !is_sorted {
            let sorted = &mut self.open_names[outer_names..];
            let json = self.json;
            sorted.sort_unstable_by(|&one, &other| names::compare(json, one, other));
            for pair in sorted.windows(2) {
                if names::compare(json, pair[0], pair[1]) == Ordering::Equal {
                    let at = pair[0].max(pair[1]) as usize;
                    return Err(NotCanonical::DuplicateName { at });
                }
            }
            self.index.unsorted.push(UnsortedObject {
                start,
                first_name: position(self.index.names.len()),
                names: position(sorted.len()),
            });
            self.index.names.extend_from_slice(sorted);
        }
        self.open_names.truncate(outer_names);
        Ok(())
    }
}

/// Returns a position in 32 bits. The limit of bytes excludes larger ones.
fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
