//! The servers. Each is one process on one core.

use std::{
    env, fs,
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const SERVER_CORE: &str = "1";
const START: Duration = Duration::from_secs(10);

pub const BARE: &str = "axum, bare";
pub const BY_HAND_SHA256: &str = "axum + from_fn by hand, sha256";
pub const BY_HAND_XXH3: &str = "axum + from_fn by hand, xxh3";
pub const STACK_SHA256: &str = "axum + **stack()**, sha256";
pub const STACK_XXH3: &str = "axum + **stack()**, xxh3";
pub const SOURCED: &str = "axum + **ConditionalLayer::source**";
pub const NGINX: &str = "nginx, static files";
pub const NGINX_CACHE: &str = "nginx, open_file_cache";
pub const GO: &str = "Go ServeContent, tag known";
pub const EXPRESS: &str = "express with its etag";
pub const FASTIFY: &str = "fastify + @fastify/etag";
pub const IDEMPOTENCY: &str = "axum + **IdempotencyLayer**";
pub const EXPRESS_IDEMPOTENCY: &str = "express + idempotency in memory";

/// The servers that repeat the response to an order.
pub const REPLAYING: [&str; 2] = [IDEMPOTENCY, EXPRESS_IDEMPOTENCY];

/// The path of orders, which are the requests with a key.
pub const ORDERS: &str = "/orders";

/// The headers of an order, as in `orders.lua`.
pub const ORDER_FIELDS: [&str; 3] = [
    "Content-Type: application/json",
    "Content-Length: 256",
    "Idempotency-Key: \"8e03978e-40d5-43dd-bc93-6894a57f9324\"",
];

pub struct Server {
    pub name: &'static str,
    pub port: u16,
    process: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Starts all installed servers, and prints the missing ones.
pub fn start_all(folder: &Path) -> (Vec<Server>, Vec<&'static str>) {
    let http = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("http");
    let axum = |contender: &str| vec![sibling("server"), contender.into()];
    let node = |script| vec!["node".into(), display(&http.join(script))];
    let commands = [
        (BARE, axum("bare")),
        (BY_HAND_SHA256, axum("by-hand-sha256")),
        (BY_HAND_XXH3, axum("by-hand-xxh3")),
        (STACK_SHA256, axum("stack-sha256")),
        (STACK_XXH3, axum("stack-xxh3")),
        (SOURCED, axum("source")),
        (NGINX, vec!["nginx".into()]),
        (NGINX_CACHE, vec!["nginx".into()]),
        (GO, vec![sibling("servecontent")]),
        (EXPRESS, node("express.mjs")),
        (FASTIFY, node("fastify.mjs")),
        (IDEMPOTENCY, axum("idempotency")),
        (EXPRESS_IDEMPOTENCY, node("idempotency.mjs")),
    ];
    let mut servers = Vec::new();
    let mut missing = Vec::new();
    for (name, command) in commands {
        match start(name, command, folder, &http) {
            Some(server) => servers.push(server),
            None => missing.push(name),
        }
    }
    (servers, missing)
}

fn start(
    name: &'static str,
    mut command: Vec<String>,
    folder: &Path,
    http: &Path,
) -> Option<Server> {
    let port = free_port();
    if [NGINX, NGINX_CACHE].contains(&name) {
        let template = fs::read_to_string(http.join("nginx.conf")).ok()?;
        let configuration = template
            .replace("PORT", &port.to_string())
            .replace("FILE_CACHE", if name == NGINX { "off" } else { "max=100" })
            .replace("FOLDER", &display(folder));
        let file = folder.with_file_name(format!("nginx-{port}.conf"));
        fs::write(&file, configuration).ok()?;
        command.extend(["-c".into(), display(&file)]);
    } else {
        command.extend([port.to_string(), display(folder)]);
    }
    let process = Command::new("taskset")
        .args(["-c", SERVER_CORE])
        .args(command)
        .env("NODE_ENV", "production")
        .env("GOMAXPROCS", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut server = Server {
        name,
        port,
        process,
    };
    server.answers().then_some(server)
}

impl Server {
    fn answers(&mut self) -> bool {
        let start = Instant::now();
        while start.elapsed() < START {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return true;
            }
            if !matches!(self.process.try_wait(), Ok(None)) {
                return false;
            }
            // Other servers do not print when they listen.
            thread::sleep(Duration::from_millis(20));
        }
        false
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Returns the user and system time of the process so far, in seconds.
    pub fn cpu(&self, ticks_per_second: f64) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))
            .expect("the server is running");
        // The second field is a name in parentheses, which may contain anything.
        let (_, fields) = stat.rsplit_once(')').expect("a process name");
        let time = |field: usize| -> f64 {
            let ticks = fields.split_whitespace().nth(field - 3);
            ticks.and_then(|ticks| ticks.parse().ok()).expect("ticks")
        };
        (time(14) + time(15)) / ticks_per_second
    }

    /// Returns the status and the `ETag` of one response.
    pub fn ask(&self, path: &str, condition: Option<&str>) -> (u16, Option<String>) {
        let condition = condition.map_or_else(String::new, |tag| field(tag) + "\r\n");
        let (status, head) = self.exchange(&format!("GET {path}"), &condition, "");
        (status, value(&head, "etag"))
    }

    /// Places the order, and returns the status. Panics unless the response is a replay, if
    /// there is a first one.
    pub fn order(&self, is_retry: bool) -> u16 {
        let content = "x".repeat(256);
        let fields = ORDER_FIELDS.join("\r\n") + "\r\n";
        let (status, head) = self.exchange(&format!("POST {ORDERS}"), &fields, &content);
        let is_replayed = value(&head, "idempotent-replayed").is_some();
        assert_eq!(is_replayed, is_retry, "{}", self.name);
        status
    }

    /// Returns the status and the head of one response.
    fn exchange(&self, request: &str, fields: &str, content: &str) -> (u16, String) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("connected");
        write!(
            stream,
            "{request} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{fields}Connection: close\r\n\r\n{content}",
            self.port
        )
        .expect("a request is sent");
        let mut answer = Vec::new();
        if let Err(error) = stream.read_to_end(&mut answer) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{}", self.name);
        }
        let answer = String::from_utf8_lossy(&answer);
        let head = answer.split("\r\n\r\n").next().unwrap_or_default();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        (status.unwrap_or(0), head.to_owned())
    }
}

/// Returns the value of a header in the head of a response.
fn value(head: &str, name: &str) -> Option<String> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let line = lines.find(|(other, _)| other.eq_ignore_ascii_case(name));
    line.map(|(_, value)| value.trim().to_owned())
}

pub fn field(tag: &str) -> String {
    format!("If-None-Match: {tag}")
}

/// Returns the path of a program that was built beside this one.
pub fn sibling(name: &str) -> String {
    let this = env::current_exe().expect("the path of this program");
    display(&this.with_file_name(name))
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}
