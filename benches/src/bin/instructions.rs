//! The instructions of one request, counted by callgrind. Each contender and case has its own
//! process, so that none is measured in a state that another left.

use std::{
    collections::{HashMap, HashSet},
    env,
    hint::black_box,
};

use tower_conditional_bench::{
    callgrind,
    case::Case,
    contenders::{self, BARE, Contender, naive, ours, set_header, tower_cache_control},
    drive::OneRequest,
    goals::{self, Goal},
    hash::Hash,
    table,
};

const COUNT: u32 = 200;
/// The function whose instructions callgrind counts.
const TOGGLE: &str = "*instructions*measured*";

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => report(),
        ["--case", id, "--count", count] => run(id, count.parse().expect("--count takes a number")),
        _ => panic!("usage: instructions [--case 'CONTENDER / CASE' --count N]"),
    }
}

/// Runs the counted request, in its own process.
fn run(id: &str, count: u32) {
    let (contender, case) = selection()
        .into_iter()
        .find(|(contender, case)| name(contender, case) == id)
        .expect("the name of a contender and a case");
    let mut one_request = (contender.open)(&case).expect("a case for this contender");
    one_request();
    measured(&mut one_request, count);
}

#[inline(never)]
fn measured(one_request: &mut OneRequest, count: u32) {
    for _ in 0..count {
        black_box(one_request());
    }
}

fn id(contender: &str, case: &Case) -> String {
    format!("{contender} / {}", case.title())
}

fn name(contender: &Contender, case: &Case) -> String {
    id(contender.name, case)
}

/// Returns the counted rows, with xxh3 alone. valgrind has no SHA instructions, so SHA-256 would
/// run other code.
fn selection() -> Vec<(Contender, Case)> {
    let hashes = |contender: &Contender| {
        contender.bare == BARE && matches!(contender.hash, None | Some(Hash::Xxh3))
    };
    let ok = Case::one_kib();
    let mut selection = Vec::new();
    for case in [ok.clone(), ok.revalidating()] {
        let contenders = contenders::all().into_iter().filter(hashes);
        selection.extend(contenders.map(|contender| (contender, case.clone())));
    }
    for case in Case::nothing_to_do() {
        let onlookers = contenders::onlookers().into_iter();
        selection.extend(onlookers.map(|contender| (contender, case.clone())));
    }
    for case in Case::known_before() {
        let sourced = contenders::sourced().into_iter().filter(hashes);
        selection.extend(sourced.map(|contender| (contender, case.clone())));
    }
    for case in Case::policies() {
        let policies = contenders::policies().into_iter();
        selection.extend(policies.map(|contender| (contender, case.clone())));
    }
    // The bare service has a row for reads already.
    let mut seen = HashSet::new();
    selection.retain(|(contender, case)| seen.insert(name(contender, case)));
    selection.retain(|(contender, case)| (contender.open)(case).is_some());
    selection
}

fn report() {
    println!("\n### Instructions of one request (callgrind, mean of {COUNT})");
    let mut counts = HashMap::new();
    let rows = selection().into_iter().map(|(contender, case)| {
        let id = name(&contender, &case);
        let count = count(&id);
        counts.insert(id, count);
        let bare = counts.get(&bare_of(&case)).copied();
        let over = bare.filter(|_| contender.name != BARE);
        vec![
            case.title(),
            case.condition.status().to_string(),
            contender.name.to_owned(),
            format!("{count:.0}"),
            over.map_or_else(table::none, |bare| format!("{:+.0}", count - bare)),
        ]
    });
    let rows: Vec<_> = rows.collect();
    let columns = ["case", "answer", "contender", "instructions", "over bare"];
    table::print("1 KiB", &columns, &rows);
    goals::print("Goals, instructions", &goals(&counts));
}

fn bare_of(case: &Case) -> String {
    id(BARE, &case.bare())
}

fn goals(counts: &HashMap<String, f64>) -> Vec<Goal> {
    let mut goals = Vec::new();
    for contender in ours::each() {
        let each = Case::nothing_to_do().into_iter().map(|case| {
            let over = counts[&name(&contender, &case)] - counts[&bare_of(&case)];
            let limit = 300.0 * ours::layers(&contender);
            let what = format!(
                "nothing to do ({}), {}: over bare",
                case.name, contender.name
            );
            Goal::at_most(what, limit, over)
        });
        goals.extend(goals::worst(each.collect()));
    }
    let [ok, known] = [Case::one_kib(), Case::one_kib().revalidating()];
    let count = |contender: &str, case: &Case| counts[&id(contender, case)];
    let etag = ours::etag_name(Hash::Xxh3);
    goals.push(Goal::at_most(
        format!("1 KiB (200), {etag}"),
        4200.0,
        count(etag, &ok),
    ));
    let stack = ours::stack_name(Hash::Xxh3);
    for (case, limit) in [(&ok, 4600.0), (&known, 5800.0)] {
        let answer = case.condition.status();
        let what = format!("1 KiB ({answer}), {stack}");
        goals.push(Goal::at_most(what, limit, count(stack, case)));
        let what = format!("1 KiB ({answer}), {stack} / {}", naive::XXH3);
        let ratio = count(stack, case) / count(naive::XXH3, case);
        goals.push(Goal::at_most(what, 1.0, ratio).ratio());
    }
    for case in Case::known_before() {
        let known = ours::KNOWN_BEFORE
            .iter()
            .filter(|goal| goal.concerns(&case));
        goals.extend(known.map(|goal| {
            let what = format!("{}, {}", case.title(), goal.name);
            Goal::at_most(what, goal.instructions, count(goal.name, &case))
        }));
    }
    for case in Case::policies() {
        let ours = ours::POLICY_WITHOUT_DATE;
        // The layer parses and merges the policy of the handler. The peers leave it alone.
        let [set, control] = if case.own_policy {
            [1.25, 1.0]
        } else {
            [1.1, 0.65]
        };
        for (peer, limit) in [
            (set_header::IF_NOT_PRESENT, set),
            (tower_cache_control::NAME, control),
        ] {
            let what = format!("{}, {ours} / {peer}", case.title());
            let ratio = count(ours, &case) / count(peer, &case);
            goals.push(Goal::at_most(what, limit, ratio).ratio());
        }
    }
    goals
}

/// Returns the mean of [`COUNT`] requests.
fn count(id: &str) -> f64 {
    let arguments = ["--case", id, "--count", &COUNT.to_string()];
    callgrind::instructions(TOGGLE, &arguments) / f64::from(COUNT)
}
