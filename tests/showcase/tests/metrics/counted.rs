use std::process::Stdio;

use serde_json::json;
use tokio::{io::AsyncWriteExt, process::Command};

use crate::{
    samples::sum,
    support::{BOTH, Http, Server, in_time},
};

/// Sends requests to all layers: reads, revalidations, conflicts, orders, retries and purges of tags.
async fn use_everything(notes: &Server, http: Http) {
    let order = json!({ "item": "tea", "quantity": 1 });
    for path in [
        "/notes/1",
        "/notes",
        "/pages/home",
        "/files/1k.json",
        "/comma",
        "/",
    ] {
        let read = notes.get(http, path, &[]).await;
        let same = [("if-none-match", read.tag())];
        for _ in 0..2 {
            assert_eq!(notes.get(http, path, &same).await.status, 304, "{path}");
        }
        notes.send(http, "HEAD", path, &[], "").await;
    }
    let body = json!({ "title": "New", "text": "New" });
    let tag = notes.get(http, "/notes/2", &[]).await.tag().to_owned();
    for (field, status) in [(None, 428), (Some(&*tag), 200), (Some(&*tag), 412)] {
        let fields: Vec<_> = field.map(|tag| ("if-match", tag)).into_iter().collect();
        let reply = notes.write(http, "PUT", "/notes/2", &fields, &body).await;
        assert_eq!(reply.status, status);
    }
    let page = notes.get(http, "/pages/about", &[]).await;
    let fields = [("if-match", page.tag())];
    let text = format!("<p>{http:?}</p>");
    let reply = notes
        .send(http, "PUT", "/pages/about", &fields, &text)
        .await;
    assert_eq!(reply.status, 204);
    let reply = notes
        .send(http, "PUT", "/pages/about", &fields, "late")
        .await;
    assert_eq!(reply.status, 412);
    let key = format!("\"{http:?}\"");
    for _ in 0..3 {
        let reply = notes.order(http, "/orders", &key, &order).await;
        assert_eq!(reply.status, 201);
    }
    notes.get(http, "/orders", &[]).await;
}

impl Server {
    async fn order(
        &self,
        http: Http,
        path: &str,
        key: &str,
        order: &serde_json::Value,
    ) -> crate::support::Reply {
        let fields = [("idempotency-key", key)];
        self.write(http, "POST", path, &fields, order).await
    }
}

/// The runs that the layers derive are those that the handlers count.
#[tokio::test]
async fn handler_runs_are_those_of_stats() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        use_everything(&notes, http).await;
    }
    let runs = notes.runs().await;
    let runs: u64 = runs
        .as_object()
        .unwrap()
        .values()
        .filter_map(|n| n.as_u64())
        .sum();
    let samples = notes.samples().await;
    // `/stats` has run once, and does not count itself.
    assert_eq!(sum(&samples, "handler_runs_total", &[]), runs as f64 + 1.0);
    assert!(sum(&samples, "handler_runs_saved_total", &[]) > 20.0);
}

#[tokio::test]
async fn each_layer_counts_what_it_did() {
    let notes = Server::showcase(&[]).await;
    use_everything(&notes, Http::One).await;
    let samples = notes.samples().await;
    let count = |name: &str, labels: &[&str]| sum(&samples, name, labels);
    let on_notes = |outcome| {
        let labels = ["route=\"/notes/{id}\"", outcome];
        count("requests_total", &labels)
    };
    assert_eq!(on_notes("outcome=\"not_modified\""), 2.0);
    assert_eq!(on_notes("outcome=\"precondition_required\""), 1.0);
    assert_eq!(on_notes("outcome=\"precondition_failed\""), 1.0);
    let claimed = count("idempotency_keys_total", &["result=\"claimed\""]);
    let replayed = count("idempotency_keys_total", &["result=\"replayed\""]);
    let recorded = count("idempotency_keys_total", &["result=\"recorded\""]);
    assert_eq!((claimed, replayed, recorded), (1.0, 2.0, 1.0));
    let hits = count("validator_cache_lookups_total", &["result=\"hit\""]);
    assert!(hits >= 4.0, "{hits}");
    assert_eq!(count("unchecked_writes_total", &[]), 0.0);
    let known = count("bytes_saved_total", &["estimate=\"known\""]);
    let last = count("bytes_saved_total", &["estimate=\"last\"", "/notes/{id}"]);
    assert!(known > 0.0 && last > 0.0, "{known} {last}");
    // Every path is one of a route.
    assert_eq!(count("requests_total", &["route=\"other\""]), 0.0);
}

/// The names, units and texts are those that Prometheus recommends.
#[tokio::test]
async fn promtool_has_no_remark_about_the_metrics() {
    let notes = Server::showcase(&["--build", "1"]).await;
    use_everything(&notes, Http::One).await;
    let text = notes.metrics().await;
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("apt-get install prometheus");
    let mut input = promtool.stdin.take().unwrap();
    input.write_all(text.as_bytes()).await.unwrap();
    drop(input);
    let output = in_time(promtool.wait_with_output()).await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&said)
    );
    assert!(said.is_empty(), "{}", String::from_utf8_lossy(&said));
}
