use crate::InvalidSchema;

/// The largest number of slots. A reader reads all of them.
const MAX_SLOTS: u16 = 64;

/// A table and the versions to keep of it: of its rows, of the whole table, of groups
/// of rows.
///
/// All names are quoted. In PostgreSQL `notes` is a table in the schema `public`, and
/// `app.notes` is a table in the schema `app`. SQLite takes names as they are, so there
/// `main.notes` is a name with a dot in it. `Schema::watch` checks the names.
///
/// In PostgreSQL the text of each scope is in an index. So a write fails if its key or
/// value has more than about 2,500 bytes, with `%` and `/` counted three times.
#[derive(Debug, Clone)]
#[must_use]
pub struct Watch {
    pub(crate) table: String,
    pub(crate) key: Option<String>,
    pub(crate) whole: bool,
    pub(crate) groups: Vec<String>,
    pub(crate) slots: u16,
}

impl Watch {
    /// Creates a watch of a table, which must not be a view, partitioned or inheriting.
    pub fn table(name: impl Into<String>) -> Self {
        Self {
            table: name.into(),
            key: None,
            whole: false,
            groups: Vec::new(),
            slots: 8,
        }
    }

    /// Keeps a version for each row, by this key column. Rows are not watched by default.
    ///
    /// The column needs a primary key or unique index on it alone. A row with the key
    /// `NULL` has no version.
    ///
    /// In PostgreSQL the type is an integer, `uuid`, `text` or `varchar`. In SQLite all
    /// values are integers, or all are texts, or all are blobs. If the column has a
    /// type, they are of that type.
    pub fn each_row(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Keeps a version for the whole table, changed by every write to it. It is not kept
    /// by default.
    pub fn whole_table(mut self) -> Self {
        self.whole = true;
        self
    }

    /// Keeps a version for each group of rows with the same value in this column, such as
    /// those of one tenant. There are no groups by default.
    ///
    /// Call it once for each column. The types are those of a
    /// [key](Self::each_row). Rows with `NULL` are in no group.
    ///
    /// The version of a group stays when its last row is deleted, so that a new row
    /// cannot bring an old version back. So the table of versions keeps at most one row
    /// per slot for each value that ever existed.
    pub fn each_group(mut self, column: impl Into<String>) -> Self {
        self.groups.push(column.into());
        self
    }

    /// Sets the number of rows, 1 to 64, in which PostgreSQL keeps the version of the
    /// table and of each group. Defaults to 8.
    ///
    /// A writer changes one of these slots, chosen by its connection. Writers with the
    /// same slot wait for each other's commit; with one slot, all writers of the table
    /// do. A reader reads all slots. SQLite has one writer at a time and ignores this.
    pub fn slots(mut self, slots: u16) -> Self {
        self.slots = slots;
        self
    }

    /// Checks that something is watched, and the number of slots.
    pub(crate) fn check(self) -> Result<Self, InvalidSchema> {
        if self.key.is_none() && !self.whole && self.groups.is_empty() {
            return Err(InvalidSchema::NothingWatched(self.table));
        }
        if !(1..=MAX_SLOTS).contains(&self.slots) {
            return Err(InvalidSchema::Slots(self.slots));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_has_1_to_64_slots() {
        let whole = || Watch::table("notes").whole_table();
        assert_eq!(whole().check().expect("a watch").slots, 8);
        for (slots, is_valid) in [(0, false), (1, true), (64, true), (65, false)] {
            let checked = whole().slots(slots).check();
            assert_eq!(checked.is_ok(), is_valid, "{slots}");
            assert!(checked.is_err() || checked.is_ok_and(|watch| watch.slots == slots));
        }
    }

    #[test]
    fn each_kind_of_scope_is_enough() {
        let watch = || Watch::table("notes");
        assert!(watch().check().is_err());
        assert!(watch().whole_table().check().is_ok());
        assert!(watch().each_row("id").check().is_ok());
        assert!(watch().each_group("tenant").check().is_ok());
    }
}
