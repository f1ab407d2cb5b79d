//! Redis and Valkey: a server, a replica of it, a cluster, and a client for its commands.

mod cluster;
mod engine;
mod options;
mod process;
mod replication;
mod resp_client;
mod server;

pub use {
    cluster::RedisCluster, engine::Engine, options::RedisOptions, resp_client::RespClient,
    server::RedisServer,
};
