//! The time of one request in this process, without a network.

mod goals;
mod race;
mod times;

use std::{env, slice};

use tower_conditional_bench::{
    case::Case,
    contenders::{self, Contender},
    table,
};

use crate::{race::race, times::Times};

const ROUNDS: usize = 31;

fn main() {
    let rounds = rounds();
    println!("\n### Time in process (ns; best of {rounds} interleaved rounds)");
    let mut times = Times::default();

    let contenders = contenders::all();
    let bodies = Case::bodies();
    let known: Vec<_> = bodies.iter().filter(|case| case.sized).collect();
    let revalidating = known.iter().map(|case| case.revalidating()).collect();
    for (answer, cases) in [("200", bodies.clone()), ("304", revalidating)] {
        for case in &cases {
            times.keep(race(&contenders, slice::from_ref(case), rounds));
        }
        let title = format!("{answer}: total (over its own bare service, ratio to it)");
        print(&title, &contenders, &cases, |contender, case| {
            total(&times, contender, case)
        });
        let title = format!("{answer}: time - bare - raw hash");
        print(&title, &contenders, &cases, |contender, case| {
            let over = times.over_hash(contender, case);
            over.map_or_else(table::none, |over| format!("{over:+.0}"))
        });
    }

    let onlookers = contenders::onlookers();
    let cases = Case::nothing_to_do();
    for case in &cases {
        times.keep(race(&onlookers, slice::from_ref(case), rounds));
    }
    let title = "Nothing to do, 1 KiB: total (over bare, ratio)";
    print(title, &onlookers, &cases, |contender, case| {
        total(&times, contender, case)
    });

    let sourced = contenders::sourced();
    let cases = Case::known_before();
    let mut before = Times::default();
    before.keep(race(&sourced, &cases, rounds));
    let title = "Known before the service runs: total (over bare, ratio)";
    print(title, &sourced, &cases, |contender, case| {
        total(&before, contender, case)
    });

    let policies = contenders::policies();
    let cases = Case::policies();
    let mut cached = Times::default();
    cached.keep(race(&policies, &cases, rounds));
    let title = "Cache policy, 1 KiB: total (over bare, ratio)";
    print(title, &policies, &cases, |contender, case| {
        total(&cached, contender, case)
    });

    goals::print(&times, &before, &cached);
}

fn rounds() -> usize {
    let mut arguments = env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => ROUNDS,
        (Some("--rounds"), Some(rounds)) => rounds.parse().expect("--rounds takes a number"),
        _ => panic!("usage: inprocess [--rounds N]"),
    }
}

fn total(times: &Times, contender: &Contender, case: &Case) -> String {
    let Some(time) = times.get(contender.name, case) else {
        return table::none();
    };
    let bare = times.get(contender.bare, &case.bare());
    match bare.filter(|_| contender.name != contender.bare) {
        Some(bare) => format!("{time:.0} ({:+.0}, {:.2}x)", time - bare, time / bare),
        None => format!("{time:.0}"),
    }
}

/// Returns one row for each contender with a figure.
fn print(
    title: &str,
    contenders: &[Contender],
    cases: &[Case],
    cell: impl Fn(&Contender, &Case) -> String,
) {
    let mut columns = vec![String::new()];
    columns.extend(cases.iter().map(Case::title));
    let rows = contenders.iter().filter_map(|contender| {
        let cells: Vec<_> = cases.iter().map(|case| cell(contender, case)).collect();
        let shows = cells.iter().any(|cell| *cell != table::none());
        shows.then(|| [vec![contender.name.to_owned()], cells].concat())
    });
    table::print(title, &columns, &rows.collect::<Vec<_>>());
}
