//! The store of validators in memory: `validators [--memory COUNT]`.
//!
//! It prints the time of lookups among ten thousand keys and among ten million, and the
//! throughput of two threads.
//!
//! It also prints the memory of a million entries.
//! The memory is that of a process of its own, whose resident memory grows by nothing else.

use std::{
    env, fs,
    hint::black_box,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use http::header;
use tower_conditional::{
    EntityTag, Validators,
    cache_policy::CacheControl,
    store::{
        MemoryValidatorStore,
        validators::{
            CacheScope, Grant, LeaseRequest, Lookup, OperationId, ValidatorEntry, ValidatorKey,
            ValidatorStore, WriteTarget,
        },
    },
    validator::RepeatedFields,
};
use tower_conditional_bench::{
    drive::block_on,
    goals::{self, Goal},
    table,
};

const COUNTS: [u64; 3] = [10_000, 1_000_000, 10_000_000];
const LOOKUPS: u64 = 1_000_000;
const ROUNDS: usize = 7;
const ENTRIES: u64 = 1_000_000;
/// A budget that no measurement reaches.
const MAX_BYTES: usize = 8 << 30;
/// Each tag of the cache has so many entries.
const TAGGED: u64 = 1_000;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => report(),
        ["--memory", count] => {
            let (resident, counted) = memory(count.parse().expect("a number"));
            println!("{resident} {counted}");
        }
        _ => panic!("usage: validators [--memory COUNT]"),
    }
}

fn report() {
    let mut goals = Vec::new();
    println!("\n### Lookups in the store of validators (ns)");
    let rows = COUNTS.map(|count| {
        let store = filled(count);
        let times = [
            reads(count),
            hits(&store, count),
            hits_after_a_change(&store, count),
            misses(&store, count),
            leases(&store, count),
        ];
        if count == COUNTS[0] {
            goals.push(Goal::at_most("hit, ns", 220.0, times[1]));
            goals.push(Goal::at_most("miss, ns", 60.0, times[3]));
            let ratio = two_threads(|round| hit_keys(&store, count, round, LOOKUPS));
            goals.push(Goal::at_least("two threads / one", 1.7, ratio).ratio());
            // The processors may be busy with something else.
            let ratio = two_threads(arithmetic);
            goals.push(Goal::at_least("the same, of arithmetic alone", 1.9, ratio).ratio());
        }
        let times = times.map(|time| format!("{time:.0}"));
        [vec![count.to_string()], times.to_vec()].concat()
    });
    let columns = [
        "keys",
        "a read of memory",
        "hit",
        "first hit after a change",
        "miss",
        "lease and release",
    ];
    table::print("Lookups", &columns, &rows);
    let (resident, counted) = memory_of_child();
    let each = |bytes: f64| bytes / ENTRIES as f64;
    goals.push(Goal::at_most(
        "bytes of an entry, counted",
        200.0,
        each(counted),
    ));
    goals.push(Goal::at_most(
        "bytes of an entry, resident",
        200.0,
        each(resident),
    ));
    goals::print("Goals, store of validators", &goals);
}

/// Returns the shortest time of one of `lookups`, in nanoseconds.
fn shortest(lookups: u64, mut run: impl FnMut(u64)) -> f64 {
    let rounds = (0..ROUNDS as u64).map(|round| {
        let start = Instant::now();
        run(round);
        start.elapsed().as_secs_f64() * 1e9 / lookups as f64
    });
    rounds.fold(f64::INFINITY, f64::min)
}

fn hits(store: &MemoryValidatorStore, count: u64) -> f64 {
    shortest(LOOKUPS, |round| hit_keys(store, count, round, LOOKUPS))
}

/// Looks keys up in an order that differs between rounds.
fn hit_keys(store: &MemoryValidatorStore, count: u64, round: u64, lookups: u64) {
    for number in 0..lookups {
        let number = spread(round << 32 | number) % count;
        let found = store.try_lookup(key(number), None);
        let Some(Ok(hit @ Lookup::Hit { .. })) = found else {
            panic!("{found:?}");
        };
        black_box(hit);
    }
}

/// Each lookup is the first one of its key after a change of another scope.
fn hits_after_a_change(store: &MemoryValidatorStore, count: u64) -> f64 {
    shortest(count.min(LOOKUPS), |round| {
        let other = CacheScope::from(digest(u64::MAX - round));
        block_on(store.invalidate(WriteTarget::Scope(other))).expect("an answer");
        let step = count / count.min(LOOKUPS);
        for number in (0..count).step_by(step as usize) {
            // Coprime to each count, so that each key comes once.
            let number = number * 7_368_787 % count;
            let hit = store.try_lookup(key(number), None);
            assert!(matches!(hit, Some(Ok(Lookup::Hit { .. }))), "{hit:?}");
        }
    })
}

fn misses(store: &MemoryValidatorStore, count: u64) -> f64 {
    shortest(LOOKUPS, |round| {
        for number in 0..LOOKUPS {
            let number = count + spread(round << 32 | number) % count;
            let miss = store.try_lookup(key(number), None);
            assert!(matches!(miss, Some(Ok(Lookup::Miss { .. }))), "{miss:?}");
        }
    })
}

fn leases(store: &MemoryValidatorStore, count: u64) -> f64 {
    shortest(LOOKUPS, |round| {
        for number in 0..LOOKUPS {
            let key = key(count + spread(round << 32 | number) % count);
            let grant = lease(store, key, number);
            block_on(store.release(key, grant)).expect("an answer");
        }
    })
}

/// One read of memory at a place that depends on the read before, in as much memory as the
/// entries take. A lookup reads the index and the entry.
fn reads(count: u64) -> f64 {
    let memory = vec![[1_u64; 18]; count as usize];
    shortest(LOOKUPS, |round| {
        let read = |last: u64, number: u64| {
            let place = spread(last ^ round << 32 ^ number) % count;
            let entry = &memory[place as usize];
            entry[0] + entry[8] + entry[16]
        };
        black_box((0..LOOKUPS).fold(0, read));
    })
}

fn arithmetic(round: u64) {
    black_box((0..100 * LOOKUPS).fold(round, |last, number| last.wrapping_mul(number | 1) ^ 1));
}

/// Returns the throughput of two threads, as a multiple of that of one.
fn two_threads(run: impl Fn(u64) + Sync) -> f64 {
    let one = shortest(1, &run);
    let run = &run;
    let two = shortest(2, |round| {
        thread::scope(|scope| {
            for thread in 0..2 {
                scope.spawn(move || run(2 * round + thread));
            }
        });
    });
    one / two
}

fn memory_of_child() -> (f64, f64) {
    let program = env::current_exe().expect("the path of this program");
    let output = Command::new(program)
        .args(["--memory", &ENTRIES.to_string()])
        .output()
        .expect("a run");
    let output = String::from_utf8(output.stdout).expect("text");
    let (resident, counted) = output.trim().split_once(' ').expect("two numbers");
    let [resident, counted] = [resident, counted].map(|text| text.parse().expect("a number"));
    (resident, counted)
}

/// Returns the growth of the resident memory, and the bytes that the store counts.
fn memory(count: u64) -> (usize, usize) {
    let empty = filled(1);
    let before = resident_bytes();
    let store = filled(count);
    let after = resident_bytes();
    drop(empty);
    (after - before, store.used_bytes())
}

/// Returns a store with entries as the layer fills them.
///
/// Each has a tag of 128 bits, one of a few policies, the scope of its path and that of a cache
/// tag.
fn filled(count: u64) -> MemoryValidatorStore {
    let store = MemoryValidatorStore::new().max_bytes(MAX_BYTES);
    let policies = [60, 300, 3_600].map(|seconds| {
        let directives = CacheControl::new().with_max_age(Duration::from_secs(seconds));
        RepeatedFields::new()
            .with_cache_control(&directives)
            .with_vary([header::ACCEPT_ENCODING, header::ACCEPT_LANGUAGE])
    });
    for number in 0..count {
        let tag = EntityTag::from_digest(&digest(number)[..16]);
        let policy = &policies[(number % 3) as usize];
        let validators = Validators::from(tag).with_repeated(policy.clone());
        let path = CacheScope::from(digest(number ^ 1 << 62));
        let tag = CacheScope::from(digest((number / TAGGED) ^ (1 << 61)));
        let entry = ValidatorEntry::new(validators)
            .with_scopes([path, tag])
            .with_ttl(Duration::from_secs(1_000_000));
        let key = key(number);
        let grant = lease(&store, key, number);
        let filled = block_on(store.fill(key, grant, entry));
        let _ = filled.expect("an answer");
    }
    assert_eq!(store.len() as u64, count);
    store
}

fn lease(store: &MemoryValidatorStore, key: ValidatorKey, number: u64) -> Grant {
    let reader = OperationId::from(u128::from(number).to_be_bytes());
    match store.try_lookup(key, Some(LeaseRequest::new(reader))) {
        Some(Ok(Lookup::Leased { grant, .. })) => grant,
        other => panic!("{other:?}"),
    }
}

fn key(number: u64) -> ValidatorKey {
    ValidatorKey::from(digest(number))
}

/// Returns bytes that are spread like those of a digest.
fn digest(number: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    let mut part = number;
    for chunk in bytes.chunks_exact_mut(8) {
        part = spread(part);
        chunk.copy_from_slice(&part.to_be_bytes());
    }
    bytes
}

/// The step of SplitMix64.
fn spread(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn resident_bytes() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.parse::<usize>().ok())
        .expect("VmRSS")
        << 10
}
