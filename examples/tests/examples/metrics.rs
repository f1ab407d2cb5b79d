//! `/metrics` of `notes`.

use std::process::Stdio;

use tokio::{io::AsyncWriteExt, process::Command};

use crate::{
    real_clients::is_missing,
    support::{BOTH, Http, Server, in_time},
};

impl Server {
    async fn metrics(&self, fields: &[(&str, &str)]) -> crate::support::Reply {
        let reply = self.get(Http::One, "/metrics", fields).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.field("cache-control"), Some("no-store"));
        reply
    }

    /// Returns the value of the series with these labels.
    async fn counted(&self, labels: &str) -> Option<f64> {
        let text = self.metrics(&[]).await.body;
        let text = str::from_utf8(&text).unwrap();
        let series = format!("http_conditional_requests_total{{{labels}}} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&series));
        value.map(|value| value.parse().unwrap())
    }
}

/// Each route has a name of its own, and no name has a part of a path that a client chose.
#[tokio::test]
async fn requests_are_counted_by_route() {
    let notes = Server::notes(&[]).await;
    let page = notes.get(Http::One, "/", &[]).await;
    let page = str::from_utf8(&page.body).unwrap();
    let file = page.split('"').find(|value| value.starts_with("/assets/"));
    for (path, route) in [
        ("/notes", "/notes"),
        ("/notes/7", "/notes/{id}"),
        ("/pages/SECRET", "/pages/{name}"),
        ("/orders", "/orders"),
        ("/state", "/state"),
        ("/private/me", "/private/me"),
        ("/SECRET/$etags-cache", "/{group}/$etags-cache"),
        ("/$etags-cache", "/$etags-cache"),
        (file.expect("a file"), "/assets/{file}"),
        ("/assets/SECRET", "/assets/{file}"),
        ("/SECRET", "other"),
    ] {
        for http in BOTH {
            let labels = format!("route=\"{route}\",method=\"GET\",outcome=\"unconditional\"");
            let before = notes.counted(&labels).await.unwrap_or_default();
            notes.get(http, path, &[]).await;
            assert_eq!(notes.counted(&labels).await, Some(before + 1.0), "{path}");
        }
    }
    let text = notes.metrics(&[]).await.body;
    assert!(!str::from_utf8(&text).unwrap().contains("SECRET"));
}

#[tokio::test]
async fn metrics_are_compressed_if_the_client_accepts_that() {
    let notes = Server::notes(&[]).await;
    let plain = notes.metrics(&[]).await;
    let small = notes.metrics(&[("accept-encoding", "gzip")]).await;
    assert_eq!(small.field("content-encoding"), Some("gzip"));
    assert!(small.body.len() * 3 < plain.body.len());
}

/// The names, units and texts are those that Prometheus recommends.
#[tokio::test]
async fn promtool_has_no_remark() {
    if is_missing("promtool", "prometheus") {
        return;
    }
    let notes = Server::notes(&[]).await;
    notes.get(Http::One, "/notes/1", &[]).await;
    let text = notes.metrics(&[]).await.body;
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut input = promtool.stdin.take().unwrap();
    input.write_all(&text).await.unwrap();
    drop(input);
    let output = in_time(promtool.wait_with_output()).await.unwrap();
    let remarks = [output.stdout, output.stderr].concat();
    assert_eq!(str::from_utf8(&remarks), Ok(""));
    assert!(output.status.success());
}
