//! A 304 of one replica after a write of another.

use http::{Request, StatusCode, header};
use http_body_util::Full;
use tower_conditional_testing::Postgres;

use crate::{
    race::{Connection, Http},
    support::{Client, PAGE, in_time, three},
};

/// P-VC-intent: a cache in memory knows the writes of its process alone. So on a database that
/// replicas share, the tags of pages are not remembered.
#[tokio::test]
async fn no_replica_remembers_a_page_that_another_writes() {
    let url = Postgres::shared().create_database();
    let replicas = three(&["--postgres", &url]);
    for round in 0..3 {
        let mut writer = Client::of(&replicas[round]).await;
        let page = writer.read().await;
        let mut connections = Vec::new();
        for replica in &replicas {
            connections.push(Connection::open(replica.address(), Http::One).await);
        }
        for (written, status) in [(false, StatusCode::NOT_MODIFIED), (true, StatusCode::OK)] {
            if written {
                writer.assert_writes(&format!("round {round}")).await;
            }
            for connection in &mut connections {
                let read = Request::get(PAGE).header(header::IF_NONE_MATCH, &page.tag);
                let read = read.body(Full::default()).unwrap();
                let response = in_time(connection.exchange(read)).await;
                assert_eq!(response.expect("an answer").status(), status);
            }
        }
    }
}
