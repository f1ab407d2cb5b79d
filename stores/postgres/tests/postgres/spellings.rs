//! Several spellings of one key.

use std::sync::Arc;

use deadpool_postgres::Pool;
use http::request::Parts;
use tokio::sync::Barrier;
use tower_conditional::{Current, ValidatorSource, handler::Expected};
use tower_conditional_postgres::{
    Error, ErrorKind, GuardError, Guarded, Scope, Target, VersionSource, Watch,
};

use crate::support::{
    connection, database, if_match, if_none_match_any, install, lease, reason, request, row, run,
    tag, tag_or_absent,
};

/// Types with spellings of one value. The first is the spelling of PostgreSQL.
const SPELLINGS: [(&str, &[&str]); 4] = [
    ("smallint", &["17", "017"]),
    ("integer", &["17", "017"]),
    ("bigint", &["17", "017", "+17", " 17", "17 "]),
    (
        "uuid",
        &[
            "67e55044-10b1-426f-9247-bb680e5fe0c8",
            "67E55044-10B1-426F-9247-BB680E5FE0C8",
            "67e5504410b1426f9247bb680e5fe0c8",
            "{67e55044-10b1-426f-9247-bb680e5fe0c8}",
        ],
    ),
];

async fn counters(kind: &str) -> Pool {
    let pool = database();
    let sql = format!("CREATE TABLE notes (id {kind} PRIMARY KEY, count bigint)");
    run(&pool, &sql).await;
    install(
        &pool,
        Watch::table("notes").each_row("id").each_group("count"),
    )
    .await;
    pool
}

/// Writes like a handler that passes the key on as it is in the path.
async fn write(
    pool: &Pool,
    kind: &str,
    spelling: &str,
    expected: Expected,
) -> Result<(), GuardError> {
    let mut lease = lease(pool).await;
    let target = Target::scope(row(spelling));
    let tx = Guarded::begin(&mut lease, expected, target).await?;
    let sql = format!(
        "INSERT INTO notes VALUES ($1::text::{kind}, 1)
        ON CONFLICT (id) DO UPDATE SET count = notes.count + 1"
    );
    tx.execute(&sql, &[&spelling]).await?;
    Ok(tx.commit().await?)
}

/// Issue 11: of writers with the same tag and any spelling, one wins.
#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_loses_an_update() {
    for (kind, spellings) in SPELLINGS {
        let pool = counters(kind).await;
        let mut won = 0;
        for round in 0..10 {
            let before = match round {
                0 => None,
                _ => Some(tag(&pool, &row(spellings[0])).await),
            };
            let writers = 2 * spellings.len();
            let barrier = Arc::new(Barrier::new(writers));
            let writers: Vec<_> = (0..writers)
                .map(|at| {
                    let (pool, barrier) = (pool.clone(), Arc::clone(&barrier));
                    let spelling = spellings[at % spellings.len()];
                    let expected = match &before {
                        None => if_none_match_any(),
                        Some(tag) => if_match(tag),
                    };
                    tokio::spawn(async move {
                        barrier.wait().await;
                        (spelling, write(&pool, kind, spelling, expected).await)
                    })
                })
                .collect();
            for writer in writers {
                match writer.await.expect("a writer") {
                    (_, Ok(())) => won += 1,
                    (spelling, Err(GuardError::Precondition(_))) => {
                        assert_eq!(spelling, spellings[0])
                    }
                    (spelling, Err(GuardError::Database(error))) => {
                        assert_eq!(error.kind(), ErrorKind::OtherSpelling, "{spelling}");
                        let scope = row(spelling);
                        assert_eq!(reason(&error), format!("scope {:?}", scope.as_str()));
                    }
                    (_, other) => panic!("{other:?}"),
                }
            }
            assert_eq!(won, round + 1, "{kind}");
        }
        let client = connection(&pool).await;
        let counted = client.query_one("SELECT count FROM notes", &[]).await;
        assert_eq!(counted.expect("one row").get::<_, i64>(0), won);
    }
}

/// Issue 11: another spelling is neither absent nor an empty group.
#[tokio::test]
async fn a_source_does_not_know_another_spelling() {
    for (kind, spellings) in SPELLINGS {
        let pool = counters(kind).await;
        let insert = format!("INSERT INTO notes VALUES ('{}', 5)", spellings[0]);
        run(&pool, &insert).await;
        let state = async |scope: Scope| -> Result<Current, Error> {
            let source = VersionSource::new(pool.clone(), move |_: &Parts| Some(scope.clone()));
            source.current(&request("/")).await
        };
        for (at, spelling) in spellings.iter().enumerate() {
            let current = state(row(spelling)).await.expect("an answer");
            let known = matches!(current, Current::Present(_));
            assert_eq!(known, at == 0, "{spelling}");
            assert_eq!(matches!(current, Current::Unknown), at != 0, "{spelling}");
        }
        for (spelling, known) in [("5", true), ("05", false), ("+5", false), ("x", false)] {
            let group = Scope::group("notes", "count", spelling);
            let current = state(group).await.expect("an answer");
            assert_eq!(matches!(current, Current::Present(_)), known, "{spelling}");
        }
    }
}

/// Each text is its own key.
#[tokio::test]
async fn texts_have_one_spelling() {
    let pool = counters("text").await;
    for spelling in ["17", "017", "+17"] {
        let created = write(&pool, "text", spelling, if_none_match_any()).await;
        created.expect("there was none");
    }
    // No text of PostgreSQL has a NUL, so no row has this key.
    let nul = tag_or_absent(&pool, &row("a\0b")).await;
    assert_eq!(nul, None);
}
