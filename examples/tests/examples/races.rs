//! Concurrent writers in two processes on one file.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    example::Folder,
    support::{BOTH, Http, Reply, Server, in_time},
};

const WRITERS: usize = 32;

/// Runs the race. Each writer sends its own text, and both processes agree on the winner.
async fn assert_one_wins(
    servers: &[Server; 2],
    http: Http,
    path: &str,
    condition: (&str, &str),
    success: u16,
) {
    let writers = (0..WRITERS).map(|writer| async move {
        let draft = json!({ "title": "Mine", "text": format!("writer {writer}") });
        servers[writer % 2]
            .write(http, "PUT", path, &[condition], &draft)
            .await
    });
    let replies: Vec<Reply> = join_all(writers).await;
    let (won, lost): (Vec<_>, Vec<_>) = replies
        .iter()
        .enumerate()
        .partition(|(_, reply)| reply.status == success);
    assert!(lost.iter().all(|(_, reply)| reply.status == 412));
    let [(winner, won)] = won[..] else {
        panic!("{} writers won", won.len());
    };
    assert_eq!(won.json()["text"], format!("writer {winner}"));
    for server in servers {
        let read = server.get(http, path, &[]).await;
        assert_eq!(read.json(), won.json());
        assert_eq!(read.tag(), won.tag());
    }
    // Each loser got the note of the winner, to try again with.
    for (_, reply) in lost {
        assert_eq!(reply.json(), won.json());
        assert_eq!(reply.tag(), won.tag());
    }
}

async fn two_processes(folder: &Folder) -> [Server; 2] {
    let database = folder.database();
    let arguments = ["--database", &database, "--notes", "2"];
    [
        Server::notes(&arguments).await,
        Server::notes(&arguments).await,
    ]
}

/// R-9110-13.1.2-g.
#[tokio::test]
async fn one_of_many_creators_wins() {
    let folder = Folder::new("creates");
    let servers = two_processes(&folder).await;
    for (http, path) in BOTH.into_iter().zip(["/notes/50", "/notes/60"]) {
        assert_one_wins(&servers, http, path, ("if-none-match", "*"), 201).await;
    }
}

/// R-9110-13.1-a.
#[tokio::test]
async fn one_of_many_writers_with_one_tag_wins() {
    let folder = Folder::new("writes");
    let servers = two_processes(&folder).await;
    for http in BOTH {
        let read = servers[0].get(http, "/notes/1", &[]).await;
        assert_one_wins(&servers, http, "/notes/1", ("if-match", read.tag()), 200).await;
    }
}

/// R-9110-13.1-a, in memory: each writer tries until it succeeds, and no change is lost.
#[tokio::test]
async fn no_change_is_lost() {
    let notes = Server::notes(&["--notes", "1"]).await;
    let notes = &notes;
    let writers = (0..8).map(|writer| async move {
        let http = BOTH[writer % 2];
        let mut current = notes.get(http, "/notes/1", &[]).await;
        loop {
            let text = current.json()["text"].as_str().unwrap().to_owned();
            let change = json!({ "text": format!("{text} [{writer}]") });
            let fields = [("if-match", current.tag())];
            let reply = notes
                .write(http, "PATCH", "/notes/1", &fields, &change)
                .await;
            if reply.status == 200 {
                return;
            }
            assert_eq!(reply.status, 412);
            current = reply;
        }
    });
    in_time(join_all(writers)).await;
    let note: Value = notes.get(Http::One, "/notes/1", &[]).await.json();
    assert_eq!(note["version"], 9);
    for writer in 0..8 {
        let text = note["text"].as_str().unwrap();
        assert_eq!(text.matches(&format!("[{writer}]")).count(), 1, "{text}");
    }
}
