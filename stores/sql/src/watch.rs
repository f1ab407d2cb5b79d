use crate::{
    InvalidSchema,
    postgres::name::{Name, TableName},
};

/// The most slots: a reader reads them all.
const MOST_SLOTS: u16 = 64;

/// The versions to keep of a table: of its rows, of the table, of groups of rows.
///
/// `notes` is a table in the schema `public`, `app.notes` one in another. All
/// names are quoted. [`Schema::watch`](crate::postgres::Schema::watch) checks them.
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

    /// Keeps a version for each row, by this key column. Its type is an integer,
    /// `uuid`, `text` or `varchar`, and a primary key or unique index is on it
    /// alone. A row in which it is `NULL` has no version.
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
    pub fn each_group(mut self, column: impl Into<String>) -> Self {
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
pub(crate) struct Watched {
    pub(crate) table: TableName,
    pub(crate) key: Option<Name>,
    pub(crate) whole: bool,
    pub(crate) groups: Vec<Name>,
    pub(crate) slots: u16,
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
