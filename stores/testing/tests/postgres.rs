//! The start, the restart and the end of the server.

use std::{net::TcpStream, panic::catch_unwind};

use tower_conditional_testing::Postgres;

fn answers(server: &Postgres) -> bool {
    TcpStream::connect(("127.0.0.1", server.port())).is_ok()
}

#[test]
fn the_server_starts_stops_and_starts_again() {
    let server = Postgres::start();
    let (first, second) = (server.create_database(), server.create_database());
    assert_ne!(first, second);

    server.restart();
    assert_ne!(server.create_database(), second);
    server.kill_and_restart();
    let _ = server.create_database();

    server.stop();
    assert!(!answers(&server));
    server.restart();
    assert!(answers(&server));
}

#[test]
fn the_server_ends_if_a_test_panics() {
    let port = catch_unwind(|| {
        let server = Postgres::start();
        std::panic::panic_any(server.port());
    })
    .expect_err("a panic")
    .downcast::<u16>()
    .expect("the port");
    assert!(TcpStream::connect(("127.0.0.1", *port)).is_err());
}

#[test]
fn the_shared_server_is_the_same() {
    let (one, same) = (Postgres::shared(), Postgres::shared());
    assert_eq!(one.url(), same.url());
}
