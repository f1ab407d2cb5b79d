use std::{
    hash::{BuildHasher, RandomState},
    net::TcpListener,
};

/// The system gives ports from 32768 on to clients. A client that connects to a server that
/// is down could get the server's port, connect to itself, and keep the port.
const FIRST: u16 = 10_000;
const LAST: u16 = 32_767;

/// Returns a random port of 127.0.0.1 that no process listens on. It is below the ports that
/// Linux gives to clients.
///
/// # Panics
///
/// Panics if a thousand random ports are in use.
#[must_use]
pub fn free_port() -> u16 {
    let random = RandomState::new();
    let mut ports = (0..1000_u16).map(|turn| {
        let offset = random.hash_one(turn) % u64::from(LAST - FIRST + 1);
        FIRST + u16::try_from(offset).expect("less than the number of ports")
    });
    ports
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}
