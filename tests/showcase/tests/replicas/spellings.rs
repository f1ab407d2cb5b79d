//! Paths that the handlers take for the same resource, on all replicas at once.

use http::{Method, Request, header};
use http_body_util::Full;
use tokio::task::JoinSet;
use tower_conditional_testing::{Postgres, Replica};

use crate::{
    race::{Connection, Http},
    support::{File, three},
};

const SPELLINGS: [&str; 6] = [
    "/notes/1",
    "/notes/01",
    "/notes/+1",
    "/notes/%31",
    "/notes/%2B001",
    "/notes/1?as=1",
];
const ROUNDS: usize = 30;

/// Checks that each round has one winner, whose text is stored, and that all others were refused.
async fn assert_one_winner_each(replicas: &[Replica; 3]) {
    let mut reader = Connection::open(replicas[0].address(), Http::One).await;
    for round in 0..ROUNDS {
        let read = || Request::get("/notes/1").body(Full::default()).unwrap();
        let current = reader.exchange(read()).await.unwrap();
        let tag = &current.headers()[header::ETAG];
        let mut writers = JoinSet::new();
        for (number, path) in SPELLINGS.into_iter().cycle().take(18).enumerate() {
            let address = replicas[number % 3].address();
            let text = format!("round {round}, writer {number}");
            let (method, content) = if number % 2 == 0 {
                (Method::PUT, format!(r#"{{"title":"t","text":"{text}"}}"#))
            } else {
                (Method::PATCH, format!(r#"{{"text":"{text}"}}"#))
            };
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header(header::IF_MATCH, tag)
                .header(header::CONTENT_TYPE, "application/json")
                .body(Full::from(content))
                .unwrap();
            writers.spawn(async move {
                let mut connection = Connection::open(address, Http::One).await;
                let answer = connection.exchange(request).await.unwrap();
                (answer.status().as_u16(), text)
            });
        }
        let (won, lost): (Vec<_>, Vec<_>) = writers
            .join_all()
            .await
            .into_iter()
            .partition(|(status, _)| *status == 200);
        let [(_, text)] = &won[..] else {
            panic!("round {round}: {won:?}, {lost:?}");
        };
        assert!(lost.iter().all(|(status, _)| *status == 412), "{lost:?}");
        let stored = reader.exchange(read()).await.unwrap();
        let stored = String::from_utf8_lossy(stored.body()).into_owned();
        assert!(stored.contains(&format!(r#""{text}""#)), "{stored}: {text}");
    }
}

/// Issue 11, A.4, with three processes on one PostgreSQL.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_spellings_are_one_note_on_postgres() {
    let url = Postgres::shared().create_database();
    assert_one_winner_each(&three(&["--postgres", &url])).await;
}

/// Issue 11, A.4, with three processes on one file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_spellings_are_one_note_on_sqlite() {
    let file = File::new("spellings");
    assert_one_winner_each(&three(&["--database", file.path()])).await;
}
