//! The options, the printed hints and the end of `notes`, the first example that readers start.

use http_body_util::BodyExt;
use serde_json::json;

use crate::{
    program::program,
    support::{BOTH, Http, Server, in_time, run},
};

#[tokio::test]
async fn wrong_options_end_with_a_message_and_code_2() {
    for (arguments, named) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["stray"], "stray"),
        (&["--listen"], "--listen"),
        (&["--listen", "nowhere"], "nowhere"),
        (&["--notes", "-1"], "--notes"),
        (&["--notes", "100001"], "--notes"),
        (&["--database", ""], "--database"),
        (&["--postgres", "postgres://localhost/notes"], "--postgres"),
    ] {
        let output = run(program("notes"), arguments).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(named), "{message}");
        assert!(message.contains("--help"), "{message}");
    }
}

#[tokio::test]
async fn help_names_the_options() {
    let output = run(program("notes"), &["--help"]).await;
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    for option in ["--listen", "--database", "--notes"] {
        assert!(text.contains(option), "{text}");
    }
}

#[tokio::test]
async fn the_option_notes_sets_the_number_of_notes() {
    for (count, length) in [("0", 0), ("3", 3)] {
        let notes = Server::notes(&["--notes", count]).await;
        let all = notes.get(Http::One, "/notes", &[]).await.json();
        assert_eq!(all.as_array().unwrap().len(), length);
    }
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(program("notes"), &["--listen", &address]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&address), "{said}");
}

/// The index lists the routes, without those that only the showcase has.
#[tokio::test]
async fn the_index_lists_the_routes() {
    let notes = Server::notes(&[]).await;
    let page = notes.get(Http::One, "/", &[]).await;
    let text = String::from_utf8(page.body.to_vec()).unwrap();
    for route in [
        "/notes",
        "/orders",
        "/pages/",
        "/private/me",
        "/state",
        "/events",
        "/metrics",
    ] {
        assert!(text.contains(route), "{route}");
    }
    for route in ["/files/1k.json", "/comma", "/stream", "/stats"] {
        assert!(!text.contains(route), "{route}");
        for http in BOTH {
            assert_eq!(notes.get(http, route, &[]).await.status, 404, "{route}");
        }
    }
}

/// The tags, policies and cache tags are those of the showcase.
#[tokio::test]
async fn each_read_has_its_fields() {
    let notes = Server::notes(&[]).await;
    let ada = ("authorization", "Bearer ada");
    for http in BOTH {
        for (path, fields, policy, key) in [
            ("/", &[][..], "no-cache", None),
            (
                "/notes",
                &[],
                "max-age=1, stale-while-revalidate=30",
                Some("notes"),
            ),
            ("/notes/1", &[], "no-cache", Some("note-1")),
            ("/pages/home", &[], "max-age=60", Some("page-home pages")),
            (
                "/private/me",
                &[ada],
                "private, max-age=0, must-revalidate",
                None,
            ),
        ] {
            let full = notes.get(http, path, fields).await;
            assert_eq!(full.status, 200, "{path}");
            assert_eq!(full.field("cache-control"), Some(policy), "{path}");
            assert_eq!(full.field("xkey"), key, "{path}");
            let known = [fields, &[("if-none-match", full.tag())]].concat();
            let same = notes.get(http, path, &known).await;
            assert_eq!(same.status, 304, "{path}");
            assert_eq!(same.field("cache-control"), Some(policy), "{path}");
        }
        let nobody = notes.get(http, "/private/me", &[]).await;
        assert_eq!(nobody.status, 401);
    }
}

#[tokio::test]
async fn the_state_is_sent_once() {
    let notes = Server::notes(&["--notes", "1"]).await;
    for http in BOTH {
        let first = notes.get(http, "/state", &[("x-notes-ref", "none")]).await;
        assert_eq!(first.status, 200);
        let seen = [("x-notes-ref", first.field("x-notes-ref").unwrap())];
        assert_eq!(notes.get(http, "/state", &seen).await.status, 304);
    }
}

/// R-IK07-2.6-d, R-IK07-2.7-a.
#[tokio::test]
async fn an_order_is_placed_once() {
    let notes = Server::notes(&[]).await;
    let tea = json!({ "item": "tea", "quantity": 2 });
    let missing = notes.write(Http::One, "POST", "/orders", &[], &tea).await;
    assert_eq!(missing.status, 400);
    let key = [("idempotency-key", "\"first\"")];
    for (http, marker) in BOTH.into_iter().zip([None, Some("true")]) {
        let placed = notes.write(http, "POST", "/orders", &key, &tea).await;
        assert_eq!(placed.status, 201);
        assert_eq!(placed.json()["order"], 1);
        assert_eq!(placed.field("idempotent-replayed"), marker);
    }
    let orders = notes.get(Http::Two, "/orders", &[]).await;
    assert_eq!(orders.json().as_array().unwrap().len(), 1);
}

/// Both feeds get a change at once.
#[tokio::test]
async fn the_feed_sends_a_change() {
    let notes = Server::notes(&["--notes", "0"]).await;
    let mut feeds = Vec::new();
    for http in BOTH {
        let mut feed = notes.open(http, "GET", "/events", &[], "").await;
        // The subscription exists once the first comment has arrived.
        in_time(feed.frame()).await.unwrap().unwrap();
        feeds.push(feed);
    }
    let draft = json!({ "title": "new" });
    let created = notes.write(Http::One, "POST", "/notes", &[], &draft).await;
    assert_eq!(created.status, 201);
    let event = "event: note\ndata: {\"change\":\"created\",\"id\":1,\"version\":1}\n\n";
    for mut feed in feeds {
        // Comments never end, so the whole wait has a timeout.
        let data = in_time(async {
            loop {
                let data = feed.frame().await.unwrap().unwrap().into_data().unwrap();
                if !data.starts_with(b":") {
                    return data;
                }
            }
        });
        assert_eq!(data.await, event);
    }
}

/// Both signals end the program, with an idle connection and with an open feed.
#[cfg(unix)]
#[tokio::test]
async fn signals_end_the_program() {
    use nix::{
        sys::signal::{Signal, kill},
        unistd::Pid,
    };

    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut notes = Server::notes(&[]).await;
        assert_eq!(notes.get(Http::One, "/notes/1", &[]).await.status, 200);
        let mut feed = notes.open(Http::One, "GET", "/events", &[], "").await;
        in_time(feed.frame()).await.unwrap().unwrap();
        let pid = notes.process.id().unwrap().try_into().unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
        // The feed ends properly, and not by a broken connection.
        while let Some(frame) = in_time(feed.frame()).await {
            frame.unwrap();
        }
        let exit = in_time(notes.process.wait()).await.unwrap();
        assert!(exit.success(), "{signal}");
    }
}
