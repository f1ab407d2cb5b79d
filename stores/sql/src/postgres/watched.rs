use super::name::{Name, TableName};
use crate::{InvalidSchema, Watch};

/// A [`Watch`] whose names are good.
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
        let watch = watch.check()?;
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
