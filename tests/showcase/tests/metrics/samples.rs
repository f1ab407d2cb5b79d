//! The samples of `/metrics`.

use std::collections::BTreeMap;

use crate::support::{Http, Server};

/// The values of all series, by their names with labels.
pub(crate) type Samples = BTreeMap<String, f64>;

impl Server {
    pub(crate) async fn metrics(&self) -> String {
        let reply = self.get(Http::One, "/metrics", &[]).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.field("cache-control"), Some("no-store"));
        String::from_utf8(reply.body.to_vec()).unwrap()
    }

    pub(crate) async fn samples(&self) -> Samples {
        let text = self.metrics().await;
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let samples = samples.filter_map(|line| line.rsplit_once(' '));
        samples
            .map(|(series, value)| (series.to_owned(), value.parse().unwrap()))
            .collect()
    }
}

/// Returns the sum of the series with this name and these labels, such as `method="GET"`.
pub(crate) fn sum(samples: &Samples, name: &str, labels: &[&str]) -> f64 {
    let name = format!("http_conditional_{name}");
    let is_meant = |series: &str| {
        series.split('{').next() == Some(&name) && labels.iter().all(|label| series.contains(label))
    };
    let meant = samples.iter().filter(|(series, _)| is_meant(series));
    meant.map(|(_, value)| value).sum()
}
