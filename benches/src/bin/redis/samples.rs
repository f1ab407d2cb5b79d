//! The samples of a step, and their rows and goals.

use tower_conditional_bench::{goals::Goal, table::none};

const LIMIT: f64 = 1.15;

/// The microseconds of one operation, sample by sample.
#[derive(Default)]
pub struct Samples {
    pub server: Vec<f64>,
    pub client: Vec<f64>,
}

/// The samples of one step.
#[derive(Default)]
pub struct Cost {
    pub benchmark: Samples,
    pub bare: Samples,
    pub store: Samples,
}

impl Cost {
    /// `redis-benchmark` cannot complete keys that were begun, so the client's bare command
    /// takes its place.
    fn baseline(&self) -> (&'static str, f64) {
        match best(&self.benchmark.server) {
            Some(best) => ("redis-benchmark", best),
            None => ("bare command", best(&self.bare.server).unwrap_or(f64::NAN)),
        }
    }

    pub fn goal(&self, name: &str) -> Goal {
        let (other, baseline) = self.baseline();
        let ratio = best(&self.store.server).unwrap_or(f64::NAN) / baseline;
        Goal::at_most(
            format!("{name}: CPU of the server, store / {other}"),
            LIMIT,
            ratio,
        )
        .ratio()
    }

    pub fn server_row(&self, name: &str) -> Vec<String> {
        let store = &self.store.server;
        vec![
            name.to_owned(),
            cell(&self.benchmark.server),
            cell(&self.bare.server),
            cell(store),
            ratio(store, &self.benchmark.server),
            ratio(store, &self.bare.server),
        ]
    }

    pub fn client_row(&self, name: &str) -> Vec<String> {
        let (bare, store) = (&self.bare.client, &self.store.client);
        let difference = best(store)
            .zip(best(bare))
            .map(|(store, bare)| store - bare);
        vec![
            name.to_owned(),
            cell(bare),
            cell(store),
            difference.map_or_else(none, |difference| format!("{difference:+.1}")),
        ]
    }
}

fn best(samples: &[f64]) -> Option<f64> {
    samples.iter().copied().min_by(f64::total_cmp)
}

fn median(samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

pub fn cell(samples: &[f64]) -> String {
    let figures = median(samples).zip(best(samples));
    figures.map_or_else(none, |(median, best)| format!("{median:.1} ({best:.1})"))
}

fn ratio(one: &[f64], other: &[f64]) -> String {
    let medians = median(one)
        .zip(median(other))
        .map(|(one, other)| one / other);
    let ratios = medians.zip(best(one).zip(best(other)));
    ratios.map_or_else(none, |(median, (one, other))| {
        format!("{median:.2} ({:.2})", one / other)
    })
}
