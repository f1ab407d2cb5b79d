//! Two releases with mistakes, whose own counters make the alerts fire.

use std::{collections::BTreeMap, env, fmt::Write, fs, process};

use serde_json::json;

use crate::{
    alerts::{example, promtool},
    samples::Samples,
    support::{Http, Server},
};

/// Each minute, some of the readers come again. After an hour all of them have.
const READERS: usize = 720;
const READS: usize = READERS / 60;
const WRITES: usize = 2;

/// Minutes until the first release with a mistake, until the second, and until the end.
const QUIET: usize = 150;
const TAG_FORMAT: usize = QUIET + 60;
const IF_MATCH: usize = TAG_FORMAT + 60;

/// Every so many minutes, a writer comes too late.
const CONFLICT: usize = 10;

/// The metrics that the rules are about.
const METRICS: [&str; 3] = ["requests_total", "build_info", "unchecked_writes_total"];

/// The clients, the series so far, and the time in minutes.
struct Scenario {
    tags: Vec<Option<String>>,
    series: BTreeMap<String, Vec<Option<f64>>>,
    minute: usize,
}

impl Scenario {
    /// Serves clients with a release until this minute. Each minute ends with a scrape.
    async fn run(&mut self, database: &str, build: &str, planted: &[&str], until: usize) {
        let options = ["--database", database, "--build", build];
        let mut server = Server::showcase(&[&options, planted].concat()).await;
        while self.minute < until {
            for turn in 0..READS {
                self.read(&server, (self.minute * READS + turn) % READERS)
                    .await;
            }
            for turn in 0..WRITES {
                let is_late = turn == 0 && self.minute.is_multiple_of(CONFLICT);
                write(&server, 81 + (self.minute * WRITES + turn) % 20, is_late).await;
            }
            let samples = server.samples().await;
            self.record(&samples);
        }
        // The next release has the database for itself.
        server.process.kill().await.unwrap();
    }

    async fn read(&mut self, server: &Server, reader: usize) {
        let path = format!("/notes/{}", 1 + reader % 80);
        let tag = self.tags[reader].take();
        let condition: Vec<_> = tag.iter().map(|tag| ("if-none-match", &**tag)).collect();
        let reply = server.get(Http::One, &path, &condition).await;
        self.tags[reader] = Some(reply.tag().to_owned());
    }

    fn record(&mut self, samples: &Samples) {
        self.minute += 1;
        for (name, value) in samples {
            let metric = name.split('{').next().unwrap();
            let metric = metric.strip_prefix("http_conditional_").unwrap();
            if METRICS.contains(&metric) {
                let values = self.series.entry(name.clone()).or_default();
                // The series of a process end with it.
                values.resize(self.minute - 1, None);
                values.push(Some(*value));
            }
        }
    }

    /// Returns the series as Prometheus would have stored them.
    fn input_series(&self) -> String {
        let mut text = String::new();
        for (name, values) in &self.series {
            let values = values.iter().map(|value| match value {
                Some(value) => value.to_string(),
                None => "_".to_owned(),
            });
            let values: Vec<_> = values.collect();
            writeln!(text, "      - series: '{name}'").unwrap();
            writeln!(text, "        values: '{}'", values.join(" ")).unwrap();
        }
        text
    }
}

/// Reads a note and replaces it with its tag, or with an outdated one.
async fn write(server: &Server, note: usize, is_late: bool) {
    let path = format!("/notes/{note}");
    let read = server.get(Http::One, &path, &[]).await;
    let tag = if is_late { "\"late\"" } else { read.tag() };
    let condition = [("if-match", tag)];
    let body = json!({ "title": "A title", "text": "A text" });
    let reply = server
        .write(Http::One, "PUT", &path, &condition, &body)
        .await;
    assert!(reply.status == 200 || reply.status == 412, "{reply:?}");
}

/// Returns a check that these alerts, with their severities, fired in the minutes before.
fn fired(minute: usize, minutes: usize, alerts: &[(&str, &str)]) -> String {
    let mut text = format!(
        "      - expr: 'max_over_time(ALERTS{{alertstate=\"firing\"}}[{minutes}m])'\n        \
         eval_time: {minute}m\n        exp_samples:\n"
    );
    if alerts.is_empty() {
        text = text.replace("exp_samples:", "exp_samples: []");
    }
    for (alert, severity) in alerts {
        let labels =
            format!(r#"{{alertname="{alert}", alertstate="firing", severity="{severity}"}}"#);
        writeln!(text, "          - labels: '{labels}'\n            value: 1").unwrap();
    }
    text
}

#[tokio::test]
async fn planted_releases_fire_their_alerts_and_a_quiet_time_fires_none() {
    let folder = env::temp_dir().join(format!("showcase-{}-planted", process::id()));
    fs::create_dir_all(&folder).unwrap();
    let database = folder.join("notes.db");
    let database = database.to_str().unwrap();
    let mut scenario = Scenario {
        tags: vec![None; READERS],
        series: BTreeMap::new(),
        minute: 0,
    };
    scenario.run(database, "1", &[], QUIET).await;
    // The format of tags changes without a build id, so each client downloads what it has.
    let planted = ["--planted", "tag-format"];
    scenario.run(database, "2", &planted, TAG_FORMAT).await;
    // The tags of clients are right again, and those of writers are compared with the old format.
    let planted = ["--planted", "if-match"];
    scenario.run(database, "3", &planted, IF_MATCH).await;

    let lost_304s = ("NotModifiedRateFell", "warning");
    let lost_writes = ("PreconditionFailedRateRose", "critical");
    let checks = [
        fired(QUIET, QUIET, &[]),
        // Both alerts fire within 25 minutes of the release.
        fired(QUIET + 25, 25, &[lost_304s]),
        fired(TAG_FORMAT, 60, &[lost_304s]),
        fired(TAG_FORMAT + 25, 1, &[lost_writes]),
        fired(IF_MATCH, 20, &[lost_writes]),
    ];
    let tests = format!(
        "rule_files: ['{}']\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    \
         input_series:\n{}    promql_expr_test:\n{}",
        example("alerts.yml").display(),
        scenario.input_series(),
        checks.concat(),
    );
    let file = folder.join("planted_test.yml");
    fs::write(&file, tests).unwrap();
    promtool(&["test", "rules", file.to_str().unwrap()]).await;
    fs::remove_dir_all(&folder).unwrap();
}
