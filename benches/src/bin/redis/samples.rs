//! The samples of a step, and their rows and goals.

use tower_conditional_bench::{goals::Goal, table::none};

const LIMIT: f64 = 1.15;

/// The microseconds of one operation, sample by sample.
#[derive(Default)]
pub struct Samples {
    pub server: Vec<f64>,
    pub client: Vec<f64>,
    /// The commands that the server reads at once.
    pub commands_of_a_read: Vec<f64>,
}

/// The samples of one step.
#[derive(Default)]
pub struct Cost {
    pub benchmark: Samples,
    pub bare: Samples,
    pub store: Samples,
}

impl Cost {
    pub fn goal(&self, name: &str) -> Goal {
        // `redis-benchmark` cannot complete keys that were begun, so the client's bare command
        // takes its place.
        let (other, baseline) = if self.benchmark.server.is_empty() {
            ("bare command", &self.bare.server)
        } else {
            ("redis-benchmark", &self.benchmark.server)
        };
        let ratio = paired(&self.store.server, baseline).unwrap_or(f64::NAN);
        let what = format!("{name}: CPU of the server, store / {other}");
        Goal::at_most(what, LIMIT, ratio).ratio()
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
            [&self.bare, &self.store]
                .map(|samples| median(&samples.commands_of_a_read))
                .map(|commands| commands.map_or_else(none, |commands| format!("{commands:.1}")))
                .join(", "),
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

/// Returns the median of the ratios of each round, so that a slow phase of the machine counts
/// for both.
fn paired(one: &[f64], other: &[f64]) -> Option<f64> {
    let ratios: Vec<_> = one
        .iter()
        .zip(other)
        .map(|(one, other)| one / other)
        .collect();
    median(&ratios)
}

fn ratio(one: &[f64], other: &[f64]) -> String {
    paired(one, other).map_or_else(none, |ratio| format!("{ratio:.2}"))
}
