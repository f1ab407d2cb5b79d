//! A Prometheus that scrapes the showcase.

use std::{
    env, fs,
    fs::File,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{self, Child, Command, Stdio},
};

use serde_json::Value;
use tower_conditional_testing::{kill_with_parent, wait_until};

use crate::support::{Http, Server};

/// A running server. If it is dropped, it is killed and its directory is removed.
struct Prometheus {
    child: Child,
    folder: PathBuf,
    address: String,
}

impl Prometheus {
    /// Starts a server that scrapes this address each second.
    fn start(target: &str) -> Self {
        let folder = env::temp_dir().join(format!("showcase-{}-prometheus", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let config = folder.join("prometheus.yml");
        let text = format!(
            "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\nscrape_configs:\n  \
             - job_name: showcase\n    static_configs: [{{ targets: ['{target}'] }}]\n"
        );
        fs::write(&config, text).unwrap();
        let log = folder.join("log");
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.join("data").display()
            ))
            // A free port, which it logs.
            .arg("--web.listen-address=127.0.0.1:0");
        let child = kill_with_parent(&command)
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .expect("apt-get install prometheus");
        let mut server = Self {
            child,
            folder,
            address: String::new(),
        };
        let mut text = String::new();
        wait_until("Prometheus listens", || {
            text = fs::read_to_string(&log).unwrap();
            let found = text.split("msg=\"Listening on\" address=").nth(1);
            let address = found.and_then(|rest| rest.split_once('\n'));
            server.address = address.map_or_else(String::new, |(address, _)| address.to_owned());
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none(), "apt-get install prometheus\n{text}");
            !server.address.is_empty()
        });
        server
    }

    /// Returns the results of a query.
    fn query(&self, name: &str) -> Vec<Value> {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        let request = format!("GET /api/v1/query?query={name} HTTP/1.0\r\n\r\n");
        connection.write_all(request.as_bytes()).unwrap();
        let mut reply = String::new();
        connection.read_to_string(&mut reply).unwrap();
        let (_, content) = reply.split_once("\r\n\r\n").unwrap();
        // It is not ready at once.
        let content = serde_json::from_str::<Value>(content).unwrap_or_default();
        let results = content["data"]["result"].as_array();
        results.cloned().unwrap_or_default()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // The program may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prometheus_scrapes_the_showcase() {
    let notes = Server::showcase(&["--build", "scraped"]).await;
    let read = notes.get(Http::One, "/notes/1", &[]).await;
    let condition = [("if-none-match", read.tag())];
    for _ in 0..3 {
        let reply = notes.get(Http::One, "/notes/1", &condition).await;
        assert_eq!(reply.status, 304);
    }

    let prometheus = Prometheus::start(&notes.address);
    let query = "http_conditional_requests_total";
    let find = |outcome: &str| {
        let results = prometheus.query(query);
        let found = results.into_iter().find(|result| {
            result["metric"]["route"] == "/notes/{id}" && result["metric"]["outcome"] == outcome
        });
        found.map(|result| result["value"][1].clone())
    };
    // Its first scrape comes up to a second after its start.
    wait_until("a scrape", || find("not_modified").is_some());
    assert_eq!(find("not_modified").unwrap(), "3");
    assert_eq!(find("unconditional").unwrap(), "1");
    let build = prometheus.query("http_conditional_build_info");
    assert_eq!(build[0]["metric"]["build"], "scraped");
    assert_eq!(build[0]["metric"]["job"], "showcase");
}
