use super::name::SqliteIdentifier;
use crate::{InvalidSchema, Watch};

/// A [`Watch`] with valid names.
#[derive(Debug, Clone)]
pub(super) struct SqliteWatch {
    pub(super) table: SqliteIdentifier,
    pub(super) key: Option<SqliteIdentifier>,
    pub(super) whole: bool,
    pub(super) groups: Vec<SqliteIdentifier>,
}

impl TryFrom<Watch> for SqliteWatch {
    type Error = InvalidSchema;

    fn try_from(watch: Watch) -> Result<Self, InvalidSchema> {
        let watch = watch.check()?;
        let groups: Result<Vec<_>, _> = watch
            .groups
            .into_iter()
            .map(SqliteIdentifier::new)
            .collect();
        let watched = Self {
            table: SqliteIdentifier::new(watch.table)?,
            key: watch.key.map(SqliteIdentifier::new).transpose()?,
            whole: watch.whole,
            groups: groups?,
        };
        check_unique(&watched.groups.iter().collect::<Vec<_>>())?;
        Ok(watched)
    }
}

/// Checks that no name is used twice.
pub(super) fn check_unique(names: &[&SqliteIdentifier]) -> Result<(), InvalidSchema> {
    for (at, name) in names.iter().enumerate() {
        if names[..at].iter().any(|earlier| earlier.is(name)) {
            return Err(InvalidSchema::DuplicateName(name.as_str().to_owned()));
        }
    }
    Ok(())
}
