//! The statements of the store. Each is one atomic step on the clock of the server.
//!
//! `now()` would be the time of a transaction. `statement_timestamp()` is that at which its
//! statement began, so that all parts of the statement see the same time. `clock_timestamp()` is
//! the time at which it is evaluated: a statement that waited for a lock sees the time after it.

/// The migration. It locks and creates only what is missing.
///
/// `refused` stays `NULL` if the transaction does not see the table yet, which another
/// installation has then created.
pub(super) const SCHEMA: &str = "
DO $install$
DECLARE
    keys text := format('%I.conditional_idempotency', current_schema());
    refused text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('install/conditional_idempotency', 0));
    IF to_regclass(keys) IS NULL THEN
        CREATE TABLE conditional_idempotency (
            id bytea PRIMARY KEY,
            fingerprint bytea NOT NULL,
            owner bytea NOT NULL,
            fence bigint NOT NULL,
            attempt integer NOT NULL,
            takes_over boolean NOT NULL,
            state smallint NOT NULL,
            lease_until timestamptz NOT NULL,
            seal_reason smallint,
            response bytea,
            replay interval NOT NULL,
            tombstone interval NOT NULL,
            expires timestamptz NOT NULL,
            forgotten_at timestamptz NOT NULL
        );
    END IF;
    SELECT string_agg(reason, '; ') INTO refused
    FROM pg_class AS found, LATERAL (VALUES
        ((SELECT string_agg(attname || ' ' || atttypid::regtype, ', ' ORDER BY attnum)
            FROM pg_attribute WHERE attrelid = found.oid AND attnum > 0 AND NOT attisdropped)
            IS DISTINCT FROM 'id bytea, fingerprint bytea, owner bytea, fence bigint, '
            'attempt integer, takes_over boolean, state smallint, '
            'lease_until timestamp with time zone, seal_reason smallint, response bytea, '
            'replay interval, tombstone interval, expires timestamp with time zone, '
            'forgotten_at timestamp with time zone',
            'other columns: it is of another version or use'),
        (NOT EXISTS (SELECT FROM pg_index
            JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
            WHERE indrelid = found.oid AND attname = 'id' AND indnkeyatts = 1
                AND indisunique AND indisvalid AND indimmediate AND indpred IS NULL),
            'no primary key on the column id: two requests could hold one key'),
        (found.relpersistence <> 'p', 'an unlogged table: a crash would forget all keys')
    ) AS faults (is_so, reason)
    WHERE found.oid = to_regclass(keys) AND is_so;
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION 'table % has %', keys, refused
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF to_regclass(keys || '_forgotten') IS NULL THEN
        CREATE INDEX conditional_idempotency_forgotten
            ON conditional_idempotency (forgotten_at);
    END IF;
END $install$;
";

/// Claims a key: `$1` id, `$2` fingerprint, `$3` owner, `$4` lease, `$5` replay, `$6` tombstone
/// in seconds, `$7` takeover.
///
/// A lost attempt is started again by its own claim, which keeps its number and gets a new fence.
///
/// `started` has a row if the claim was started. It locks a row that it leaves as it is. So
/// `taken` has the newest version of that row, and shows why the claim was not started. Both
/// are decided at the time of the statement. There is no row at all if another claim inserted
/// it since the statement began, or a purge removed it. Then another statement decides.
pub(super) const BEGIN: &str = "
WITH started AS (
    INSERT INTO conditional_idempotency AS record
    SELECT $1, $2, $3, 1, 1, false, 0, statement_timestamp() + make_interval(secs => $4),
        NULL, NULL, make_interval(secs => $5), make_interval(secs => $6),
        statement_timestamp() + make_interval(secs => $4 + $5),
        statement_timestamp() + make_interval(secs => $4 + $5 + $6)
    ON CONFLICT (id) DO UPDATE SET
        fingerprint = excluded.fingerprint,
        owner = excluded.owner,
        fence = record.fence + 1,
        attempt = record.attempt + CASE WHEN record.state = 0 AND record.owner = excluded.owner
            AND record.expires > statement_timestamp() THEN 0 ELSE 1 END,
        takes_over = record.state = 0 AND record.expires > statement_timestamp()
            AND (record.takes_over OR record.owner <> excluded.owner),
        state = 0,
        lease_until = excluded.lease_until,
        seal_reason = NULL,
        response = NULL,
        replay = excluded.replay,
        tombstone = excluded.tombstone,
        expires = excluded.expires,
        forgotten_at = excluded.forgotten_at
    WHERE record.forgotten_at <= statement_timestamp()
        OR record.state = 3 AND record.owner <> excluded.owner
        OR ($7 OR record.owner = excluded.owner) AND record.state = 0
            AND record.lease_until <= statement_timestamp()
            AND record.expires > statement_timestamp()
            AND NOT (record.fingerprint <> excluded.fingerprint
                AND substr(record.fingerprint, 1, 1) = substr(excluded.fingerprint, 1, 1))
    RETURNING *
), taken AS (
    SELECT * FROM conditional_idempotency WHERE id = $1 FOR NO KEY UPDATE
)
SELECT true, fingerprint, owner, fence, attempt, takes_over, state, seal_reason, response,
    extract(epoch FROM lease_until - statement_timestamp())::float8, false
FROM started
UNION ALL
SELECT false, fingerprint, owner, fence, attempt, takes_over, state, seal_reason, response,
    extract(epoch FROM lease_until - statement_timestamp())::float8,
    expires <= statement_timestamp()
FROM taken WHERE NOT EXISTS (SELECT FROM started)";

/// Reads a record that has not expired, for operators: `$1` id.
pub(super) const INSPECT: &str = "
SELECT fence, attempt, state, seal_reason, response,
    extract(epoch FROM lease_until)::float8, lease_until <= clock_timestamp()
FROM conditional_idempotency WHERE id = $1 AND expires > clock_timestamp()";

/// Extends a lease: `$1` id, `$2` owner, `$3` fence, `$4` lease in seconds.
pub(super) const RENEW: &str = "
UPDATE conditional_idempotency SET
    lease_until = clock_timestamp() + make_interval(secs => $4),
    expires = clock_timestamp() + make_interval(secs => $4) + replay,
    forgotten_at = clock_timestamp() + make_interval(secs => $4) + replay + tombstone
WHERE id = $1 AND owner = $2 AND fence = $3 AND state = 0 AND lease_until > clock_timestamp()";

/// Ends an attempt: `$1` id, `$2` owner, `$3` fence, `$4` state, `$5` reason, `$6` response.
pub(super) const END: &str = "
UPDATE conditional_idempotency SET
    state = $4, seal_reason = $5, response = $6,
    expires = clock_timestamp() + replay,
    forgotten_at = clock_timestamp() + replay + tombstone
WHERE id = $1 AND owner = $2 AND fence = $3 AND state = 0 AND lease_until > clock_timestamp()";

/// Ends an attempt in the transaction that began with `LOCK`: the parameters of `END`.
///
/// Returns `true` if that transaction is still open, and `true` if the attempt has ended.
pub(super) fn end_in_transaction() -> String {
    const IS_OPEN: &str =
        "current_setting('tower_conditional.keyed', true) IS NOT DISTINCT FROM 'open'";
    format!(
        "WITH ended AS ({END} AND {IS_OPEN} RETURNING id)
SELECT {IS_OPEN}, EXISTS (SELECT FROM ended)"
    )
}

/// Returns a row if the attempt has ended in this way already: `$1` id, `$2` owner, `$3` fence,
/// `$4` state, `$5` reason.
pub(super) const HAS_ENDED: &str = "
SELECT FROM conditional_idempotency
WHERE id = $1 AND owner = $2 AND fence = $3 AND state = $4
    AND seal_reason IS NOT DISTINCT FROM $5";

/// Settles a lost attempt: `$1` id, `$2` fence, `$3` state, `$4` reason, `$5` response.
///
/// The fence grows, so that late steps of the lost attempt stay without effect.
pub(super) const RESOLVE: &str = "
UPDATE conditional_idempotency SET
    fence = fence + 1, state = $3, seal_reason = $4, response = $5,
    expires = clock_timestamp() + replay,
    forgotten_at = clock_timestamp() + replay + tombstone
WHERE id = $1 AND fence = $2 AND state = 0 AND lease_until <= clock_timestamp()
    AND expires > clock_timestamp()";

/// Returns a row if the key has been settled in this way already: the parameters of `RESOLVE`.
pub(super) const HAS_RESOLVED: &str = "
SELECT FROM conditional_idempotency
WHERE id = $1 AND fence - 1 = $2 AND state = $3
    AND seal_reason IS NOT DISTINCT FROM $4 AND response IS NOT DISTINCT FROM $5
    AND expires > clock_timestamp()";

/// Removes up to `$1` records. Rows that another purge removes are skipped.
///
/// No index could find what is older than `clock_timestamp()`, which changes from row to row.
pub(super) const PURGE: &str = "
DELETE FROM conditional_idempotency WHERE id IN (
    SELECT id FROM conditional_idempotency WHERE forgotten_at <= statement_timestamp()
    LIMIT $1 FOR UPDATE SKIP LOCKED)";

/// Locks a key of this table until the end of the transaction: `$1` a hash of the id.
///
/// The locks are those of the whole database, and other schemas may have such a table too. The
/// setting ends with the transaction, whoever ends it.
pub(super) const LOCK: &str = "SELECT pg_try_advisory_xact_lock(
    $1 # ('conditional_idempotency'::regclass::oid::bigint << 32))
FROM set_config('tower_conditional.keyed', 'open', true)";

/// Returns a row if the attempt holds the key: `$1` id, `$2` owner, `$3` fence.
pub(super) const IS_HELD: &str = "
SELECT FROM conditional_idempotency
WHERE id = $1 AND owner = $2 AND fence = $3 AND state = 0 AND lease_until > clock_timestamp()";
