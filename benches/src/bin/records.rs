//! The memory of a million idempotency records, compared with the bytes that their store counts:
//! `records [--content BYTES --count N]`.
//!
//! Each measurement is a process of its own, whose resident memory grows by nothing else.

use std::{env, fs, process::Command, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tower_conditional::{
    idempotency::{
        Admission, Claim, Fingerprint, IdempotencyKey, KeyScope, Owner, RecordId, RecordedResponse,
    },
    store::{IdempotencyStore, MemoryIdempotencyStore, Step},
};
use tower_conditional_bench::{
    drive::runtime,
    goals::{self, Goal},
    table,
};

const COUNT: usize = 1_000_000;
/// The lengths of the recorded contents.
const CONTENTS: [usize; 4] = [0, 100, 256, 1024];
/// A budget that no measurement reaches.
const MAX_BYTES: usize = 8 << 30;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => report(),
        ["--content", content, "--count", count] => {
            let [content, count] = [content, count].map(|text| text.parse().expect("a number"));
            let (resident, counted) = measure(content, count);
            println!("{resident} {counted}");
        }
        _ => panic!("usage: records [--content BYTES --count N]"),
    }
}

fn report() {
    println!("\n### Memory of {COUNT} idempotency records (MiB)");
    let mut goals = Vec::new();
    let rows = CONTENTS.map(|content| {
        let program = env::current_exe().expect("the path of this program");
        let arguments = [
            "--content",
            &content.to_string(),
            "--count",
            &COUNT.to_string(),
        ];
        let output = Command::new(program)
            .args(arguments)
            .output()
            .expect("a run");
        let output = String::from_utf8(output.stdout).expect("text");
        let (resident, counted) = output.trim().split_once(' ').expect("two numbers");
        let [resident, counted] =
            [resident, counted].map(|text| text.parse::<f64>().expect("a number"));
        let ratio = resident / counted;
        let what = format!("{content} bytes of content, resident / counted");
        goals.push(Goal::at_most(what.clone(), 1.05, ratio).ratio());
        goals.push(Goal::at_least(what, 0.95, ratio).ratio());
        let mib = |bytes: f64| format!("{:.1}", bytes / f64::from(1 << 20));
        let each = format!("{:.0}", resident / COUNT as f64);
        vec![
            content.to_string(),
            mib(resident),
            mib(counted),
            format!("{ratio:.3}"),
            each,
        ]
    });
    let columns = ["content", "resident", "counted", "ratio", "bytes of each"];
    table::print("Records", &columns, &rows);
    goals::print("Goals, records", &goals);
}

/// Returns the growth of the resident memory, and the bytes that the store counts.
fn measure(content: usize, count: usize) -> (usize, usize) {
    runtime().block_on(async {
        let store = Arc::new(MemoryIdempotencyStore::new().max_bytes(MAX_BYTES));
        // The first record makes what every process has once.
        record(&store, usize::MAX, content).await;
        let before = resident_bytes();
        let counted = store.used_bytes();
        for number in 0..count {
            record(&store, number, content).await;
        }
        assert_eq!(store.len(), count + 1);
        (resident_bytes() - before, store.used_bytes() - counted)
    })
}

/// Claims a key and records a response, as the layer does.
async fn record(store: &MemoryIdempotencyStore, number: usize, content: usize) {
    let key = IdempotencyKey::new(&format!("order {number}")).expect("a key");
    let id = RecordId::new(&KeyScope::of_anyone(), &key);
    let owner = Owner::from((number as u128).to_be_bytes());
    let claim = Claim::new(Fingerprint::custom(number.to_be_bytes()), owner);
    let claim = claim.with_lease(Duration::from_secs(600));
    let Ok(Admission::Started { fence, .. }) = store.begin(id, claim).await else {
        panic!("the key is taken");
    };
    let response = response(content).encode();
    // The layer keeps a clone, in case that the answer of the store is lost.
    let completed = store
        .complete(Step::new(id, owner, fence), response.clone())
        .await;
    let _ = completed.expect("room for the response");
}

fn response(content: usize) -> RecordedResponse {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(
        header::LOCATION,
        HeaderValue::from_static("/orders/8e03978e-40d5"),
    );
    RecordedResponse::new(
        StatusCode::CREATED,
        &headers,
        Bytes::from(vec![b'x'; content]),
    )
}

fn resident_bytes() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.parse::<usize>().ok())
        .expect("VmRSS")
        << 10
}
