use super::InvalidSchema;
use crate::name::Name;

/// The versions to keep of a table: of its rows, of the table, of groups of rows.
///
/// Names are taken as they are and quoted, so `main.notes` is one odd name.
/// [`Schema::watch`](crate::Schema::watch) checks them.
#[derive(Debug, Clone)]
#[must_use]
pub struct Watch {
    table: String,
    key: Option<String>,
    whole: bool,
    groups: Vec<String>,
}

impl Watch {
    /// Of this table.
    pub fn table(name: impl Into<String>) -> Self {
        Self {
            table: name.into(),
            key: None,
            whole: false,
            groups: Vec::new(),
        }
    }

    /// Keeps a version for each row, by this key column. A primary key or unique
    /// index is on it alone. All its values are integers, or all texts, or all blobs,
    /// as its type says if it has one. A row in which it is `NULL` has no version.
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
    /// of one tenant. It may be called for several columns. The values are
    /// either integers, texts or blobs throughout, and rows where it is `NULL`
    /// are in no group.
    ///
    /// The version of a group stays when its last row goes, so that it cannot
    /// come back to an old one; that is one row for each value there ever was.
    pub fn each_group(mut self, column: impl Into<String>) -> Self {
        self.groups.push(column.into());
        self
    }
}

/// A [`Watch`] that can be.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    pub(super) table: Name,
    pub(super) key: Option<Name>,
    pub(super) whole: bool,
    pub(super) groups: Vec<Name>,
}

impl TryFrom<Watch> for Watched {
    type Error = InvalidSchema;

    fn try_from(watch: Watch) -> Result<Self, InvalidSchema> {
        if watch.key.is_none() && !watch.whole && watch.groups.is_empty() {
            return Err(InvalidSchema::Nothing(watch.table));
        }
        let groups: Result<Vec<_>, _> = watch.groups.into_iter().map(Name::new).collect();
        let watched = Self {
            table: Name::new(watch.table)?,
            key: watch.key.map(Name::new).transpose()?,
            whole: watch.whole,
            groups: groups?,
        };
        each_once(&watched.groups.iter().collect::<Vec<_>>())?;
        Ok(watched)
    }
}

pub(super) fn each_once(names: &[&Name]) -> Result<(), InvalidSchema> {
    for (at, name) in names.iter().enumerate() {
        if names[..at].iter().any(|earlier| earlier.is(name)) {
            return Err(InvalidSchema::Twice(name.as_str().to_owned()));
        }
    }
    Ok(())
}
