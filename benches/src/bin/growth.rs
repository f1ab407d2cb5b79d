//! The instructions of one request with many path patterns, counted by callgrind. They show the
//! growth with the number of patterns and the length of the path.

use std::{env, hint::black_box, sync::Arc};

use axum::body::Body;
use http::{Request, Uri};
use tower::{Layer, ServiceExt};
use tower_conditional::{
    CachePolicyLayer,
    cache_policy::{CachePolicy, Rule},
};
use tower_conditional_bench::{
    callgrind,
    case::Case,
    drive::block_on,
    goals::{self, Goal},
    handler::Handler,
    table,
};

const COUNT: usize = 50;
/// The function whose instructions callgrind counts.
const TOGGLE: &str = "*growth*measured*";
const LONG: usize = 60 << 10;
const PATTERNS: [usize; 4] = [0, 1, 64, 10_000];

/// Returns a path by its name. A server parses the path of each request, and so does the measured
/// code.
fn path(name: &str) -> String {
    let long = "x".repeat(LONG);
    match name {
        "short, no rule" => "/other/17".to_owned(),
        "short, a rule" => "/notes-0/17".to_owned(),
        "60 KB, one segment" => format!("/{long}"),
        "60 KB of slashes" => "/".repeat(LONG),
        "60 KB of segments" => "/notes-0".repeat(LONG / "/notes-0".len()),
        "60 KB, a rule" => format!("/notes-0/{long}"),
        _ => panic!("no such path: {name}"),
    }
}

/// The name for the cost of making the layer, in place of a path.
const BUILDING: &str = "building";

const PATHS: [&str; 6] = [
    "short, no rule",
    "short, a rule",
    "60 KB, one segment",
    "60 KB of slashes",
    "60 KB of segments",
    "60 KB, a rule",
];

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => report(),
        ["--path", name, "--patterns", patterns, "--count", count] => {
            let [patterns, count] = [patterns, count].map(|text| text.parse().expect("a number"));
            run(name, patterns, count);
        }
        _ => panic!("usage: growth [--path NAME --patterns N --count N]"),
    }
}

/// Returns a rule for each pattern. Half of the patterns end in a parameter, half in a literal.
fn layer(patterns: usize) -> CachePolicyLayer {
    let layer = CachePolicyLayer::new(CachePolicy::no_cache()).without_date();
    (0..patterns).fold(layer, |layer, at| {
        let pattern = match at % 2 {
            0 => format!("/notes-{at}/{{id}}"),
            _ => format!("/pages/about-{at}"),
        };
        let rule = Rule::new(CachePolicy::immutable_asset());
        let rule = rule.path(&pattern).expect("a pattern");
        layer.rule(rule).expect("a rule")
    })
}

fn run(name: &str, patterns: usize, count: usize) {
    if name == BUILDING {
        measured(&mut || drop(black_box(layer(patterns))), count);
        return;
    }
    let path = Arc::<str>::from(path(name));
    let mut service = layer(patterns).layer(Handler::new(&Case::one_kib()));
    let mut one_request = || {
        let uri = Uri::try_from(&*path).expect("a path");
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = uri;
        let response = block_on((&mut service).oneshot(request));
        black_box(response.expect("no error"));
    };
    one_request();
    measured(&mut one_request, count);
}

#[inline(never)]
fn measured(one_request: &mut dyn FnMut(), count: usize) {
    for _ in 0..count {
        one_request();
    }
}

fn report() {
    println!("\n### Instructions below many path patterns (callgrind, mean of {COUNT})");
    let mut goals = Vec::new();
    let rows = PATHS.map(|path| {
        let counts = PATTERNS.map(|patterns| instructions(path, patterns, COUNT));
        let [without, one, few, many] = counts;
        let over = |count: f64, other: f64, limit, what: &str| {
            Goal::at_most(format!("{path}: {what}"), limit, count / other).ratio()
        };
        goals.push(over(few, one, 2.0, "64 patterns / 1"));
        goals.push(over(many, one, 2.0, "10,000 patterns / 1"));
        if path.starts_with("60 KB") {
            goals.push(over(many, without, 1.5, "10,000 patterns / none"));
        }
        let mut row = vec![path.to_owned()];
        row.extend(counts.map(|count| format!("{count:.0}")));
        row
    });
    let columns = ["path", "none", "1", "64", "10,000"];
    table::print("Patterns", &columns, &rows);
    let building = [100, 1_000, 10_000].map(|patterns| {
        let each = instructions(BUILDING, patterns, 1) / patterns as f64;
        vec![patterns.to_string(), format!("{each:.0}")]
    });
    table::print("Building", &["patterns", "for each"], &building);
    goals::print("Goals, growth", &goals);
}

/// Returns the mean of `count` requests.
fn instructions(path: &str, patterns: usize, count: usize) -> f64 {
    let (patterns, requests) = (patterns.to_string(), count.to_string());
    let arguments = [
        "--path",
        path,
        "--patterns",
        &patterns,
        "--count",
        &requests,
    ];
    callgrind::instructions(TOGGLE, &arguments) / count as f64
}
