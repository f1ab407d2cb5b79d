//! All contenders of a case take turns, round by round, and the best round of each counts: on a shared machine a
//! neighbour slows down some rounds, but hardly ever all the rounds of one contender.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use tower_conditional_bench::{case::Case, contenders::Contender, drive::OneRequest};

const ROUND: Duration = Duration::from_millis(1);

/// The best time of each contender that answers this case, in nanoseconds.
pub fn race(contenders: &[Contender], case: &Case, rounds: usize) -> Vec<(&'static str, f64)> {
    let mut runners: Vec<_> = contenders
        .iter()
        .filter_map(|contender| Some(Runner::new(contender.name, (contender.open)(case)?)))
        .collect();
    for _ in 0..rounds {
        runners.iter_mut().for_each(Runner::round);
    }
    runners
        .iter()
        .map(|runner| (runner.name, runner.best))
        .collect()
}

struct Runner {
    name: &'static str,
    one_request: OneRequest,
    requests: u32,
    best: f64,
}

impl Runner {
    fn new(name: &'static str, mut one_request: OneRequest) -> Self {
        let warm = (0..5)
            .map(|_| time(&mut one_request, 1))
            .fold(f64::INFINITY, f64::min);
        let requests = ROUND.as_nanos() as f64 / warm;
        Self {
            name,
            one_request,
            requests: requests.clamp(2.0, 10_000.0) as u32,
            best: f64::INFINITY,
        }
    }

    fn round(&mut self) {
        self.best = self.best.min(time(&mut self.one_request, self.requests));
    }
}

fn time(one_request: &mut OneRequest, count: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        black_box(one_request());
    }
    start.elapsed().as_nanos() as f64 / f64::from(count)
}
