use crate::{
    showcase::PROGRAM,
    support::{Http, Server, run},
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
        (&["--redis", ""], "--redis"),
        (&["--redis", "postgres://localhost"], "--redis"),
        (&["--redis-allow", "eviction"], "--redis <URL>"),
        (
            &["--redis", "redis://localhost", "--redis-allow", "fire"],
            "fire",
        ),
        (&["--naive"], "--redis <URL>"),
        (&["--lease-ms", "9"], "--lease-ms"),
        (&["--write-ttl-ms", "59"], "--write-ttl-ms"),
        (&["--postgres", ""], "--postgres"),
        (&["--postgres", "sqlite://notes"], "--postgres"),
        (&["--validators", "some"], "--validators"),
        (&["--build", ""], "--build"),
        (&["--planted", "nothing"], "--planted"),
        (&["--varnish", ""], "--varnish"),
        (&["--varnish", "127.0.0.1:6081"], "--varnish"),
        (&["--varnish", "http://cache/?purge"], "--varnish"),
        (&["--nginx", "/purge"], "--nginx"),
        (&["--nginx", "http://not a cache/"], "--nginx"),
        (&["--nginx", "https://cache/"], "over http"),
    ] {
        let output = run(PROGRAM, arguments).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(named), "{message}");
        assert!(message.contains("Usage: showcase"), "{message}");
    }
}

#[tokio::test]
async fn help_names_the_options() {
    let output = run(PROGRAM, &["--help"]).await;
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    for option in [
        "--listen",
        "--database",
        "--postgres",
        "--redis <URL>",
        "--redis-allow",
        "--lease-ms",
        "--write-ttl-ms",
        "--varnish",
        "--nginx",
        "--build",
        "--planted",
        "--notes",
        "--validators",
    ] {
        assert!(text.contains(option), "{text}");
    }
}

#[tokio::test]
async fn the_option_notes_sets_the_number_of_notes() {
    for (count, length) in [("0", 0), ("3", 3)] {
        let notes = Server::showcase(&["--notes", count]).await;
        let all = notes.get(Http::One, "/notes", &[]).await.json();
        assert_eq!(all.as_array().unwrap().len(), length);
    }
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(PROGRAM, &["--listen", &address]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&address), "{said}");
}

#[tokio::test]
async fn a_redis_that_is_down_is_named() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    let url = format!("redis://{address}");
    drop(free);
    let output = run(PROGRAM, &["--listen", "127.0.0.1:0", "--redis", &url]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let expected = format!("cannot connect to Redis at {address}");
    assert!(said.contains(&expected), "{said}");
}
