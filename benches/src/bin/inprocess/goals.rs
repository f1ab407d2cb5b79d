//! The goals for the time in this process.

use tower_conditional_bench::{
    case::{Case, KIB, MIB},
    contenders::{self, Contender, naive, ours, raw_hash, set_header, tower_cache_control},
    goals::{self, Goal},
    hash::Hash,
};

use crate::times::Times;

pub fn print(times: &Times, before: &Times, cached: &Times) {
    let bodies: Vec<_> = Case::bodies()
        .into_iter()
        .filter(|case| case.sized)
        .collect();
    let goals = [
        nothing_to_do(times),
        beyond_the_hash(times, &bodies),
        against_hand_written(times, &bodies),
        against_peers(times, &bodies),
        known_before(before),
        policies(cached),
    ];
    goals::print("Goals, time in process", &goals.concat());
}

fn nothing_to_do(times: &Times) -> Vec<Goal> {
    let worst = |contender: &Contender| {
        let cases = Case::nothing_to_do();
        let goals = cases.iter().filter_map(|case| {
            let what = format!(
                "nothing to do ({}), {}: over bare",
                case.name, contender.name
            );
            let limit = 20.0 * ours::layers(contender);
            Some(Goal::at_most(
                what,
                limit,
                times.over_bare(contender, case)?,
            ))
        });
        goals::worst(goals.collect())
    };
    ours::each().iter().filter_map(worst).collect()
}

/// Returns the goals for the time that a layer adds to a body in one piece, which must not grow
/// with the body.
fn beyond_the_hash(times: &Times, bodies: &[Case]) -> Vec<Goal> {
    let one_frame = || bodies.iter().filter(|case| case.frames == 1);
    // 120 ns are smaller than the spread of a hash that takes many microseconds.
    let small = || one_frame().filter(|case| case.content.len() < 64 * KIB);
    let large = || one_frame().filter(|case| case.content.len() >= 64 * KIB);
    let beyond = |contender: &Contender, case: &Case| {
        let what = format!("{}, {}: over bare and raw hash", case.name, contender.name);
        Some(Goal::at_most(
            what,
            120.0,
            times.over_hash(contender, case)?,
        ))
    };
    let throughput = |contender: &Contender, case: &Case| {
        let what = format!("{}, {}: throughput / raw hash", case.name, contender.name);
        let raw = times.get(raw_hash::name(contender.hash?), case)?;
        Some(Goal::at_least(what, 0.95, raw / times.over_bare(contender, case)?).ratio())
    };
    let mut goals = Vec::new();
    for contender in ours::hashing() {
        let small = small().filter_map(|case| beyond(&contender, case));
        goals.extend(goals::worst(small.collect()));
        let large = large().filter_map(|case| throughput(&contender, case));
        goals.extend(goals::worst(large.collect()));
    }
    goals
}

fn against_hand_written(times: &Times, bodies: &[Case]) -> Vec<Goal> {
    let mut goals = Vec::new();
    let mut compare = |ours, by_hand, case: &Case, limit| {
        let answer = case.condition.status();
        let what = format!("{} ({answer}), {ours} / {by_hand}", case.name);
        let ratio = times.get(ours, case).zip(times.get(by_hand, case));
        goals.extend(
            ratio.map(|(ours, by_hand)| Goal::at_most(what, limit, ours / by_hand).ratio()),
        );
    };
    for case in bodies {
        for case in [case.clone(), case.revalidating()] {
            let xxh3 = ours::stack_name(Hash::Xxh3);
            if case.frames > 1 {
                compare(xxh3, naive::XXH3, &case, 0.60);
            } else if case.content.len() == KIB {
                compare(ours::stack_name(Hash::Sha256), naive::SHA256, &case, 0.78);
                compare(xxh3, naive::XXH3, &case, 0.60);
            }
        }
    }
    goals
}

/// Returns the goals to be faster than every contender that hashes each response with an equally
/// strong hash. Each is compared with the bare service of its own framework.
fn against_peers(times: &Times, bodies: &[Case]) -> Vec<Goal> {
    let all = contenders::all();
    let find = |name| all.iter().find(|contender| contender.name == name);
    let mut goals = Vec::new();
    for peer in &all {
        let Some(hash) = peer.hash.filter(|_| is_peer(peer)) else {
            continue;
        };
        let ours = find(ours::stack_name(hash)).expect("a stack for each hash");
        let each = bodies.iter().filter_map(|case| {
            let what = format!(
                "{} (200), {} / {}, over bare",
                case.name, ours.name, peer.name
            );
            let ratio = times.over_bare(ours, case)? / times.over_bare(peer, case)?;
            Some(Goal::at_most(what, 1.0, ratio).ratio())
        });
        goals.extend(goals::worst(each.collect()));
    }
    goals
}

/// Returns the goals for requests that are decided before the service runs, as ratios to the bare
/// service.
fn known_before(times: &Times) -> Vec<Goal> {
    let mut goals = Vec::new();
    for case in Case::known_before() {
        for goal in ours::KNOWN_BEFORE
            .iter()
            .filter(|goal| goal.concerns(&case))
        {
            let ours = goal.name;
            let mut compare = |what: &str, limit, other: Option<f64>| {
                let ratio = times.get(ours, &case).zip(other);
                let what = format!("{}, {ours} / {what}", case.title());
                goals.extend(
                    ratio.map(|(ours, other)| Goal::at_most(what, limit, ours / other).ratio()),
                );
            };
            let bare = times.get(contenders::BARE, &case.bare());
            compare("bare", goal.ratio, bare);
            if case.content.len() == MIB {
                let small = Case::one_kib().with(case.condition);
                compare("the same of 1 KiB", 1.02, times.get(ours, &small));
            }
            let peer = contenders::TOWER_ETAG_CACHE;
            compare(peer, goal.peer, times.get(peer, &case));
        }
    }
    goals
}

/// Returns the goals for a policy without `Date`, compared with layers that set the one header.
fn policies(times: &Times) -> Vec<Goal> {
    let ours = ours::POLICY_WITHOUT_DATE;
    let peers = [
        (set_header::IF_NOT_PRESENT, 1.1),
        (tower_cache_control::NAME, 0.65),
    ];
    let mut goals = Vec::new();
    for case in Case::policies() {
        for (peer, limit) in peers {
            let ratio = times.get(ours, &case).zip(times.get(peer, &case));
            let what = format!("{}, {ours} / {peer}", case.title());
            goals.extend(ratio.map(|(ours, peer)| Goal::at_most(what, limit, ours / peer).ratio()));
        }
    }
    goals
}

/// Returns `true` for a contender with its own framework.
fn is_peer(contender: &Contender) -> bool {
    contender.bare != contenders::BARE && contender.bare != contender.name
}
