//! A tag belongs to one note, with each database.

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::Full;
use tower_conditional::VersionTags;
use tower_conditional_testing::{Postgres, Replica};

use crate::{
    race::{Connection, Http},
    support::{File, connect, in_time, notes, tag_of},
};

async fn assert_tags_are_bound(replica: &Replica) {
    let mut connection = Connection::open(replica.address(), Http::One).await;
    let mut tags = Vec::new();
    for path in [
        "/notes/4",
        "/notes/5",
        "/notes/6",
        "/pages/home",
        "/pages/about",
    ] {
        let read = Request::get(path).body(Full::default()).unwrap();
        let response = in_time(connection.exchange(read)).await.expect("an answer");
        let tag = tag_of(&response);
        assert!(!tags.contains(&tag), "{path}: {tag}");
        tags.push(tag);
    }
    for (tag, status) in [
        (&tags[0], 412),
        (&tags[3], 412),
        (&tags[1], 200),
        (&tags[1], 412),
    ] {
        let response = put(&mut connection, tag).await;
        assert_eq!(response.status(), status, "{tag}");
    }
}

async fn put(connection: &mut Connection, tag: &str) -> Response<Bytes> {
    let request = Request::put("/notes/5").header(header::IF_MATCH, tag);
    let request = request.body(Full::from("{\"title\":\"x\"}")).unwrap();
    in_time(connection.exchange(request))
        .await
        .expect("an answer")
}

/// Issue 10, B.5, R-9110-13.1.1-a: `PUT /notes/5` with the tag of note 4 was once performed.
#[tokio::test]
async fn the_tag_of_another_note_is_refused_in_memory() {
    assert_tags_are_bound(&Replica::start(&mut notes(&[]))).await;
}

/// Issue 10, B.5, R-9110-13.1.1-a, with plain tags on a file.
#[tokio::test]
async fn the_tag_of_another_note_is_refused_on_sqlite() {
    let file = File::new("scopes");
    let replica = Replica::start(&mut notes(&["--database", file.path()]));
    assert_tags_are_bound(&replica).await;
}

/// Issue 10, B.5, R-9110-13.1.1-a, with PostgreSQL.
#[tokio::test]
async fn the_tag_of_another_note_is_refused_on_postgres() {
    let url = Postgres::shared().create_database();
    let replica = Replica::start(&mut notes(&["--postgres", &url]));
    // The versions are made equal, as with SQLite, where one migration gives all rows the same.
    let equal = "UPDATE conditional_versions SET version = 7 WHERE slot = 0";
    connect(&url).await.batch_execute(equal).await.unwrap();
    assert_tags_are_bound(&replica).await;
}

/// Issue 10, B.5: both stores make the same tag from the same scope and version.
#[test]
fn stores_spell_scopes_alike() {
    let parts = [
        "", "/", "a", "a/b", "%", "%2F", "'", "\"", "\\", "ä", "17", " ",
    ];
    let tag = |scope: &dyn AsRef<[u8]>| VersionTags::plain().scope(scope).number(7).to_string();
    for one in parts {
        let table = tag(&tower_conditional_sqlite::Scope::table(one));
        assert_eq!(table, tag(&tower_conditional_postgres::Scope::table(one)));
        for two in parts {
            let row = tag(&tower_conditional_sqlite::Scope::row(one, two));
            assert_eq!(row, tag(&tower_conditional_postgres::Scope::row(one, two)));
            let group = tag(&tower_conditional_sqlite::Scope::group(one, two, one));
            let same = tag(&tower_conditional_postgres::Scope::group(one, two, one));
            assert_eq!(group, same);
        }
    }
}
