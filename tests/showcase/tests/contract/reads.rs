use hyper::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{BOTH, Http, Server, in_time};

/// The routes whose responses have tags, each with a header that it needs.
const TAGGED: [(&str, (&str, &str)); 11] = [
    ("/", ("accept", "*/*")),
    ("/notes", ("accept", "*/*")),
    ("/notes/1", ("accept", "*/*")),
    ("/pages/home", ("accept", "*/*")),
    ("/pages/about", ("accept", "*/*")),
    ("/comma", ("accept", "*/*")),
    ("/private/me", ("authorization", "Bearer ada")),
    ("/files/1k.json", ("accept", "*/*")),
    ("/files/64k.json", ("accept", "*/*")),
    ("/files/1m.bin", ("accept", "*/*")),
    ("/files/4m.bin", ("accept", "*/*")),
];

/// R-9110-13.1.2-b, R-9110-9.3.2-a: a matching tag is a 304 without content on GET and HEAD, and
/// HEAD has the tag of GET.
#[tokio::test]
async fn a_matching_tag_is_a_304() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        for (path, needed) in TAGGED {
            let full = notes.get(http, path, &[needed]).await;
            assert_eq!(full.status, 200, "{path}");
            let head = notes.send(http, "HEAD", path, &[needed], "").await;
            assert_eq!(head.status, 200, "{path}");
            assert_eq!(head.tag(), full.tag(), "{path}");
            assert!(head.body.is_empty(), "{path}");

            let known = [needed, ("if-none-match", full.tag())];
            for method in [Method::GET, Method::HEAD] {
                let reply = notes.send(http, method.as_str(), path, &known, "").await;
                assert_eq!(reply.status, 304, "{method} {path}");
                assert_eq!(reply.tag(), full.tag(), "{method} {path}");
                assert!(reply.body.is_empty(), "{method} {path}");
            }
            let other = [needed, ("if-none-match", "\"another\"")];
            let reply = notes.get(http, path, &other).await;
            assert_eq!(reply.status, 200, "{path}");
            assert_eq!(reply.body, full.body, "{path}");
        }
    }
}

/// R-9110-13.1.2-c: `*` is a 304 if the resource exists, and does not change a 404.
#[tokio::test]
async fn a_star_matches_any_existing_resource() {
    let notes = Server::showcase(&[]).await;
    let star = [("if-none-match", "*")];
    assert_eq!(notes.get(Http::Two, "/notes/1", &star).await.status, 304);
    assert_eq!(notes.get(Http::Two, "/notes/777", &star).await.status, 404);
}

/// R-9110-13.1.1-g: a read may ask for one state only.
#[tokio::test]
async fn a_false_if_match_is_a_412() {
    let notes = Server::showcase(&[]).await;
    let stale = ("if-match", "\"stale\"");
    let old = ("if-unmodified-since", "Thu, 01 Jan 2015 00:00:00 GMT");
    for (path, condition) in [
        ("/notes", stale),
        ("/notes/1", stale),
        ("/notes/1", old),
        ("/pages/home", stale),
        ("/comma", stale),
    ] {
        let reply = notes.get(Http::One, path, &[condition]).await;
        assert_eq!(reply.status, 412, "{path} {condition:?}");
        let problem = Some("application/problem+json");
        assert_eq!(reply.field("content-type"), problem, "{path}");
        assert_eq!(reply.field("cache-control"), Some("no-store"), "{path}");

        let full = notes.get(Http::One, path, &[]).await;
        let current = [("if-match", full.tag()), old];
        let reply = notes.get(Http::One, path, &current).await;
        assert_eq!(reply.status, 200, "{path}");
    }
}

/// R-9110-13.1.3-c: the date of the response is a 304, and an earlier one is not.
#[tokio::test]
async fn last_modified_is_a_validator_too() {
    let notes = Server::showcase(&[]).await;
    let full = notes.get(Http::One, "/notes/1", &[]).await;
    let date = full.field("last-modified").unwrap();
    assert_eq!(date.len(), "Fri, 20 Nov 2026 12:00:00 GMT".len());

    let same = [("if-modified-since", date)];
    assert_eq!(notes.get(Http::One, "/notes/1", &same).await.status, 304);
    let earlier = [("if-modified-since", "Thu, 01 Jan 2015 00:00:00 GMT")];
    assert_eq!(notes.get(Http::One, "/notes/1", &earlier).await.status, 200);
}

/// R-9110-5.6.1.2-a: the comma is part of the tag, and the list is still a list.
#[tokio::test]
async fn a_comma_inside_a_tag_separates_nothing() {
    let notes = Server::showcase(&[]).await;
    for (list, status) in [
        ("\"a,b\"", 304),
        ("W/\"a,b\"", 304),
        ("\"x\",, \"a,b\"", 304),
        ("\"a\", \"b\"", 200),
        ("\"a", 200),
    ] {
        let reply = notes
            .get(Http::One, "/comma", &[("if-none-match", list)])
            .await;
        assert_eq!(reply.status, status, "{list}");
        // R-9111-4.3.4-b: a client that has only the weak form gets it back.
        let form = if list.starts_with("W/") { "W/" } else { "" };
        assert_eq!(reply.tag(), format!("{form}\"a,b\""));
    }
}

#[tokio::test]
async fn a_private_answer_belongs_to_its_caller() {
    let notes = Server::showcase(&[]).await;
    let ada = [("authorization", "Bearer ada")];
    let hers = notes.get(Http::Two, "/private/me", &ada).await;
    assert_eq!(hers.json(), serde_json::json!({ "name": "ada" }));
    assert_eq!(
        hers.field("cache-control"),
        Some("private, max-age=0, must-revalidate")
    );

    let bob = [
        ("authorization", "bearer bob"),
        ("if-none-match", hers.tag()),
    ];
    let his = notes.get(Http::Two, "/private/me", &bob).await;
    assert_eq!(his.json(), serde_json::json!({ "name": "bob" }));

    // The tag gives no access.
    for fields in [
        vec![("if-none-match", hers.tag())],
        vec![("authorization", "Bearer "), ("if-none-match", "*")],
        vec![("authorization", "Basic YTpi")],
    ] {
        let nobody = notes.get(Http::Two, "/private/me", &fields).await;
        assert_eq!(nobody.status, 401);
        assert_eq!(
            nobody.field("www-authenticate"),
            Some("Bearer realm=\"notes\"")
        );
    }
}

#[tokio::test]
async fn an_absent_resource_is_a_problem() {
    let notes = Server::showcase(&[]).await;
    for (method, path, status) in [
        ("GET", "/nowhere", 404),
        ("GET", "/notes/777", 404),
        ("GET", "/notes/abc", 404),
        ("GET", "/notes/0", 404),
        ("GET", "/pages/nothing", 404),
        ("GET", "/files/2k.json", 404),
        ("DELETE", "/notes", 405),
        ("POST", "/comma", 405),
    ] {
        let reply = notes.send(Http::One, method, path, &[], "").await;
        assert_eq!(reply.status, status, "{method} {path}");
        assert_eq!(
            reply.field("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(reply.field("cache-control"), Some("no-store"));
        assert_eq!(reply.field("etag"), None);
        assert_eq!(reply.json()["status"], status);
    }
}

/// A 304 and a 428 run no handler, and a HEAD runs that of the GET.
#[tokio::test]
async fn stats_count_the_runs_of_each_handler() {
    let notes = Server::showcase(&[]).await;
    let first = notes.get(Http::Two, "/notes/1", &[]).await;
    let (other, known) = (("if-none-match", "\"x\""), ("if-none-match", first.tag()));
    assert_eq!(notes.get(Http::Two, "/notes/2", &[other]).await.status, 200);
    assert_eq!(notes.get(Http::Two, "/notes/1", &[known]).await.status, 304);
    notes.send(Http::Two, "HEAD", "/notes/1", &[], "").await;
    let current = [("if-match", first.tag())];
    for fields in [&[], &current[..]] {
        notes
            .send(Http::Two, "DELETE", "/notes/1", fields, "")
            .await;
    }
    notes.send(Http::Two, "POST", "/notes/2", &[], "").await;
    notes.get(Http::Two, "/nowhere", &[]).await;

    let stats = notes.get(Http::Two, "/stats", &[]).await;
    let runs = serde_json::json!({
        "handler_runs": { "GET /notes/{id}": 3, "DELETE /notes/{id}": 1 }
    });
    assert_eq!(stats.json(), runs);
    assert_eq!(stats.field("cache-control"), Some("no-store"));
}

/// R-9110-15.4.5-d: the response after a 304 on the same connection can be read.
#[tokio::test]
async fn a_304_keeps_the_connection_in_step() {
    let notes = Server::showcase(&[]).await;
    let mut connection = TcpStream::connect(&notes.address).await.unwrap();
    let requests = "GET /comma HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"a,b\"\r\n\r\n\
                    HEAD /notes/1 HTTP/1.1\r\nHost: x\r\n\r\n\
                    GET /comma HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    connection.write_all(requests.as_bytes()).await.unwrap();
    let mut answer = String::new();
    in_time(connection.read_to_string(&mut answer))
        .await
        .unwrap();

    let heads: Vec<_> = answer
        .split("\r\n")
        .filter(|line| line.starts_with("HTTP/1.1 "))
        .collect();
    let expected = [
        "HTTP/1.1 304 Not Modified",
        "HTTP/1.1 200 OK",
        "HTTP/1.1 200 OK",
    ];
    assert_eq!(heads, expected, "{answer}");
    assert!(answer.ends_with("separates nothing\n"), "{answer}");
}

#[tokio::test]
async fn the_index_lists_the_routes() {
    let notes = Server::showcase(&[]).await;
    let page = notes.get(Http::One, "/", &[]).await;
    let text = String::from_utf8(page.body.to_vec()).unwrap();
    for route in [
        "/notes",
        "/pages/",
        "/files/",
        "/comma",
        "/private/me",
        "/stream",
        "/events",
        "/state",
        "/stats",
        "/metrics",
    ] {
        assert!(text.contains(route), "{route}");
    }
}
