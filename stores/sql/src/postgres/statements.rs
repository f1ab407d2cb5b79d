use std::borrow::Cow;

use tower_conditional::{Current, VersionTags};

use super::{
    name::TableName,
    spelling::is_canonical,
    versions::{BUCKETS, SPELLING, Versions, WATCHED},
};
use crate::{InvalidSchema, Scope, ScopeError};

/// A slot (`int4`) and its version (`int8`), in network byte order.
type VersionEntry = [u8; 12];

/// The statements that read and lock the versions of a [`Schema`](super::Schema).
///
/// # A guarded write
///
/// These steps of a `READ COMMITTED` transaction keep the state as it is until the
/// transaction ends, even if other writers are not guarded:
///
/// 1. For a table or group run [`lock_collection`](Self::lock_collection), for a row
///    [`set_lock_timeout`](Self::set_lock_timeout).
/// 2. Run [`read_for_update`](Self::read_for_update), and convert its value with
///    [`current`](Self::current). Refuse the write if the state is [`Current::Unknown`].
/// 3. If the state is [`Current::Absent`], run [`hold_absence`](Self::hold_absence). If
///    that returns no row, another writer was faster: repeat step 2.
/// 4. Compare with `Expected::check`, and write.
/// 5. If an absence is held, run [`release_absence`](Self::release_absence), and otherwise
///    [`is_open`](Self::is_open). Commit if that returns `true`.
///
/// The last step returns `false` if a `COMMIT` or `ROLLBACK` among the writes has ended the
/// transaction, and its locks. Then roll back, and run `release_absence` again.
///
/// If a statement fails with a lock timeout (`55P03`) or a deadlock (`40P01`), nothing
/// was written: try again.
#[derive(Debug, Clone)]
#[must_use]
pub struct Statements {
    versions: Versions,
    tags: VersionTags,
    read: String,
}

impl Statements {
    /// Creates the statements for the table `conditional_versions`, with plain tags.
    pub fn new() -> Self {
        Self::with(Versions::default(), VersionTags::plain())
    }

    fn with(versions: Versions, tags: VersionTags) -> Self {
        let read = read(&versions.table, 1);
        Self {
            versions,
            tags,
            read,
        }
    }

    /// Sets the name of the table of versions, as in
    /// [`Schema::versions_table`](super::Schema::versions_table). Defaults to
    /// `conditional_versions`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSchema::Name`] for an invalid name.
    pub fn versions_table(self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        Ok(Self::with(Versions::new(name)?, self.tags))
    }

    /// Sets how versions become tags. Defaults to [`VersionTags::plain`].
    pub fn tags(self, tags: VersionTags) -> Self {
        Self { tags, ..self }
    }

    /// Returns the tags of the versions of a scope, for `Expected::versions_of` in a
    /// handler.
    #[must_use]
    pub fn tags_of(&self, scope: &Scope) -> VersionTags {
        self.tags.scope(scope)
    }

    /// Returns the text of a scope as a parameter.
    ///
    /// It is [`Scope::as_str`], with `%00` for a NUL, which PostgreSQL does not allow in
    /// texts. No row has such a text.
    #[must_use]
    pub fn scope_text(scope: &Scope) -> Cow<'_, str> {
        let text = scope.as_str();
        if text.contains('\0') {
            return text.replace('\0', "%00").into();
        }
        text.into()
    }

    /// Returns the statement that reads the versions of a scope.
    ///
    /// Its parameters are [`scope_text`](Self::scope_text) and [`Scope::watch_key`], both
    /// `text`. It returns one row with one `bytea`, `versions`, for
    /// [`current`](Self::current).
    #[must_use]
    pub fn read(&self) -> &str {
        &self.read
    }

    /// Returns [`read`](Self::read) as an expression, for a statement that reads content
    /// and versions together. So no write can come between the two.
    ///
    /// Its two parameters have the numbers `first` and `first + 1`.
    ///
    /// A statement that returns no row returns no versions either. To read a whole table,
    /// select the versions first:
    ///
    /// ```
    /// # use tower_conditional_sql::postgres::Statements;
    /// let versions = Statements::new().versions_column(1);
    /// let sql = format!(
    ///     "SELECT id, text, versions FROM (SELECT {versions} AS versions) AS kept
    ///      LEFT JOIN notes ON true ORDER BY id"
    /// );
    /// ```
    #[must_use]
    pub fn versions_column(&self, first: u16) -> String {
        format!("({})", read(&self.versions.table, first))
    }

    /// Returns [`read`](Self::read) with a lock on the versions until the transaction ends.
    #[must_use]
    pub fn read_for_update(&self) -> String {
        let table = &self.versions.table;
        // FOR UPDATE is not allowed in a UNION.
        format!(
            "WITH locked AS (
    SELECT slot, version FROM {table} WHERE scope = $1 AND slot >= 0 FOR UPDATE
) {}",
            aggregate("SELECT slot, version FROM locked", table, 2)
        )
    }

    /// Returns the statement that holds the absence of a row until the transaction ends.
    /// A writer that inserts the row then waits.
    ///
    /// Its parameter is [`scope_text`](Self::scope_text). The statement waits for writers
    /// that have inserted the row and not committed. It returns a `bigint` for
    /// [`release_absence`](Self::release_absence), or no row if the row exists.
    #[must_use]
    pub fn hold_absence(&self) -> String {
        let (table, next) = (&self.versions.table, self.versions.next());
        format!(
            "INSERT INTO {table} (scope, slot, version) VALUES ($1, 0, {next})
ON CONFLICT DO NOTHING RETURNING version"
        )
    }

    /// Returns the statement that ends a [held absence](Self::hold_absence) before the
    /// commit. It changes nothing if the transaction has inserted the row.
    ///
    /// Its parameters are [`scope_text`](Self::scope_text) and the `bigint`. It returns what
    /// [`is_open`](Self::is_open) does.
    #[must_use]
    pub fn release_absence(&self) -> String {
        let table = &self.versions.table;
        let is_open = Self::is_open();
        format!(
            "WITH released AS (
    DELETE FROM {table} WHERE scope = $1 AND slot = 0 AND version = $2
) {is_open}"
        )
    }

    /// Returns the statement that returns `true` if the transaction is still the one that began
    /// with [`set_lock_timeout`](Self::set_lock_timeout) or a lock.
    ///
    /// It has no parameters, and fails in a transaction that has failed.
    #[must_use]
    pub fn is_open() -> &'static str {
        "SELECT current_setting('tower_conditional.guard', true) IS NOT DISTINCT FROM 'open'"
    }

    /// Returns the statement that sets the lock timeout of the transaction.
    ///
    /// Its parameter is a number of milliseconds as `text`.
    #[must_use]
    pub fn set_lock_timeout() -> String {
        after_lock_timeout("")
    }

    /// Returns the statement that [sets the lock timeout](Self::set_lock_timeout) and
    /// then waits for the writers of a table or group.
    ///
    /// Its parameters are the timeout, [`Scope::watch_key`] and
    /// [`scope_text`](Self::scope_text), all `text`.
    #[must_use]
    pub fn lock_collection() -> String {
        // The function `bump` of the schema takes the same lock, shared.
        let key = format!("$2, hashtextextended($3, 0) & {}", BUCKETS - 1);
        after_lock_timeout(&advisory_lock(&key))
    }

    /// Returns the statement that [sets the lock timeout](Self::set_lock_timeout) and
    /// then locks a scope, watched or not, against others that use this statement.
    ///
    /// Its parameters are the timeout and [`scope_text`](Self::scope_text), both `text`.
    #[must_use]
    pub fn lock_unwatched() -> String {
        after_lock_timeout(&advisory_lock("$2, 1"))
    }

    /// Returns the statement that reads the number of the latest event, a `bigint`, in a
    /// table of [`Schema::events`](super::Schema::events). It is 0 before the first event.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSchema::Name`] for an invalid name.
    pub fn latest_event(table: impl Into<String>) -> Result<String, InvalidSchema> {
        let table = TableName::new(table)?;
        Ok(format!("SELECT coalesce(max(id), 0)::bigint FROM {table}"))
    }

    /// Returns the state of a scope from the value that [`read`](Self::read) returned.
    ///
    /// A row without a version is [`Current::Absent`]. A table and a group are always
    /// [`Current::Present`]. The state is [`Current::Unknown`] only for a key that
    /// PostgreSQL spells in another way; see [`Scope`].
    ///
    /// # Errors
    ///
    /// Returns [`ScopeError::NotWatched`] if the scope is not watched, and
    /// [`ScopeError::NotVersions`] for a value of another statement.
    pub fn current(
        &self,
        scope: &Scope,
        versions: impl AsRef<[u8]>,
    ) -> Result<Current, ScopeError> {
        let (mut entries, []) = versions.as_ref().as_chunks() else {
            return Err(ScopeError::NotVersions(scope.clone()));
        };
        // The entries are in the order of their slots, so the two marks come first.
        let mut spelling = 0;
        if let [first, rest @ ..] = entries
            && slot(first) == SPELLING
        {
            (spelling, entries) = (version(first), rest);
        }
        let slots = match entries {
            [mark, slots @ ..] if slot(mark) == WATCHED => slots,
            _ => return Err(ScopeError::NotWatched(scope.clone())),
        };
        if let Some(value) = scope.value()
            && !is_canonical(spelling, value)
        {
            return Ok(Current::Unknown);
        }
        let tags = self.tags_of(scope);
        if scope.is_collection() {
            // The mark is part of the tag, so there is a tag even before the first slot.
            return Ok(tags.bytes(entries.as_flattened()).into());
        }
        Ok(match slots {
            [one, ..] => tags.number(version(one)).into(),
            [] => Current::Absent,
        })
    }
}

impl Default for Statements {
    fn default() -> Self {
        Self::new()
    }
}

fn read(table: &TableName, first: u16) -> String {
    let slots = format!("SELECT slot, version FROM {table} WHERE scope = ${first} AND slot >= 0");
    aggregate(&slots, table, u32::from(first) + 1)
}

/// Returns a query for all entries of a scope as one value, with those of its watch.
fn aggregate(slots: &str, table: &TableName, watch_key: u32) -> String {
    format!(
        "SELECT coalesce(string_agg(int4send(slot) || int8send(version), '' ORDER BY slot), '') AS versions
FROM ({slots}
    UNION ALL SELECT slot, version FROM {table} WHERE scope = ${watch_key} AND slot < 0
) AS entries"
    )
}

fn slot(entry: &VersionEntry) -> i32 {
    let [a, b, c, d, ..] = *entry;
    i32::from_be_bytes([a, b, c, d])
}

fn version(entry: &VersionEntry) -> i64 {
    let [_, _, _, _, version @ ..] = *entry;
    i64::from_be_bytes(version)
}

fn advisory_lock(key: &str) -> String {
    format!("pg_advisory_xact_lock(hashtextextended({key}))")
}

/// Returns SQL that sets the lock timeout and evaluates `lock` in the same round trip.
///
/// The other setting ends with the transaction too, and shows that it is open.
fn after_lock_timeout(lock: &str) -> String {
    format!(
        "SELECT {lock} FROM set_config('lock_timeout', $1, true),
    set_config('tower_conditional.guard', 'open', true) AS guard"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_parameter_number_does_not_overflow() {
        let column = Statements::new().versions_column(u16::MAX);
        assert!(column.contains("$65536"), "{column}");
    }

    fn entries(entries: &[(i32, i64)]) -> Vec<u8> {
        let bytes = entries.iter().flat_map(|(slot, version)| {
            slot.to_be_bytes().into_iter().chain(version.to_be_bytes())
        });
        bytes.collect()
    }

    fn current(scope: &Scope, found: &[(i32, i64)]) -> Result<Current, ScopeError> {
        Statements::new().current(scope, entries(found))
    }

    #[test]
    fn a_row_has_the_version_of_its_slot() {
        let row = Scope::row("notes", 17);
        let Ok(Current::Present(found)) = current(&row, &[(-2, 1), (-1, 3), (0, 42)]) else {
            panic!("the row is present");
        };
        let tag = VersionTags::plain().scope(&row).number(42);
        assert!(found.etag.unwrap().strong_eq(&tag));
        let absent = current(&row, &[(-2, 1), (-1, 3)]);
        assert!(matches!(absent, Ok(Current::Absent)));
        let other = current(&Scope::row("notes", "017"), &[(-2, 1), (-1, 3), (0, 42)]);
        assert!(matches!(other, Ok(Current::Unknown)));
    }

    #[test]
    fn a_collection_has_the_versions_of_all_slots() {
        let table = Scope::table("notes");
        let found = [
            &[(-1, 3)][..],
            &[(-1, 4)],
            &[(-1, 3), (0, 4)],
            &[(-1, 3), (1, 4)],
            &[(-1, 3), (0, 4), (1, 4)],
        ];
        let tags: Vec<_> = found
            .iter()
            .map(|found| match current(&table, found) {
                Ok(Current::Present(found)) => found.etag.unwrap(),
                other => panic!("{other:?}"),
            })
            .collect();
        for (at, tag) in tags.iter().enumerate() {
            assert!(tags[..at].iter().all(|earlier| !earlier.strong_eq(tag)));
        }
    }

    #[test]
    fn an_unwatched_scope_is_an_error() {
        let row = Scope::row("notes", 17);
        for found in [&[][..], &[(0, 42)], &[(-2, 1)], &[(-2, 1), (0, 42)]] {
            let error = current(&row, found).unwrap_err();
            assert_eq!(error, ScopeError::NotWatched(row.clone()));
        }
        let error = Statements::new().current(&row, "42").unwrap_err();
        assert_eq!(error, ScopeError::NotVersions(row));
    }
}
