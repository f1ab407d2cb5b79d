//! The changes that a feed reports, and its connections.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use deadpool_postgres::Pool;
use tokio::{net::TcpListener, sync::mpsc, time::timeout};
use tokio_postgres::Config;
use tower_conditional::{
    cache_tags::CacheTag,
    purge::Purge,
    validator_cache::{
        ChangeEvent::{self, Changed, Connected, Disconnected},
        ChangeFeed,
    },
};
use tower_conditional_postgres::{ErrorKind, InvalidSchema, PostgresChangeFeed};
use tower_conditional_testing::Postgres;

use crate::support::{connection, pool, reason, run};

/// The table and the triggers of the documentation.
pub(crate) const PAGES: &str = "
CREATE TABLE pages (name text PRIMARY KEY, content text NOT NULL);
CREATE FUNCTION notify_page() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM pg_notify('changes', '');
    ELSE
        PERFORM pg_notify('changes', concat_ws(E'\\n', 'page-' || old.name, 'page-' || new.name));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER notify_page AFTER INSERT OR UPDATE OR DELETE ON pages
    FOR EACH ROW EXECUTE FUNCTION notify_page();
CREATE TRIGGER notify_pages AFTER TRUNCATE ON pages
    FOR EACH STATEMENT EXECUTE FUNCTION notify_page();";

/// Returns a feed of the channel of the triggers. Its connection has the name `feed`.
pub(crate) fn feed(url: &str) -> PostgresChangeFeed {
    let mut config: Config = url.parse().expect("a URL");
    config.application_name("feed");
    PostgresChangeFeed::new(config, "changes").expect("a name")
}

/// Returns the next event. A test fails rather than hangs.
pub(crate) async fn next(feed: &mut PostgresChangeFeed) -> ChangeEvent {
    let event = timeout(Duration::from_secs(30), feed.next()).await;
    event.expect("an event in time").expect("it never ends")
}

fn changed(tags: &[&str]) -> ChangeEvent {
    let tags = tags.iter().map(CacheTag::encoded).collect::<Vec<_>>();
    Changed(Purge::new().with_tags(&tags))
}

/// A feed, the errors that it reports, and a pool for writers.
async fn pages() -> (PostgresChangeFeed, Pool) {
    let url = Postgres::shared().create_database();
    let writers = pool(&url);
    run(&writers, PAGES).await;
    (feed(&url), writers)
}

#[tokio::test]
async fn triggers_name_what_a_writer_has_changed() {
    let (mut feed, writers) = pages().await;
    assert_eq!(next(&mut feed).await, Connected);
    for (sql, event) in [
        (
            "INSERT INTO pages VALUES ('home', '1')",
            changed(&["page-home"]),
        ),
        ("UPDATE pages SET content = '2'", changed(&["page-home"])),
        (
            "UPDATE pages SET name = 'über uns'",
            changed(&["page-home", "page-über uns"]),
        ),
        ("DELETE FROM pages", changed(&["page-über uns"])),
        ("TRUNCATE pages", Connected),
    ] {
        run(&writers, sql).await;
        assert_eq!(next(&mut feed).await, event, "{sql}");
    }
    // A transaction that is rolled back changes nothing, and notifies nobody.
    run(
        &writers,
        "BEGIN; INSERT INTO pages VALUES ('a', ''); ROLLBACK",
    )
    .await;
    run(&writers, "NOTIFY changes, '/pages/home'").await;
    let path = Purge::new().with_target("/pages/home".parse().expect("a path"));
    assert_eq!(next(&mut feed).await, Changed(path));
}

/// An unreadable payload is not ignored.
#[tokio::test]
async fn a_payload_that_cannot_be_read_means_everything() {
    let (mut feed, writers) = pages().await;
    assert_eq!(next(&mut feed).await, Connected);
    for payload in ["", "page-home\n", "/pages/a page", " page-home"] {
        let client = connection(&writers).await;
        let notify = "SELECT pg_notify('changes', $1)";
        client.query(notify, &[&payload]).await.expect("it is sent");
        assert_eq!(next(&mut feed).await, Connected, "{payload:?}");
    }
}

#[tokio::test]
async fn a_restart_of_the_server_is_a_gap() {
    let server = Postgres::start();
    let mut feed = feed(&server.url());
    assert_eq!(next(&mut feed).await, Connected);
    server.stop();
    assert_eq!(next(&mut feed).await, Disconnected);
    server.restart();
    assert_eq!(next(&mut feed).await, Connected);
    run(&pool(&server.url()), "NOTIFY changes, 'notes'").await;
    assert_eq!(next(&mut feed).await, changed(&["notes"]));
    server.kill_and_restart();
    assert_eq!(next(&mut feed).await, Disconnected);
    assert_eq!(next(&mut feed).await, Connected);
}

/// The future of `next` is dropped again and again, as by `select!`.
#[tokio::test]
async fn no_event_is_lost_if_nobody_waits_for_it() {
    let (mut feed, writers) = pages().await;
    assert_eq!(next(&mut feed).await, Connected);
    let mut seen = Vec::new();
    for number in 0..100 {
        run(
            &writers,
            &format!("INSERT INTO pages VALUES ('{number}', '')"),
        )
        .await;
        tokio::select! {
            biased;
            event = feed.next() => seen.extend(event),
            () = tokio::task::yield_now() => {}
        }
    }
    while seen.len() < 100 {
        seen.push(next(&mut feed).await);
    }
    for (number, event) in seen.into_iter().enumerate() {
        assert_eq!(event, changed(&[&format!("page-{number}")]));
    }
}

/// The server accepts connections and never answers.
#[tokio::test(start_paused = true)]
async fn a_silent_server_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let errors = Arc::new(Mutex::new(Vec::new()));
    let reported = Arc::clone(&errors);
    let mut feed =
        feed(&format!("postgres://postgres@127.0.0.1:{port}/postgres")).on_error(move |error| {
            reported
                .lock()
                .expect("no panic")
                .push((error.kind(), reason(error)))
        });
    let waited = timeout(Duration::from_secs(60), feed.next()).await;
    assert!(waited.is_err());
    let errors = errors.lock().expect("no panic");
    // Ten times 5 seconds, and the pauses are part of them, since they count from the start.
    assert!((10..=12).contains(&errors.len()), "{}", errors.len());
    let silent = (ErrorKind::TimedOut, "no connection within 5s".to_owned());
    assert!(errors.iter().all(|error| *error == silent), "{errors:?}");
}

#[tokio::test]
async fn a_database_that_comes_later_is_found() {
    let url = Postgres::shared().create_database();
    let later = format!("{url}_later");
    let (failed, mut failures) = mpsc::unbounded_channel();
    let mut feed = feed(&later).on_error(move |error| {
        let _ = failed.send(error.kind());
    });
    let waiting = tokio::spawn(async move { next(&mut feed).await });
    assert_eq!(failures.recv().await, Some(ErrorKind::Database));
    let name = later.rsplit('/').next().expect("a name");
    run(&pool(&url), &format!("CREATE DATABASE {name}")).await;
    assert_eq!(waiting.await.expect("no panic"), Connected);
}

#[tokio::test]
async fn a_channel_may_have_any_name_that_postgres_keeps() {
    let url = Postgres::shared().create_database();
    let channel = "Changes of \"pages\"; SELECT 1";
    let config: Config = url.parse().expect("a URL");
    let (failed, mut failures) = mpsc::unbounded_channel();
    let mut feed = PostgresChangeFeed::new(config.clone(), channel)
        .expect("a name")
        .heartbeat(Duration::from_millis(20))
        .on_error(move |error| drop(failed.send(reason(error))));
    assert_eq!(next(&mut feed).await, Connected);
    // Each check finds the channel, unless the machine is too busy to answer.
    let _ = timeout(Duration::from_millis(200), feed.next()).await;
    while let Ok(reason) = failures.try_recv() {
        assert_eq!(reason, "no answer within 20ms");
    }
    let mut feed = feed.heartbeat(Duration::from_secs(30));
    let notify = "SELECT pg_notify($1, 'pages')";
    let client = connection(&pool(&url)).await;
    client.query(notify, &[&channel]).await.expect("it is sent");
    while next(&mut feed).await != changed(&["pages"]) {
        client.query(notify, &[&channel]).await.expect("it is sent");
    }

    assert!(PostgresChangeFeed::new(config.clone(), "n".repeat(63)).is_ok());
    for name in ["", "a\0b", &"n".repeat(64)] {
        let refused = PostgresChangeFeed::new(config.clone(), name).expect_err("it is refused");
        assert_eq!(refused, InvalidSchema::Name(name.to_owned()));
    }
}

/// A heartbeat that is longer than any time of the clock.
#[tokio::test]
async fn an_endless_heartbeat_never_checks() {
    let url = Postgres::shared().create_database();
    let mut feed = feed(&url).heartbeat(Duration::MAX);
    assert_eq!(next(&mut feed).await, Connected);
    run(&pool(&url), "SELECT pg_notify('changes', 'pages')").await;
    assert_eq!(next(&mut feed).await, changed(&["pages"]));
}
