//! Databases that are put back in an older state, and services that share one.

use std::convert::Infallible;

use bytes::Bytes;
use deadpool_postgres::Pool;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{IdempotencyLayer, body::RequestBody, idempotency::Attempt};
use tower_conditional_postgres::{Install, Keyed, Lease, PostgresIdempotencyStore, Schema};
use tower_conditional_testing::Postgres;

use crate::support::{
    connection, database, install, notes, pool, row, run, table, tag, watch_notes,
};

/// Copies a database, as a backup or a restore does, and returns a pool to the copy.
async fn copy(pool_of: &Pool) -> Pool {
    let name: String = connection(pool_of)
        .await
        .query_one("SELECT current_database()::text", &[])
        .await
        .expect("a name")
        .get(0);
    pool_of.retain(|_, _| false);
    let copy = format!("{name}_c");
    let server = Postgres::shared();
    let admin = pool(&server.url());
    let client = connection(&admin).await;
    client
        .batch_execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .await
        .expect("ended");
    let gone = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'");
    let ended = async {
        loop {
            let row = client.query_one(&gone, &[]).await.expect("a count");
            if row.get::<_, i64>(0) == 0 {
                return;
            }
        }
    };
    let limit = std::time::Duration::from_secs(20);
    tokio::time::timeout(limit, ended)
        .await
        .expect("closed sessions");
    client
        .batch_execute(&format!("CREATE DATABASE {copy} TEMPLATE {name}"))
        .await
        .expect("a copy");
    pool(&format!(
        "postgres://postgres@127.0.0.1:{}/{copy}",
        server.port()
    ))
}

async fn update(pool: &Pool, text: &str) -> String {
    run(pool, &format!("UPDATE notes SET text = '{text}'")).await;
    tag(pool, &row(1)).await
}

#[tokio::test]
async fn a_restored_backup_gives_no_old_tag_to_new_content() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a', 'old')").await;
    let backup = copy(&pool).await;
    let lost = update(&pool, "lost").await;
    install(&backup, watch_notes()).await;
    assert_ne!(update(&backup, "new").await, lost);
}

/// The migration ran between the backup and the restore, as at each start.
#[tokio::test]
async fn a_start_between_backup_and_restore_keeps_tags_apart() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a', 'old')").await;
    let backup = copy(&pool).await;
    install(&pool, watch_notes()).await;
    let lost = update(&pool, "lost").await;
    install(&backup, watch_notes()).await;
    assert_ne!(update(&backup, "new").await, lost);
}

/// Old tags of a database whose versions were dropped with their sequence.
#[tokio::test]
async fn versions_that_are_dropped_and_created_have_other_tags() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a', 'old')").await;
    let old = update(&pool, "old").await;
    let drop = "DROP TABLE conditional_versions; DROP SEQUENCE \"conditional_versions/numbers\"";
    run(&pool, drop).await;
    install(&pool, watch_notes()).await;
    let mut seen = vec![tag(&pool, &row(1)).await];
    for _ in 0..20 {
        seen.push(update(&pool, "new").await);
    }
    assert!(!seen.contains(&old), "{old} in {seen:?}");
}

/// The sequence is ahead of a clock that was set back.
#[tokio::test]
async fn a_clock_behind_the_numbers_brings_no_old_tag_back() {
    let pool = notes().await;
    let ahead = "SELECT setval('\"conditional_versions/numbers\"', 9000000000000000)";
    run(&pool, ahead).await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a', 'old')").await;
    let lost = update(&pool, "lost").await;
    run(&pool, ahead).await;
    install(&pool, watch_notes()).await;
    for _ in 0..3 {
        assert_ne!(update(&pool, "new").await, lost);
    }
}

#[tokio::test]
async fn a_table_of_versions_that_was_dropped_is_installed_again() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a', 'old')").await;
    let old = tag(&pool, &row(1)).await;
    run(&pool, "DROP TABLE conditional_versions").await;
    let client = connection(&pool).await;
    let schema = Schema::new().watch(watch_notes()).expect("a good watch");
    schema.verify(&client).await.expect_err("it is gone");
    schema.install(&client).await.expect("an installation");
    drop(client);
    assert_ne!(tag(&pool, &row(1)).await, old);
    assert_ne!(update(&pool, "new").await, old);
}

/// A writer whose path of schemas is empty, as in a dump or in a hardened role.
#[tokio::test]
async fn a_writer_without_a_search_path_changes_versions() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a', 'old')").await;
    let before = (tag(&pool, &row(1)).await, tag(&pool, &table()).await);
    let client = connection(&pool).await;
    for sql in [
        "UPDATE public.notes SET text = 'new'",
        "DELETE FROM public.notes",
        "INSERT INTO public.notes VALUES (1, 'a', 'old')",
        "TRUNCATE public.notes",
        "INSERT INTO public.notes VALUES (1, 'a', 'old')",
    ] {
        client
            .batch_execute(&format!("SET search_path = ''; {sql}; RESET search_path"))
            .await
            .expect(sql);
    }
    drop(client);
    assert_ne!(tag(&pool, &row(1)).await, before.0);
    assert_ne!(tag(&pool, &table()).await, before.1);
}

/// A path with objects of the same names in front changes no writer's functions.
#[tokio::test]
async fn functions_of_another_schema_do_not_replace_those_of_the_triggers() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a', 'old')").await;
    let before = tag(&pool, &row(1)).await;
    run(&pool, "CREATE SCHEMA odd; CREATE TABLE odd.conditional_versions (scope text, slot int, version bigint);
        CREATE SEQUENCE odd.\"conditional_versions/numbers\";
        CREATE FUNCTION odd.\"conditional_versions/bump\"(text, text[], integer) RETURNS void LANGUAGE sql AS 'SELECT';
        SET search_path = odd, public; UPDATE public.notes SET text = 'new'; RESET search_path").await;
    assert_ne!(tag(&pool, &row(1)).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_may_install_the_schema_at_once() {
    for _ in 0..3 {
        let pool = database();
        run(
            &pool,
            "CREATE TABLE notes (id bigint PRIMARY KEY, tenant_id text, text text)",
        )
        .await;
        let installing: Vec<_> = (0..8)
            .map(|_| {
                let pool = pool.clone();
                tokio::spawn(async move { install(&pool, watch_notes()).await })
            })
            .collect();
        for installed in installing {
            installed.await.expect("an installation");
        }
    }
}

type Posted = Request<RequestBody<Full<Bytes>>>;

async fn service_in(
    pool: &Pool,
    answer: &'static str,
    key: &str,
    body: &'static str,
    host: &str,
) -> (StatusCode, bool, Bytes) {
    let layer = IdempotencyLayer::new(
        PostgresIdempotencyStore::new(pool.clone()),
        |_: &http::request::Parts| Some("ada"),
    );
    let service = layer.layer(service_fn(move |_: Posted| async move {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(answer)))
    }));
    let request = Request::post("/items")
        .header("host", host)
        .header("idempotency-key", format!("\"{key}\""))
        .body(Full::from(body))
        .expect("a request");
    let response = service.oneshot(request).await.expect("a response");
    let status = response.status();
    let replayed = response.headers().contains_key("idempotent-replayed");
    (
        status,
        replayed,
        response
            .into_body()
            .collect()
            .await
            .expect("content")
            .to_bytes(),
    )
}

async fn in_schema(url: &str, schema: &str) -> Pool {
    run(&pool(url), &format!("CREATE SCHEMA {schema}")).await;
    let mut config: tokio_postgres::Config = url.parse().expect("a URL");
    config.options(format!("-c search_path={schema}"));
    let manager = deadpool_postgres::Manager::new(config, tokio_postgres::NoTls);
    let pool = Pool::builder(manager).max_size(4).build().expect("a pool");
    run(&pool, PostgresIdempotencyStore::schema_sql()).await;
    pool
}

/// Each schema of a database is a store of its own.
#[tokio::test(flavor = "multi_thread")]
async fn schemas_keep_the_keys_of_services_apart() {
    let url = Postgres::shared().create_database();
    for (schema, answer) in [("orders", "order"), ("mails", "mail")] {
        let pool = in_schema(&url, schema).await;
        let first = service_in(&pool, answer, "a", "{}", "gateway").await;
        assert_eq!(first, (StatusCode::OK, false, Bytes::from(answer)));
        let retry = service_in(&pool, answer, "a", "{}", "gateway").await;
        assert_eq!(retry, (StatusCode::OK, true, Bytes::from(answer)));
    }
}

/// Answers with 503 if the transaction of the key cannot begin.
async fn begin_in(pool: Pool, posted: Posted) -> Result<Response<Full<Bytes>>, Infallible> {
    let attempt = posted.extensions().get::<Attempt>().expect("an attempt");
    let mut lease = Lease::acquire(&pool).await.expect("a connection");
    let begun = Keyed::begin(&mut lease, attempt).await;
    let mut response = Response::new(Full::default());
    if begun.is_err() {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    Ok(response)
}

/// A transaction of one service does not hold the key of another.
#[tokio::test(flavor = "multi_thread")]
async fn a_keyed_transaction_of_another_schema_is_no_obstacle() {
    let url = Postgres::shared().create_database();
    let orders = in_schema(&url, "orders").await;
    let mails = in_schema(&url, "mails").await;
    let layer =
        |pool: &Pool| IdempotencyLayer::for_anyone(PostgresIdempotencyStore::new(pool.clone()));
    let request = || {
        let request = Request::post("/items").header("idempotency-key", "\"a\"");
        request.body(Full::<Bytes>::default()).expect("a request")
    };
    let mails = layer(&mails).layer(service_fn(move |posted| begin_in(mails.clone(), posted)));
    let service = layer(&orders).layer(service_fn(move |posted: Posted| {
        let (orders, mails) = (orders.clone(), mails.clone());
        async move {
            let attempt = posted.extensions().get::<Attempt>().expect("an attempt");
            let mut lease = Lease::acquire(&orders).await.expect("a connection");
            let open = Keyed::begin(&mut lease, attempt).await.expect("the key");
            let mailed = mails.oneshot(request()).await.expect("a response");
            drop(open);
            let mut response = Response::new(Full::<Bytes>::default());
            *response.status_mut() = mailed.status();
            Ok::<_, Infallible>(response)
        }
    }));
    let answered = service.oneshot(request()).await.expect("a response");
    assert_eq!(answered.status(), StatusCode::OK);
}
