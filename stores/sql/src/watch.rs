use crate::InvalidSchema;

/// The most slots: a reader reads them all.
const MOST_SLOTS: u16 = 64;

/// The versions to keep of a table: of its rows, of the table, of groups of rows.
///
/// All names are quoted. In PostgreSQL `notes` is a table in the schema `public`, and
/// `app.notes` one in another. SQLite takes names as they are, so `main.notes` is one
/// odd name. `Schema::watch` checks them.
///
/// In PostgreSQL the text of each scope is in an index. So a write fails whose key or
/// value has more than some 2,500 bytes, with `%` and `/` counted three times.
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
    /// Creates a watch of this table, which is neither a view nor partitioned, and
    /// does not inherit.
    pub fn table(name: impl Into<String>) -> Self {
        Self {
            table: name.into(),
            key: None,
            whole: false,
            groups: Vec::new(),
            slots: 8,
        }
    }

    /// Keeps a version for each row, by this key column. A primary key or unique index
    /// is on it alone. A row in which it is `NULL` has no version.
    ///
    /// In PostgreSQL its type is an integer, `uuid`, `text` or `varchar`. In SQLite all
    /// its values are integers, or all texts, or all blobs, as its type says if it has
    /// one.
    pub fn each_row(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Keeps a version for the table, changed by every write to it.
    pub fn whole_table(mut self) -> Self {
        self.whole = true;
        self
    }

    /// Keeps a version for the rows with the same value in this column, as for those
    /// of one tenant. It may be called for several columns, of the types that a key
    /// may have. Rows where it is `NULL` are in no group.
    ///
    /// The version of a group stays when its last row goes, so that it cannot come
    /// back to an old one: at most one row per slot for each value that there ever was.
    pub fn each_group(mut self, column: impl Into<String>) -> Self {
        self.groups.push(column.into());
        self
    }

    /// Sets in how many rows PostgreSQL keeps the version of the table, and of each
    /// group, 1 to 64. Defaults to 8.
    ///
    /// A writer changes one of them, by the number of its connection, and those
    /// that chose the same wait for each other's commit. With one slot that is
    /// all writers of the table. A reader reads all. SQLite has one writer at a time
    /// and needs one row.
    pub fn slots(mut self, slots: u16) -> Self {
        self.slots = slots;
        self
    }

    /// Refuses a watch of nothing, and a number of slots that cannot be.
    pub(crate) fn check(self) -> Result<Self, InvalidSchema> {
        if self.key.is_none() && !self.whole && self.groups.is_empty() {
            return Err(InvalidSchema::Nothing(self.table));
        }
        if !(1..=MOST_SLOTS).contains(&self.slots) {
            return Err(InvalidSchema::Slots(self.slots));
        }
        Ok(self)
    }
}
