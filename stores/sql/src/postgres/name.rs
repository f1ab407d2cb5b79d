use std::fmt;

use crate::InvalidSchema;

/// PostgreSQL cuts longer names off, and then two may be the same.
const LONGEST: usize = 63;

/// The name of a column, trigger or the like; shown as an identifier of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(Box<str>);

impl Name {
    pub(crate) fn new(name: impl Into<String>) -> Result<Self, InvalidSchema> {
        let name = name.into();
        if name.is_empty() || name.len() > LONGEST || name.contains('\0') {
            return Err(InvalidSchema::Name(name));
        }
        Ok(Self(name.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}

/// The name of a table with its schema; shown as an identifier of SQL.
#[derive(Debug, Clone)]
pub(crate) struct TableName {
    spelled: String,
    schema: Name,
    table: Name,
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
            schema: Name::new(schema)?,
            table: Name::new(table)?,
            spelled,
        })
    }

    /// As it was given, and as it is in a [`Scope`](crate::Scope).
    pub(crate) fn as_str(&self) -> &str {
        &self.spelled
    }

    /// Returns `true` if both are the same table.
    pub(crate) fn is(&self, other: &Self) -> bool {
        (&self.schema, &self.table) == (&other.schema, &other.table)
    }

    /// The name of something in the same schema that belongs to the table.
    pub(crate) fn with(&self, rest: &str) -> Result<Self, InvalidSchema> {
        Ok(Self {
            schema: self.schema.clone(),
            table: self.own(rest)?,
            spelled: format!("{}{rest}", self.spelled),
        })
    }

    /// The name of something, in whatever schema, that belongs to the table.
    pub(crate) fn own(&self, rest: &str) -> Result<Name, InvalidSchema> {
        Name::new(format!("{}{rest}", self.table.as_str()))
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.table)
    }
}

/// A text as a literal of SQL, whatever `standard_conforming_strings` says.
pub(crate) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        return format!("E'{}'", quoted.replace('\\', "\\\\"));
    }
    format!("'{quoted}'")
}

/// A text between dollar signs, which nothing in it can end.
pub(crate) fn dollar_quoted(text: &str) -> String {
    let mut tag = String::from("$conditional$");
    while text.contains(tag.as_str()) {
        tag.insert(1, '_');
    }
    format!("{tag}{text}{tag}")
}
