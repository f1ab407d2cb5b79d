use redis::Value;

/// The text of `INFO`: lines of a name, a colon and a value, with headings in between.
pub(super) struct Info<'a>(&'a str);

impl<'a> Info<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// Returns a property, or its name if the text lacks it.
    pub(super) fn value(&self, name: &'static str) -> Result<&'a str, &'static str> {
        let mut pairs = self.0.lines().filter_map(|line| line.split_once(':'));
        let pair = pairs.find(|(found, _)| *found == name);
        pair.map(|(_, value)| value.trim()).ok_or(name)
    }

    /// Returns the version if it is too old. Valkey has a version of its own beside that of
    /// Redis with which it is compatible.
    pub(super) fn old_version(&self) -> Result<Option<&'a str>, &'static str> {
        let (name, oldest) = match self.value("valkey_version") {
            Ok(_) => ("valkey_version", 7),
            Err(_) => ("redis_version", 6),
        };
        let version = self.value(name)?;
        let major = version.split('.').next().unwrap_or_default();
        let major: u32 = major.parse().map_err(|_| name)?;
        Ok((major < oldest).then_some(version))
    }
}

/// Returns the text of an answer, in either version of the protocol.
pub(super) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text),
        _ => None,
    }
}
