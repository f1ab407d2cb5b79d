use super::InvalidSchema;
use crate::name::{Name, TableName};

/// The most slots: a reader reads them all.
const MOST_SLOTS: u16 = 64;

/// What of a table gets versions.
///
/// `notes` is a table in the schema `public`, `app.notes` one in another.
/// Columns are taken as they are; all names are quoted. What is wrong with
/// them, [`Schema::watch`](crate::Schema::watch) says.
#[derive(Debug, Clone)]
#[must_use]
pub struct Watch {
    table: String,
    key: Option<String>,
    whole: bool,
    groups: Vec<String>,
    slots: u16,
}

impl Watch {
    /// Of this table, which is neither partitioned nor inherits.
    pub fn table(name: impl Into<String>) -> Self {
        Self {
            table: name.into(),
            key: None,
            whole: false,
            groups: Vec::new(),
            slots: 8,
        }
    }

    /// A version for each row, by this column: integers, UUIDs, `text` or
    /// `varchar`, with a primary key or unique index on it alone. A row where it
    /// is `NULL` has none.
    pub fn each_row(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// A version for the table, changed by every write to it.
    pub fn whole_table(mut self) -> Self {
        self.whole = true;
        self
    }

    /// A version for the rows with the same value in this column, as for those
    /// of one tenant. It may be called for several columns, of the types that
    /// a key may have. Rows where it is `NULL` are in no group.
    ///
    /// The version of a group stays when its last row goes: at most one row per
    /// slot for each value that there ever was.
    pub fn each(mut self, column: impl Into<String>) -> Self {
        self.groups.push(column.into());
        self
    }

    /// In how many rows the version of the table, and of each group, is kept,
    /// 1 to 64; 8 by default.
    ///
    /// A writer changes one of them, by the number of its connection, and those
    /// that chose the same wait for each other's commit. With one slot that is
    /// all writers of the table. A reader reads all.
    pub fn slots(mut self, slots: u16) -> Self {
        self.slots = slots;
        self
    }
}

/// A [`Watch`] that can be.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    pub(super) table: TableName,
    pub(super) key: Option<Name>,
    pub(super) whole: bool,
    pub(super) groups: Vec<Name>,
    pub(super) slots: u16,
}

impl TryFrom<Watch> for Watched {
    type Error = InvalidSchema;

    fn try_from(watch: Watch) -> Result<Self, InvalidSchema> {
        if watch.key.is_none() && !watch.whole && watch.groups.is_empty() {
            return Err(InvalidSchema::Nothing(watch.table));
        }
        if !(1..=MOST_SLOTS).contains(&watch.slots) {
            return Err(InvalidSchema::Slots(watch.slots));
        }
        let mut groups = Vec::new();
        for column in watch.groups {
            let column = Name::new(column)?;
            if groups.contains(&column) {
                return Err(InvalidSchema::Twice(column.as_str().to_owned()));
            }
            groups.push(column);
        }
        Ok(Self {
            table: TableName::new(watch.table)?,
            key: watch.key.map(Name::new).transpose()?,
            whole: watch.whole,
            groups,
            slots: watch.slots,
        })
    }
}
