//! The start, the restart and the end of Redis and Valkey.

use std::{
    env::var_os,
    net::TcpStream,
    panic::{catch_unwind, panic_any},
    path::Path,
    thread::park,
};

use tower_conditional_testing::{
    Engine, RedisOptions, RedisServer, Replica, RespClient, wait_until,
};

fn set(server: &RedisServer) {
    assert_eq!(server.command(&["SET", "key", "value"]), "OK");
}

fn get(server: &RedisServer) -> String {
    server.command(&["GET", "key"])
}

#[test]
fn data_survives_a_crash_with_append_only() {
    for engine in Engine::tested() {
        let server = RedisServer::start(engine);
        set(&server);
        server.kill_and_restart();
        assert_eq!(get(&server), "value");
        server.restart();
        assert_eq!(get(&server), "value");
        server.kill_and_restart_empty();
        assert_eq!(get(&server), "(nil)");
        set(&server);
        assert_eq!(get(&server), "value");
    }
}

#[test]
fn data_is_gone_without_append_only() {
    for engine in Engine::tested() {
        let server = RedisOptions::new(engine).in_memory().start();
        set(&server);
        server.kill_and_restart();
        assert_eq!(get(&server), "(nil)");
    }
}

#[test]
fn a_stopped_server_starts_again() {
    for engine in Engine::tested() {
        let server = RedisServer::start(engine);
        server.stop();
        assert!(TcpStream::connect(("127.0.0.1", server.port())).is_err());
        server.restart();
        assert_eq!(server.command(&["PING"]), "PONG");
        server.kill();
        server.stop();
        assert!(TcpStream::connect(("127.0.0.1", server.port())).is_err());
    }
}

#[test]
fn a_paused_server_answers_once_it_is_resumed() {
    for engine in Engine::tested() {
        let server = RedisServer::start(engine);
        let mut client = server.client();
        server.pause();
        client.send(&["PING"]).unwrap();
        server.resume();
        assert_eq!(client.receive().unwrap(), "PONG");
        server.pause();
        server.pause();
        server.stop();
        server.restart();
        server.pause();
        server.kill_and_restart();
        assert_eq!(server.command(&["PING"]), "PONG");
    }
}

#[test]
fn options_are_those_of_the_server() {
    for engine in Engine::tested() {
        let server = RedisOptions::new(engine)
            .config("maxmemory", "64mb")
            .config("maxmemory-policy", "allkeys-lru")
            .config("appendfsync", "everysec")
            .config("requirepass", "secret")
            .start();
        let config = |name| server.command(&["CONFIG", "GET", name]);
        assert_eq!(config("maxmemory"), "maxmemory\n67108864");
        assert_eq!(config("maxmemory-policy"), "maxmemory-policy\nallkeys-lru");
        assert_eq!(config("appendfsync"), "appendfsync\neverysec");
        assert_eq!(config("save"), "save\n");
        let url = format!("redis://:secret@127.0.0.1:{}", server.port());
        assert_eq!(server.url(), url);
        let is_valkey = server.info("server_name").as_deref() == Some("valkey");
        assert_eq!(is_valkey, engine == Engine::Valkey);
    }
}

#[test]
#[should_panic(expected = "Bad directive or wrong number of arguments")]
fn an_unknown_option_is_named() {
    let _ = RedisOptions::new(Engine::Redis)
        .config("unknown", "yes")
        .start();
}

#[test]
fn the_server_ends_if_a_test_panics() {
    let port = catch_unwind(|| panic_any(RedisServer::start(Engine::Redis).port()))
        .expect_err("a panic")
        .downcast::<u16>()
        .expect("the port");
    assert!(TcpStream::connect(("127.0.0.1", *port)).is_err());
}

#[test]
fn the_shared_server_is_the_same() {
    let (one, same) = (
        RedisServer::shared(Engine::Redis),
        RedisServer::shared(Engine::Redis),
    );
    assert_eq!(one.url(), same.url());
}

/// The variable of a process that starts a server and waits to be killed.
const KILLED: &str = "TOWER_CONDITIONAL_TESTING_KILLED";

#[test]
#[expect(clippy::disallowed_macros, reason = "the process prints its address")]
fn a_process_to_be_killed() {
    if var_os(KILLED).is_none() {
        return;
    }
    let server = RedisServer::start(Engine::Redis);
    println!("\nlistening on http://127.0.0.1:{}", server.port());
    loop {
        park();
    }
}

#[test]
fn the_server_and_its_directory_end_with_a_killed_process() {
    let mut process = Replica::start(&mut Replica::test("a_process_to_be_killed", KILLED, "yes"));
    let port = process.address().port();
    let mut client = RespClient::connect(port, None).unwrap();
    let config = client.command(&["CONFIG", "GET", "dir"]).unwrap();
    let directory = Path::new(config.strip_prefix("dir\n").unwrap());
    assert!(directory.is_dir());
    process.kill();
    assert!(client.receive().is_err());
    wait_until("the end of the directory", || !directory.exists());
    // A process that ends may close its connections before its port.
    wait_until("the end of the port", || {
        TcpStream::connect(("127.0.0.1", port)).is_err()
    });
}
