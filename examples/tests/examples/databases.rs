//! Tags in other processes: valid with the same file, and not valid in memory.

use serde_json::json;

use crate::{
    example::Folder,
    support::{BOTH, Http, Server, in_time},
};

const READS: [&str; 3] = ["/notes", "/notes/2", "/pages/home"];

/// R-9110-8.8.1-a, after a restart.
#[tokio::test]
async fn a_file_keeps_the_notes_and_their_tags() {
    let folder = Folder::new("restart");
    let database = folder.database();
    let arguments = ["--database", &database, "--notes", "2"];

    let mut notes = Server::notes(&arguments).await;
    let any = [("if-match", "*")];
    notes.send(Http::One, "DELETE", "/notes/1", &any, "").await;
    let change = json!({ "text": "changed" });
    notes
        .write(Http::One, "PATCH", "/notes/2", &any, &change)
        .await;
    let mut before = Vec::new();
    for path in READS {
        before.push((path, notes.get(Http::One, path, &[]).await));
    }
    let state = notes
        .get(Http::One, "/state", &[("x-notes-ref", "none")])
        .await;
    in_time(notes.process.kill()).await.unwrap();

    let notes = Server::notes(&arguments).await;
    for http in BOTH {
        for (path, old) in &before {
            let known = [("if-none-match", old.tag())];
            assert_eq!(notes.get(http, path, &known).await.status, 304, "{path}");
            assert_eq!(notes.get(http, path, &[]).await.body, old.body, "{path}");
        }
        let seen = [("x-notes-ref", state.field("x-notes-ref").unwrap())];
        assert_eq!(notes.get(http, "/state", &seen).await.status, 304);
        assert_eq!(notes.get(http, "/notes/1", &[]).await.status, 404);
    }
    let expected = [("if-match", before[1].1.tag())];
    for status in [200, 412] {
        let reply = notes
            .write(Http::Two, "PATCH", "/notes/2", &expected, &change)
            .await;
        assert_eq!(reply.status, status);
    }
}

/// R-9110-8.8-d, R-9110-13.1-a, with two processes.
#[tokio::test]
async fn processes_on_one_file_see_each_others_writes_at_once() {
    let folder = Folder::new("shared");
    let database = folder.database();
    let arguments = ["--database", &database, "--notes", "2"];
    let servers = [
        Server::notes(&arguments).await,
        Server::notes(&arguments).await,
    ];
    for http in BOTH {
        for (here, there) in [(0, 1), (1, 0)].map(|(a, b)| (&servers[a], &servers[b])) {
            let old = there.get(http, "/notes/1", &[]).await;
            let seen = there.get(http, "/state", &[("x-notes-ref", "none")]).await;

            let draft = json!({ "title": "From the other", "text": old.tag() });
            let expected = [("if-match", old.tag())];
            let written = here.write(http, "PUT", "/notes/1", &expected, &draft).await;
            assert_eq!(written.status, 200);

            let known = [("if-none-match", old.tag())];
            let read = there.get(http, "/notes/1", &known).await;
            assert_eq!(read.status, 200);
            assert_eq!(read.tag(), written.tag());
            assert_eq!(read.body, written.body);
            let stale = there
                .write(http, "PUT", "/notes/1", &expected, &draft)
                .await;
            assert_eq!(stale.status, 412);
            assert_eq!(stale.tag(), written.tag());
            let seen = [("x-notes-ref", seen.field("x-notes-ref").unwrap())];
            assert_eq!(there.get(http, "/state", &seen).await.status, 200);
        }
    }
}

/// R-9110-8.8.1-a: versions in memory start again, and another process takes none of the old tags.
#[tokio::test]
async fn a_tag_in_memory_is_valid_in_its_process_only() {
    let mut notes = Server::notes(&[]).await;
    let mut before = Vec::new();
    for path in READS {
        before.push((path, notes.get(Http::One, path, &[]).await));
    }
    let state = notes
        .get(Http::One, "/state", &[("x-notes-ref", "none")])
        .await;
    in_time(notes.process.kill()).await.unwrap();

    let notes = Server::notes(&[]).await;
    for http in BOTH {
        for (path, old) in &before {
            let known = [("if-none-match", old.tag())];
            assert_eq!(notes.get(http, path, &known).await.status, 200, "{path}");
            let expected = [("if-match", old.tag())];
            if *path != "/notes" {
                let reply = notes.send(http, "PUT", path, &expected, "{}").await;
                assert_eq!(reply.status, 412, "{path}");
            }
        }
        let seen = [("x-notes-ref", state.field("x-notes-ref").unwrap())];
        assert_eq!(notes.get(http, "/state", &seen).await.status, 200);
    }
}
