use super::name::{PostgresIdentifier, TableName};
use crate::{InvalidSchema, Watch};

/// A [`Watch`] with valid names.
#[derive(Debug, Clone)]
pub(super) struct PostgresWatch {
    pub(super) table: TableName,
    pub(super) key: Option<PostgresIdentifier>,
    pub(super) whole: bool,
    pub(super) groups: Vec<PostgresIdentifier>,
    pub(super) slots: u16,
}

impl TryFrom<Watch> for PostgresWatch {
    type Error = InvalidSchema;

    fn try_from(watch: Watch) -> Result<Self, InvalidSchema> {
        let watch = watch.check()?;
        let mut groups = Vec::new();
        for column in watch.groups {
            let column = PostgresIdentifier::new(column)?;
            if groups.contains(&column) {
                return Err(InvalidSchema::DuplicateName(column.as_str().to_owned()));
            }
            groups.push(column);
        }
        Ok(Self {
            table: TableName::new(watch.table)?,
            key: watch.key.map(PostgresIdentifier::new).transpose()?,
            whole: watch.whole,
            groups,
            slots: watch.slots,
        })
    }
}
