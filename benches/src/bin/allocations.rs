//! The allocations, bytes and peak heap of one request. They are exact, and the same on every
//! machine.

use tower_conditional_bench::{
    case::Case,
    contenders::{self, BARE, Contender, ours},
    drive::OneRequest,
    goals::{self, Goal},
    hash::Hash,
    table,
};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const WARM_UP: u64 = 5;
const REQUESTS: u64 = 20;
const MEASURED: [&str; 4] = ["1 KiB", "64 KiB", "1 MiB", "1 MiB in 64 frames"];

struct Heap {
    allocations: u64,
    bytes: u64,
    peak: usize,
}

fn main() {
    println!("\n### Allocations of one request: number / bytes in all / peak heap");
    let contenders = contenders::all();
    let mut cases = Case::bodies();
    cases.retain(|case| MEASURED.contains(&case.name));
    let revalidating: Vec<_> = cases.iter().map(Case::revalidating).collect();
    print("200", &contenders, &cases);
    print("304", &contenders, &revalidating);

    let onlookers = contenders::onlookers();
    let quiet = Case::nothing_to_do();
    print("Nothing to do, 1 KiB", &onlookers, &quiet);

    let sourced = contenders::sourced();
    let before = Case::known_before();
    print("Known before the service runs", &sourced, &before);

    let policies = contenders::policies();
    let cached = Case::policies();
    print("Cache policy, 1 KiB", &policies, &cached);

    let mut goals = nothing_to_do(&onlookers, &quiet);
    goals.extend(hashing(&contenders, &cases));
    goals.extend(known_before(&sourced, &before));
    goals.extend(constant_policy(&policies, &cached));
    goals::print("Goals, allocations", &goals);
}

fn measure(contender: &Contender, case: &Case) -> Option<Heap> {
    let mut one_request = (contender.open)(case)?;
    run(&mut one_request, WARM_UP);
    let profiler = dhat::Profiler::builder().testing().build();
    run(&mut one_request, REQUESTS);
    let stats = dhat::HeapStats::get();
    drop(profiler);
    Some(Heap {
        // A buffer of a background task rarely grows, which is not part of a request.
        allocations: stats.total_blocks / REQUESTS,
        bytes: stats.total_bytes / REQUESTS,
        peak: stats.max_bytes,
    })
}

fn run(one_request: &mut OneRequest, requests: u64) {
    for _ in 0..requests {
        one_request();
    }
}

fn print(title: &str, contenders: &[Contender], cases: &[Case]) {
    let mut columns = vec![String::new()];
    columns.extend(cases.iter().map(Case::title));
    let rows = contenders.iter().filter_map(|contender| {
        let heaps: Vec<_> = cases.iter().map(|case| measure(contender, case)).collect();
        let cells = heaps.iter().map(|heap| match heap {
            Some(heap) => format!("{} / {} / {}", heap.allocations, heap.bytes, heap.peak),
            None => table::none(),
        });
        let shows = heaps.iter().any(Option::is_some);
        shows.then(|| {
            let mut row = vec![contender.name.to_owned()];
            row.extend(cells);
            row
        })
    });
    table::print(title, &columns, &rows.collect::<Vec<_>>());
}

/// Returns the heap of the bare service for the same case.
fn bare(contenders: &[Contender], case: &Case) -> Heap {
    let bare = contenders.iter().find(|contender| contender.name == BARE);
    bare.and_then(|bare| measure(bare, case))
        .expect("the bare service answers everything")
}

fn nothing_to_do(onlookers: &[Contender], cases: &[Case]) -> Vec<Goal> {
    let worst = |contender: &Contender| {
        let goals = cases.iter().filter_map(|case| {
            let what = format!(
                "nothing to do ({}), {}: allocations over bare",
                case.name, contender.name
            );
            let heap = measure(contender, case)?.allocations as f64;
            Some(Goal::at_most(
                what,
                0.0,
                heap - bare(onlookers, case).allocations as f64,
            ))
        });
        goals::worst(goals.collect())
    };
    ours::each().iter().filter_map(worst).collect()
}

fn hashing(contenders: &[Contender], cases: &[Case]) -> Vec<Goal> {
    let mut goals = Vec::new();
    for contender in ours::hashing() {
        let mut counts = Vec::new();
        let mut heaps = Vec::new();
        for case in cases.iter().filter(|case| case.frames == 1) {
            let bare = bare(contenders, case);
            let Some(heap) = measure(&contender, case) else {
                continue;
            };
            let what = |what| format!("{}, {}: {what}", case.name, contender.name);
            let more = heap.allocations as f64 - bare.allocations as f64;
            counts.push(Goal::at_most(what("allocations over bare"), 2.0, more));
            let own = heap.peak as f64 - bare.peak as f64;
            heaps.push(Goal::at_most(what("heap over bare"), 4096.0, own));
        }
        goals.extend(goals::worst(counts));
        goals.extend(goals::worst(heaps));
        let framed = cases.iter().filter(|case| case.frames > 1);
        goals.extend(framed.flat_map(|case| many_frames(contenders, &contender, case)));
    }
    goals
}

fn many_frames(contenders: &[Contender], contender: &Contender, case: &Case) -> Vec<Goal> {
    let Some(heap) = measure(contender, case).filter(|_| contender.hash == Some(Hash::Xxh3)) else {
        return Vec::new();
    };
    let what = |what| format!("{}, {}: {what}", case.name, contender.name);
    let own = heap.peak as f64 - bare(contenders, case).peak as f64;
    vec![
        Goal::at_most(what("allocations"), 14.0, heap.allocations as f64),
        Goal::at_most(what("heap over bare"), 16384.0, own),
    ]
}

fn constant_policy(contenders: &[Contender], cases: &[Case]) -> Vec<Goal> {
    let goals = |case: &Case| {
        let bare = bare(contenders, case).allocations as f64;
        let goal = |contender: Contender| {
            let what = format!(
                "{}, {}: allocations over bare",
                case.title(),
                contender.name
            );
            let heap = measure(&contender, case)?;
            Some(Goal::at_most(what, 0.0, heap.allocations as f64 - bare))
        };
        ours::policies()
            .into_iter()
            .filter_map(goal)
            .collect::<Vec<_>>()
    };
    cases.iter().flat_map(goals).collect()
}

fn known_before(contenders: &[Contender], cases: &[Case]) -> Vec<Goal> {
    let of_case = |case: &Case| {
        let known = ours::KNOWN_BEFORE.iter().filter(|goal| goal.concerns(case));
        let goal = |goal: &ours::KnownBefore| {
            let contender = contenders.iter().find(|other| other.name == goal.name)?;
            let allocations = measure(contender, case)?.allocations as f64;
            let what = format!("{}, {}: allocations", case.title(), goal.name);
            Some(Goal::at_most(what, goal.allocations, allocations))
        };
        known.filter_map(goal).collect::<Vec<_>>()
    };
    cases.iter().flat_map(of_case).collect()
}
