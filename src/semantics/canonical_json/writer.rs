//! The second pass: writes the canonical form.

use super::{
    ReducedForm, error::NotCanonical, ignored::IgnoredMembers, index::Index,
    matching::PointerMatcher, number::write_number, reader::Reader, string::write_unescaped,
};

/// An array or object whose end has not been written.
#[derive(Clone, Copy)]
enum WrittenValue {
    Array {
        /// The number of elements before.
        index: usize,
    },
    Object {
        has_members: bool,
        order: MemberOrder,
    },
}

#[derive(Clone, Copy)]
enum MemberOrder {
    /// As in the text.
    Text,
    Sorted {
        /// The place of the object in the index.
        object: usize,
        /// The number of names before.
        next: usize,
        /// The position behind its brace, once it is known.
        end: usize,
    },
}

/// Writes the canonical form of a document whose syntax is checked.
pub(super) fn write<'a>(
    json: &str,
    index: &Index,
    ignored: Option<&'a IgnoredMembers>,
) -> Result<ReducedForm<'a>, NotCanonical> {
    let mut writer = Writer {
        json,
        reader: Reader::new(json),
        index,
        next_unsorted: 0,
        matcher: ignored.map(PointerMatcher::new),
        open: Vec::new(),
        out: Vec::with_capacity(json.len()),
    };
    writer.write()?;
    Ok(ReducedForm {
        content: writer.out,
        unmatched: writer
            .matcher
            .map_or_else(Vec::new, |matcher| matcher.unmatched()),
    })
}

struct Writer<'a, 'i> {
    json: &'a str,
    reader: Reader<'a>,
    index: &'a Index,
    /// The object of the index that comes next in the text.
    next_unsorted: usize,
    matcher: Option<PointerMatcher<'i>>,
    open: Vec<WrittenValue>,
    out: Vec<u8>,
}

impl Writer<'_, '_> {
    fn write(&mut self) -> Result<(), NotCanonical> {
        self.begin_value()?;
        while let Some(open) = self.open.pop() {
            match open {
                WrittenValue::Array { index } => self.next_element(index)?,
                WrittenValue::Object { has_members, order } => {
                    self.next_member(has_members, order)?;
                }
            }
        }
        Ok(())
    }

    /// Writes a value, or the start of one.
    fn begin_value(&mut self) -> Result<(), NotCanonical> {
        let next = self.reader.peek_token();
        let start = self.reader.at;
        match next {
            Some(b'[') => {
                self.reader.at += 1;
                self.out.push(b'[');
                self.open.push(WrittenValue::Array { index: 0 });
                return Ok(());
            }
            Some(b'{') => {
                self.reader.at += 1;
                self.out.push(b'{');
                let order = self.member_order(start);
                self.open.push(WrittenValue::Object {
                    has_members: false,
                    order,
                });
                return Ok(());
            }
            Some(b'"') => self.write_string()?,
            Some(b'-' | b'0'..=b'9') => {
                let number = self.reader.number()?;
                write_number(number, start, &mut self.out)?;
            }
            _ => {
                // The syntax is checked: one of the three literals.
                let length = if next == Some(b'f') { 5 } else { 4 };
                self.reader.at += length;
                let literal = &self.json.as_bytes()[start..self.reader.at];
                self.out.extend_from_slice(literal);
            }
        }
        self.leave();
        Ok(())
    }

    fn next_element(&mut self, index: usize) -> Result<(), NotCanonical> {
        if self.reader.peek_token() == Some(b']') {
            self.reader.at += 1;
            self.out.push(b']');
            self.leave();
            return Ok(());
        }
        if index > 0 {
            self.reader.take(b',')?;
            self.out.push(b',');
        }
        self.open.push(WrittenValue::Array { index: index + 1 });
        if let Some(matcher) = &mut self.matcher {
            matcher.enter_element(index);
        }
        self.begin_value()
    }

    fn next_member(
        &mut self,
        has_members: bool,
        mut order: MemberOrder,
    ) -> Result<(), NotCanonical> {
        let has_next = match &mut order {
            MemberOrder::Text => self.find_next_in_text(),
            MemberOrder::Sorted { object, next, end } => self.find_next_sorted(*object, next, end),
        };
        if !has_next {
            self.out.push(b'}');
            self.leave();
            return Ok(());
        }
        let name = self.reader.at;
        let matcher = self.matcher.as_mut();
        if matcher.is_some_and(|matcher| matcher.enter_member(self.json, name)) {
            self.open.push(WrittenValue::Object { has_members, order });
            self.reader.string()?;
            self.reader.take(b':')?;
            self.reader.skip_value()?;
            self.leave();
            return Ok(());
        }
        if has_members {
            self.out.push(b',');
        }
        self.open.push(WrittenValue::Object {
            has_members: true,
            order,
        });
        self.write_string()?;
        self.reader.take(b':')?;
        self.out.push(b':');
        self.begin_value()
    }

    /// Moves to the next name, or behind the brace. Returns `true` if there is another name.
    fn find_next_in_text(&mut self) -> bool {
        let next = self.reader.peek_token();
        if next == Some(b'"') {
            return true;
        }
        self.reader.at += 1;
        next == Some(b',') && self.reader.peek_token() == Some(b'"')
    }

    /// Does the same for an object whose names are not in order.
    fn find_next_sorted(&mut self, object: usize, next: &mut usize, end: &mut usize) -> bool {
        if *next > 0 && self.reader.peek_token() == Some(b'}') {
            *end = self.reader.at + 1;
        }
        let names = self.index.names(&self.index.unsorted[object]);
        let name = names.get(*next);
        self.reader.at = name.map_or(*end, |&name| name as usize);
        *next += 1;
        name.is_some()
    }

    /// Returns the order in which the members of the object at `start` are written.
    fn member_order(&mut self, start: usize) -> MemberOrder {
        let unsorted = &self.index.unsorted;
        let start_of = |index: usize| unsorted.get(index).map(|object| object.start as usize);
        // Except after a jump, the next object of the index is this one or comes later.
        let is_next = start_of(self.next_unsorted).is_none_or(|next| next >= start)
            && (self.next_unsorted == 0 || start_of(self.next_unsorted - 1) < Some(start));
        if !is_next {
            self.next_unsorted = unsorted.partition_point(|object| (object.start as usize) < start);
        }
        if start_of(self.next_unsorted) != Some(start) {
            return MemberOrder::Text;
        }
        let object = self.next_unsorted;
        self.next_unsorted += 1;
        MemberOrder::Sorted {
            object,
            next: 0,
            end: 0,
        }
    }

    /// Ends a value.
    fn leave(&mut self) {
        if let Some(matcher) = &mut self.matcher {
            matcher.leave();
        }
    }

    /// Writes the string at the place of the reader (RFC 8785, section 3.2.2.2).
    fn write_string(&mut self) -> Result<(), NotCanonical> {
        let start = self.reader.at;
        let has_escapes = self.reader.string()?;
        if has_escapes {
            write_unescaped(self.json, start + 1, &mut self.out);
        } else {
            let text = &self.json.as_bytes()[start..self.reader.at];
            self.out.extend_from_slice(text);
        }
        Ok(())
    }
}
