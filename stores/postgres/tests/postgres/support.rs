pub(crate) mod keys;

use std::{fmt::Display, time::Duration};

use deadpool_postgres::{Manager, Object, Pool};
use http::{Request, header, request::Parts};
use tokio::time::{pause, resume};
use tokio_postgres::{Client, Config, NoTls};
use tower_conditional::{Current, ValidatorSource, VersionTags, handler::Expected};
use tower_conditional_postgres::{Error, Install, Lease, Schema, Scope, VersionSource, Watch};
use tower_conditional_testing::Postgres;

/// The time after which a test fails, on a busy machine too.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Returns a pool of connections to a new database.
pub(crate) fn database() -> Pool {
    pool(&Postgres::shared().create_database())
}

pub(crate) fn pool(url: &str) -> Pool {
    pool_of(url, 24, "")
}

/// Returns a pool with a `lock_timeout`, which ends tests that would wait forever.
fn pool_of(url: &str, connections: usize, option: &str) -> Pool {
    let mut config: Config = url.parse().expect("a URL");
    config.options(format!(
        "-c lock_timeout=20s -c deadlock_timeout=100ms {option}"
    ));
    let pool = Pool::builder(Manager::new(config, NoTls)).max_size(connections);
    pool.build().expect("a pool")
}

/// Returns a pool to a new database that detects deadlocks after 2 ms.
pub(crate) fn database_of_deadlocks() -> Pool {
    let url = Postgres::shared().create_database();
    pool_of(&url, 24, "-c deadlock_timeout=2ms")
}

/// Returns a pool of one connection to the same database.
pub(crate) async fn one_connection(other: &Pool) -> Pool {
    pool_of_size(other, 1).await
}

/// Returns a pool of so many connections to the same database.
pub(crate) async fn pool_of_size(other: &Pool, connections: usize) -> Pool {
    pool_with(other, connections, "").await
}

/// Returns such a pool whose statements wait this long for a lock.
pub(crate) async fn pool_with_lock_timeout(other: &Pool, connections: usize, limit: &str) -> Pool {
    pool_with(other, connections, &format!("-c lock_timeout={limit}")).await
}

async fn pool_with(other: &Pool, connections: usize, option: &str) -> Pool {
    let client = connection(other).await;
    let name = client.query_one("SELECT current_database()", &[]).await;
    let name: String = name.expect("a name").get(0);
    let port = Postgres::shared().port();
    let url = format!("postgres://postgres@127.0.0.1:{port}/{name}");
    pool_of(&url, connections, option)
}

/// Returns a pool of one connection to the same database, as a new role with these rights.
pub(crate) async fn pool_as(other: &Pool, role: &str, grants: &[&str]) -> Pool {
    let client = connection(other).await;
    let sql = "SELECT current_database() || '_' || $1";
    let role: String = client
        .query_one(sql, &[&role])
        .await
        .expect("a name")
        .get(0);
    run(other, &format!("CREATE ROLE {role}")).await;
    for grant in grants {
        run(other, &format!("GRANT {grant} TO {role}")).await;
    }
    pool_with(other, 1, &format!("-c role={role}")).await
}

/// Returns a connection whose writes do not wait for those of another.
pub(crate) async fn on_another_slot(pool: &Pool, than: &Client) -> Object {
    let mut same = Vec::new();
    loop {
        let client = connection(pool).await;
        if slot(&client).await != slot(than).await {
            return client;
        }
        same.push(client);
    }
}

pub(crate) async fn slot(client: &Client) -> i32 {
    let row = client.query_one("SELECT pg_backend_pid() % 8", &[]).await;
    row.expect("a slot").get(0)
}

/// Creates a database with the table `notes`, watched in every way.
pub(crate) async fn notes() -> Pool {
    let pool = database();
    run(
        &pool,
        "CREATE TABLE notes (id bigint PRIMARY KEY, tenant_id text, text text NOT NULL DEFAULT '')",
    )
    .await;
    install(&pool, watch_notes()).await;
    pool
}

pub(crate) fn watch_notes() -> Watch {
    Watch::table("notes")
        .each_row("id")
        .whole_table()
        .each_group("tenant_id")
}

pub(crate) async fn install(pool: &Pool, watch: Watch) {
    let schema = Schema::new().watch(watch).expect("a good watch");
    let client = connection(pool).await;
    schema.install(&client).await.expect("the migration runs");
}

pub(crate) async fn connection(pool: &Pool) -> Object {
    pool.get().await.expect("a connection")
}

/// Takes a connection for a guarded transaction.
pub(crate) async fn lease(pool: &Pool) -> Lease {
    Lease::acquire(pool).await.expect("a connection")
}

pub(crate) async fn run(pool: &Pool, sql: &str) {
    connection(pool).await.batch_execute(sql).await.expect(sql);
}

/// Returns the slots and versions of a scope in the table of versions.
pub(crate) async fn versions(pool: &Pool, scope: &Scope) -> Vec<(i32, i64)> {
    let rows = connection(pool)
        .await
        .query(
            "SELECT slot, version FROM conditional_versions WHERE scope = $1 AND slot >= 0 ORDER BY 1",
            &[&scope.as_str()],
        )
        .await
        .expect("versions");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

pub(crate) fn row(id: impl Display) -> Scope {
    Scope::row("notes", id)
}

pub(crate) fn tenant(id: impl Display) -> Scope {
    Scope::group("notes", "tenant_id", id)
}

pub(crate) fn table() -> Scope {
    Scope::table("notes")
}

/// Returns the tag of a scope from a source.
pub(crate) async fn tag(pool: &Pool, scope: &Scope) -> String {
    tag_or_absent(pool, scope).await.expect("a tag")
}

/// Returns the tag of a scope, or `None` if it is absent.
pub(crate) async fn tag_or_absent(pool: &Pool, scope: &Scope) -> Option<String> {
    let scope = scope.clone();
    let source = VersionSource::new(pool.clone(), move |_: &Parts| Some(scope.clone()));
    match source.current(&request("/")).await.expect("an answer") {
        Current::Absent => None,
        current => Some(text_of(&current)),
    }
}

/// Returns the expectation of a `PUT` with this header.
pub(crate) fn expected(field: header::HeaderName, value: &str) -> Expected {
    let request = Request::put("/").header(field, value).body(());
    Expected::of(&request.expect("a request"))
}

pub(crate) fn if_match(tag: &str) -> Expected {
    expected(header::IF_MATCH, tag)
}

pub(crate) fn if_none_match_any() -> Expected {
    expected(header::IF_NONE_MATCH, "*")
}

pub(crate) fn unconditional() -> Expected {
    Expected::of(&Request::put("/").body(()).expect("a request"))
}

/// Returns the plain tag of a version in its scope.
pub(crate) fn number(scope: &Scope, version: i64) -> String {
    VersionTags::plain()
        .scope(scope)
        .number(version)
        .to_string()
}

pub(crate) fn text_of(current: &Current) -> String {
    let found = current.validators().expect("a present state");
    let tag = found.etag.as_ref().expect("a tag").as_header_value();
    tag.to_str().expect("text").to_owned()
}

/// Returns the reason in the text of an error, after the first colon.
pub(crate) fn reason(error: &Error) -> String {
    let text = error.to_string();
    let (_, reason) = text.split_once(": ").expect("a reason");
    reason.to_owned()
}

pub(crate) fn request(path: &str) -> Parts {
    Request::get(path)
        .body(())
        .expect("a request")
        .into_parts()
        .0
}

/// Ends the timeout of a future at once. Only the clock can end it, since its server waits or is asked
/// nothing.
pub(crate) async fn skip_timeout<F: Future>(future: F) -> F::Output {
    pause();
    let output = future.await;
    resume();
    output
}

/// Waits until so many connections wait for a lock.
pub(crate) async fn waiting(pool: &Pool, number: i64) {
    let client = connection(pool).await;
    let sql = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let found = async {
        loop {
            let row = client.query_one(sql, &[]).await.expect("a count");
            if row.get::<_, i64>(0) >= number {
                return;
            }
        }
    };
    tokio::time::timeout(LONG, found)
        .await
        .expect("connections that wait");
}
