use super::name::Name;
use crate::{InvalidSchema, Watch};

/// A [`Watch`] whose names are good.
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
        let watch = watch.check()?;
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
