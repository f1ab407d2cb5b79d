use std::fmt;

use crate::InvalidSchema;

/// The largest length of a name. PostgreSQL cuts longer names off, so two could become
/// the same.
const MAX_NAME_BYTES: usize = 63;

/// The name of a column, trigger or the like, displayed as an SQL identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PostgresIdentifier(Box<str>);

impl PostgresIdentifier {
    pub(crate) fn new(name: impl Into<String>) -> Result<Self, InvalidSchema> {
        let name = name.into();
        if name.is_empty() || name.len() > MAX_NAME_BYTES || name.contains('\0') {
            return Err(InvalidSchema::Name(name));
        }
        Ok(Self(name.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PostgresIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}

/// The name of a table with its schema, displayed as an SQL identifier.
#[derive(Debug, Clone)]
pub(crate) struct TableName {
    spelled: String,
    schema: PostgresIdentifier,
    table: PostgresIdentifier,
}

impl TableName {
    /// Reads `notes`, which is in the schema `public`, or `app.notes`.
    pub(crate) fn new(name: impl Into<String>) -> Result<Self, InvalidSchema> {
        let spelled = name.into();
        let (schema, table) = spelled.split_once('.').unwrap_or(("public", &spelled));
        if table.contains('.') {
            return Err(InvalidSchema::Name(spelled));
        }
        Ok(Self {
            schema: PostgresIdentifier::new(schema)?,
            table: PostgresIdentifier::new(table)?,
            spelled,
        })
    }

    /// Returns the name as it was given, which is also how a [`Scope`](crate::Scope) has it.
    pub(crate) fn as_str(&self) -> &str {
        &self.spelled
    }

    /// Returns `true` if both are the same table.
    pub(crate) fn is(&self, other: &Self) -> bool {
        (&self.schema, &self.table) == (&other.schema, &other.table)
    }

    /// Returns the name of an object in the same schema that belongs to the table.
    pub(crate) fn with_suffix(&self, rest: &str) -> Result<Self, InvalidSchema> {
        Ok(Self {
            schema: self.schema.clone(),
            table: self.suffixed(rest)?,
            spelled: format!("{}{rest}", self.spelled),
        })
    }

    /// Returns the name of an object in any schema that belongs to the table.
    pub(crate) fn suffixed(&self, rest: &str) -> Result<PostgresIdentifier, InvalidSchema> {
        PostgresIdentifier::new(format!("{}{rest}", self.table.as_str()))
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.table)
    }
}

/// Returns a text as an SQL literal, for any value of `standard_conforming_strings`.
pub(crate) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        return format!("E'{}'", quoted.replace('\\', "\\\\"));
    }
    format!("'{quoted}'")
}

/// Returns a text in dollar quotes that no part of the text can end.
pub(crate) fn dollar_quoted(text: &str) -> String {
    let mut tag = String::from("$conditional$");
    while text.contains(tag.as_str()) {
        tag.insert(1, '_');
    }
    format!("{tag}{text}{tag}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PostgreSQL would cut a longer name off, and takes no zero.
    #[test]
    fn names_are_those_of_postgresql() {
        let (longest, longer) = ("é".repeat(31) + "x", "é".repeat(32));
        for (name, is_valid) in [
            ("notes", true),
            ("odd \"name\"", true),
            (&*longest, true),
            (&*longer, false),
            ("", false),
            ("no\0tes", false),
        ] {
            let found = (
                PostgresIdentifier::new(name).is_ok(),
                TableName::new(name).is_ok(),
                TableName::new(format!("app.{name}")).is_ok(),
                TableName::new(format!("{name}.notes")).is_ok(),
            );
            assert_eq!(found, (is_valid, is_valid, is_valid, is_valid), "{name:?}");
        }
        assert!(TableName::new("app.notes.id").is_err());
    }
}
