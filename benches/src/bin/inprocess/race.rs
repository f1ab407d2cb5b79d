//! The race of the contenders. They take turns, round by round, and the best round of each counts.
//! On a shared machine, other processes slow down some rounds, but hardly ever all the rounds of
//! one contender.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use tower_conditional_bench::{case::Case, contenders::Contender, drive::OneRequest};

const ROUND: Duration = Duration::from_millis(1);

/// Returns the best time of each contender for each case that it answers, in nanoseconds.
pub fn race<'a>(
    contenders: &[Contender],
    cases: &'a [Case],
    rounds: usize,
) -> Vec<(&'static str, &'a Case, f64)> {
    let mut runners: Vec<_> = cases
        .iter()
        .flat_map(|case| contenders.iter().map(move |contender| (contender, case)))
        .filter_map(|(contender, case)| {
            Some(Runner::new(contender.name, case, (contender.open)(case)?))
        })
        .collect();
    for _ in 0..rounds {
        runners.iter_mut().for_each(Runner::round);
    }
    runners
        .iter()
        .map(|runner| (runner.name, runner.case, runner.best))
        .collect()
}

struct Runner<'a> {
    name: &'static str,
    case: &'a Case,
    one_request: OneRequest,
    requests: u32,
    best: f64,
}

impl<'a> Runner<'a> {
    fn new(name: &'static str, case: &'a Case, mut one_request: OneRequest) -> Self {
        let warm = (0..5)
            .map(|_| time(&mut one_request, 1))
            .fold(f64::INFINITY, f64::min);
        let requests = ROUND.as_nanos() as f64 / warm;
        Self {
            name,
            case,
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
