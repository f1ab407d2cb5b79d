//! The time of tags from canonical JSON, beside tags from the bytes of the same content.

use std::time::Instant;

use bytes::Bytes;
use tower::Layer;
use tower_conditional::{
    EtagLayer,
    etag::{ContentHasher, Sha256, Xxh3},
    stack,
};
use tower_conditional_bench::{
    case::{Case, KIB},
    drive::{OneRequest, drive},
    goals::{self, Goal},
    handler::Handler,
    table,
};

const ROUNDS: usize = 301;

const BARE: &str = "bare service";
const SHA256: &str = "`stack()`, SHA-256";
const SHA256_FORM: &str = "the same, canonical JSON";
const XXH3: &str = "`stack()`, XXH3";
const XXH3_FORM: &str = "the same, canonical JSON ";
const IGNORING: &str = "the same, two ignored members";
const TEXT: &str = "text: `stack()`, XXH3";
const TEXT_FORM: &str = "text: the same, canonical JSON";

struct Runner {
    name: &'static str,
    one_request: OneRequest,
    best: f64,
}

fn main() {
    let sizes = [KIB, 64 * KIB];
    let times: Vec<_> = sizes.iter().map(|size| measured(*size)).collect();
    let rows = times[0].iter().zip(&times[1]).map(|(small, large)| {
        let bare = |runners: &[Runner]| time(runners, BARE);
        vec![
            small.name.to_owned(),
            format!("{:.0}", small.best - bare(&times[0])),
            format!("{:.0}", large.best - bare(&times[1])),
        ]
    });
    let rows: Vec<_> = rows.collect();
    table::print(
        "JSON, nanoseconds over the bare service",
        &["200", "1 KiB", "64 KiB"],
        &rows,
    );
    let text = |runners: &[Runner]| time(runners, TEXT_FORM) - time(runners, TEXT);
    let goals = [
        Goal::at_most(
            "content that is no JSON: over `stack()`",
            5.0,
            text(&times[0]),
        ),
        ratio("1 KiB", &times[0]),
        ratio("64 KiB", &times[1]),
    ];
    goals::print("Goals, JSON", &goals);
}

/// Returns the goal for the time of a canonical tag, in times of a tag from SHA-256.
fn ratio(size: &str, runners: &[Runner]) -> Goal {
    let over = |name| time(runners, name) - time(runners, BARE);
    let what = format!("{size}: canonical JSON / bytes, SHA-256, over bare");
    Goal::at_most(what, 10.0, over(SHA256_FORM) / over(SHA256)).ratio()
}

fn time(runners: &[Runner], name: &str) -> f64 {
    let runner = runners.iter().find(|runner| runner.name == name);
    runner.expect("a runner").best
}

fn measured(size: usize) -> Vec<Runner> {
    let json = case(size, "application/json");
    let text = case(size, "text/plain");
    let ignoring = xxh3().ignoring(["/items/*/seen_at", "/generated_at"]);
    let ignoring = ignoring.expect("pointers");
    let mut runners = [
        (BARE, drive(Handler::new(&json), &json)),
        (SHA256, stacked(sha256(), &json)),
        (SHA256_FORM, stacked(sha256().canonical_json(), &json)),
        (XXH3, stacked(xxh3(), &json)),
        (XXH3_FORM, stacked(xxh3().canonical_json(), &json)),
        (IGNORING, stacked(ignoring, &json)),
        (TEXT, stacked(xxh3(), &text)),
        (TEXT_FORM, stacked(xxh3().canonical_json(), &text)),
    ]
    .map(|(name, one_request)| Runner {
        name,
        one_request,
        best: f64::INFINITY,
    });
    let each_round = if size > KIB { 10 } else { 500 };
    for _ in 0..ROUNDS {
        for runner in &mut runners {
            let start = Instant::now();
            for _ in 0..each_round {
                (runner.one_request)().check(&json);
            }
            let time = start.elapsed().as_nanos() as f64 / f64::from(each_round);
            runner.best = runner.best.min(time);
        }
    }
    runners.into()
}

fn sha256() -> EtagLayer<Sha256> {
    EtagLayer::new()
}

fn xxh3() -> EtagLayer<Xxh3> {
    EtagLayer::new().hasher(Xxh3::new())
}

fn stacked<H: ContentHasher>(layer: EtagLayer<H>, case: &Case) -> OneRequest {
    drive(stack().etag(layer).layer(Handler::new(case)), case)
}

fn case(size: usize, content_type: &'static str) -> Case {
    let mut case = Case::one_kib();
    case.content = list(size);
    case.content_type = content_type;
    case
}

/// Returns a list of objects whose members are not in order, as most serializers write it.
fn list(size: usize) -> Bytes {
    let mut text = String::from("{\"items\":[");
    for number in 0.. {
        let item = format!(
            "{{\"id\":{number},\"title\":\"Note {number}\",\"tags\":[\"a\",\"b\"],\"rating\":4.5,\
             \"done\":false,\"seen_at\":\"2026-11-20T08:00:00Z\"}}"
        );
        if text.len() + item.len() + 30 > size {
            break;
        }
        text.push_str(if number == 0 { "" } else { "," });
        text.push_str(&item);
    }
    text.push_str("],\"generated_at\":1795162800");
    let padding = " ".repeat(size - text.len() - 1);
    (text + &padding + "}").into()
}
