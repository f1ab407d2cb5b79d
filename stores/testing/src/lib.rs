//! Servers for tests: PostgreSQL, Redis and Valkey, [`Replica`]s that share them, and a
//! [`TcpProxy`] that breaks their connections.
//!
//! ```
//! use tower_conditional_testing::{Engine, Postgres, RedisServer};
//!
//! let server = Postgres::start();
//! let url = server.create_database(); // postgres://postgres@127.0.0.1:20123/test_1
//! server.kill_and_restart(); // all commits are still there
//! # assert!(url.starts_with("postgres://"));
//!
//! let server = RedisServer::start(Engine::Redis);
//! server.command(&["SET", "key", "value"]);
//! server.kill_and_restart(); // all writes are still there
//! assert_eq!(server.command(&["GET", "key"]), "value");
//! ```
//!
//! The start of PostgreSQL takes a second or two. So the tests of one binary should share
//! [`Postgres::shared`] and create a database each.
//!
//! Servers end with the tests, and their directories are removed. A shell waits for the end
//! of its input. So it notices if the process of the tests ends, even by `SIGKILL`.
//! [`kill_with_parent()`] does the same for any program, and replicas use it.
//!
//! `fsync` of PostgreSQL is off: commits survive a crash of the server, but not of the
//! machine.

mod postgres;
mod processes;
mod proxy;
mod redis;

pub use {
    postgres::Postgres,
    processes::{
        Replica, create_directory, free_port, kill_with_parent, kill_with_parent_and_remove,
        wait_until,
    },
    proxy::{Fault, Faults, Protocol, ProxyCounts, TcpProxy},
    redis::{Engine, RedisCluster, RedisOptions, RedisServer, RespClient},
};
