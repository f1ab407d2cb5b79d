use std::borrow::Cow;

use tower_conditional::{Current, VersionTags};

use super::{
    name::TableName,
    spelling::is_spelled,
    versions::{BUCKETS, SPELLING, Versions, WATCHED},
};
use crate::{InvalidSchema, Scope, ScopeError};

/// A slot (`int4`) and its version (`int8`), in the order of the network.
type Entry = [u8; 12];

/// The statements about the versions that the triggers of a
/// [`Schema`](super::Schema) keep.
///
/// # A guarded write
///
/// These steps of a `READ COMMITTED` transaction hold the state until its end, beside
/// writers that are not guarded:
///
/// 1. For a table or group run [`lock_collection`](Self::lock_collection), for a row
///    [`set_lock_timeout`](Self::set_lock_timeout).
/// 2. Run [`read_for_update`](Self::read_for_update), and make its state with
///    [`current`](Self::current). Refuse the write if it is [`Current::Unknown`].
/// 3. If it is [`Current::Absent`], run [`hold_absence`](Self::hold_absence). If that
///    gives no row, another writer was faster: repeat step 2.
/// 4. Compare with `Expected::check`, and write.
/// 5. If an absence is held, run [`release_absence`](Self::release_absence). Commit.
///
/// If a statement fails in a lock timeout (`55P03`) or a deadlock (`40P01`), nothing
/// was written: try again.
#[derive(Debug, Clone)]
#[must_use]
pub struct Statements {
    versions: Versions,
    tags: VersionTags,
    read: String,
}

impl Statements {
    /// Creates the statements about the table `conditional_versions`, with plain
    /// tags.
    pub fn new() -> Self {
        Self::about(Versions::default(), VersionTags::plain())
    }

    fn about(versions: Versions, tags: VersionTags) -> Self {
        let read = read(&versions.table, 1);
        Self {
            versions,
            tags,
            read,
        }
    }

    /// Sets the name that [`Schema::versions_table`](super::Schema::versions_table)
    /// was given.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`].
    pub fn versions_table(self, name: impl Into<String>) -> Result<Self, InvalidSchema> {
        Ok(Self::about(Versions::new(name)?, self.tags))
    }

    /// Sets how versions become tags. Defaults to [`VersionTags::plain`].
    pub fn tags(self, tags: VersionTags) -> Self {
        Self { tags, ..self }
    }

    /// Returns how versions of a scope become tags, as for
    /// `Expected::versions_of` in a handler.
    #[must_use]
    pub fn tags_of(&self, scope: &Scope) -> VersionTags {
        self.tags.scope(scope)
    }

    /// Returns the text of a scope as a parameter. It is [`Scope::as_str`], but a NUL,
    /// which no text of PostgreSQL has, is `%00`, and so the text of no row.
    #[must_use]
    pub fn scope_text(scope: &Scope) -> Cow<'_, str> {
        let text = scope.as_str();
        if text.contains('\0') {
            return text.replace('\0', "%00").into();
        }
        text.into()
    }

    /// Returns the statement that reads the versions of a scope. Its parameters are
    /// [`scope_text`](Self::scope_text) and [`Scope::watch_key`], both `text`. It gives
    /// one row with one `bytea`, `versions`, for [`current`](Self::current).
    #[must_use]
    pub fn read(&self) -> &str {
        &self.read
    }

    /// Returns [`read`](Self::read) as an expression, so that a statement reads
    /// content and versions at once and nothing can come between. Its two parameters
    /// have the number `first` and the next one.
    ///
    /// A statement that gives no row gives no versions either. To read a whole table,
    /// put them first:
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

    /// Returns [`read`](Self::read) with a lock on the versions, until the transaction
    /// ends.
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

    /// Returns the statement that holds the absence of a row until the transaction ends: a writer
    /// that inserts the row waits. Its parameter is [`scope_text`](Self::scope_text). It waits for
    /// all who have inserted the row and not committed, and gives a `bigint` for
    /// [`release_absence`](Self::release_absence), or no row if the row is there.
    #[must_use]
    pub fn hold_absence(&self) -> String {
        let (table, next) = (&self.versions.table, self.versions.next());
        format!(
            "INSERT INTO {table} (scope, slot, version) VALUES ($1, 0, {next})
ON CONFLICT DO NOTHING RETURNING version"
        )
    }

    /// Returns the statement that ends a [held absence](Self::hold_absence), before
    /// the commit. It changes nothing if the row was inserted meanwhile. Its
    /// parameters are [`scope_text`](Self::scope_text) and the `bigint`.
    #[must_use]
    pub fn release_absence(&self) -> String {
        let table = &self.versions.table;
        format!("DELETE FROM {table} WHERE scope = $1 AND slot = 0 AND version = $2")
    }

    /// Returns the statement that sets the lock timeout of the transaction. Its
    /// parameter is a number of milliseconds as `text`.
    #[must_use]
    pub fn set_lock_timeout() -> String {
        after_lock_timeout("")
    }

    /// Returns the statement that [sets the lock timeout](Self::set_lock_timeout) and
    /// then waits for the writers of a table or group. Its parameters are the
    /// timeout, [`Scope::watch_key`] and [`scope_text`](Self::scope_text), all `text`.
    #[must_use]
    pub fn lock_collection() -> String {
        // The lock that `bump` of the schema shares.
        let key = format!("$2, hashtextextended($3, 0) & {}", BUCKETS - 1);
        after_lock_timeout(&advisory_lock(&key))
    }

    /// Returns the statement that [sets the lock timeout](Self::set_lock_timeout) and
    /// then waits for all who locked the same scope with it, watched or not. Its
    /// parameters are the timeout and [`scope_text`](Self::scope_text), both `text`.
    #[must_use]
    pub fn lock_unwatched() -> String {
        after_lock_timeout(&advisory_lock("$2, 1"))
    }

    /// Returns the statement that reads the number of the latest event, a `bigint`, in
    /// a table of [`Schema::events`](super::Schema::events); 0 before the first.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema::Name`].
    pub fn latest_event(table: impl Into<String>) -> Result<String, InvalidSchema> {
        let table = TableName::new(table)?;
        Ok(format!("SELECT coalesce(max(id), 0)::bigint FROM {table}"))
    }

    /// Returns the state of a scope, from the value that [`read`](Self::read) gives
    /// for it.
    ///
    /// A row without a version is [`Current::Absent`]. A table and a group are always
    /// [`Current::Present`]. It is [`Current::Unknown`] only for a key that PostgreSQL
    /// spells in another way; see [`Scope`].
    ///
    /// # Errors
    ///
    /// [`ScopeError::NotWatched`]; [`ScopeError::NotVersions`] for a value of another
    /// statement.
    pub fn current(
        &self,
        scope: &Scope,
        versions: impl AsRef<[u8]>,
    ) -> Result<Current, ScopeError> {
        let (mut entries, []) = versions.as_ref().as_chunks() else {
            return Err(ScopeError::NotVersions(scope.clone()));
        };
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
            && !is_spelled(spelling, value)
        {
            return Ok(Current::Unknown);
        }
        let tags = self.tags_of(scope);
        if scope.is_collection() {
            // The row that says that it is watched makes a tag without any slot.
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

/// All entries of a scope as one value: the query's, and those of its watch.
fn aggregate(slots: &str, table: &TableName, watch_key: u32) -> String {
    format!(
        "SELECT coalesce(string_agg(int4send(slot) || int8send(version), '' ORDER BY slot), '') AS versions
FROM ({slots}
    UNION ALL SELECT slot, version FROM {table} WHERE scope = ${watch_key} AND slot < 0
) AS entries"
    )
}

fn slot(entry: &Entry) -> i32 {
    let [a, b, c, d, ..] = *entry;
    i32::from_be_bytes([a, b, c, d])
}

fn version(entry: &Entry) -> i64 {
    let [_, _, _, _, version @ ..] = *entry;
    i64::from_be_bytes(version)
}

fn advisory_lock(key: &str) -> String {
    format!("pg_advisory_xact_lock(hashtextextended({key}))")
}

/// Evaluates `lock` under the lock timeout, in the same round trip.
fn after_lock_timeout(lock: &str) -> String {
    format!("SELECT {lock} FROM set_config('lock_timeout', $1, true)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_number_of_a_parameter_does_not_overflow() {
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
            panic!("it is there");
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
    fn what_is_not_watched_is_no_state() {
        let row = Scope::row("notes", 17);
        for found in [&[][..], &[(0, 42)], &[(-2, 1)], &[(-2, 1), (0, 42)]] {
            let error = current(&row, found).unwrap_err();
            assert_eq!(error, ScopeError::NotWatched(row.clone()));
        }
        let error = Statements::new().current(&row, "42").unwrap_err();
        assert_eq!(error, ScopeError::NotVersions(row));
    }
}
