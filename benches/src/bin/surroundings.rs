//! The time of one request in a `service_fn` and behind an axum `Router`, with warm caches and
//! after other code has used them. `run` builds the program in two ways: with the defaults of
//! Cargo, and as a whole.

use std::{
    convert::Infallible,
    hint::black_box,
    time::{Duration, Instant},
};

use axum::{Router, body::Body, routing::any};
use http::{Request, Response};
use tower::{Layer, Service, service_fn};
use tower_conditional::{
    ConditionalLayer, EntityTag, EtagLayer, ValidatorSource, Validators, etag::Xxh3, source, stack,
};
use tower_conditional_bench::{
    case::{Case, Condition, MIB},
    contenders::{floor, raw_hash},
    drive::{OneRequest, drive},
    handler::Handler,
    hash::Hash,
    table,
};

const ROUNDS: usize = 101;
const WARM_ROUND: Duration = Duration::from_micros(500);
/// A size that is larger than the second level of any cache.
const COLD_BYTES: usize = 8 * MIB;
const CACHE_LINE: usize = 64;

/// One contender with one case and one of the surroundings.
struct Runner {
    one_request: OneRequest,
    requests: u32,
    /// The time of the best round.
    warm: f64,
    /// The times of single requests, of which the median counts.
    cold: Vec<f64>,
}

struct Row {
    name: String,
    hashes: bool,
    /// The service in a `service_fn`, and behind a `Router`.
    runners: [Runner; 2],
}

/// Makes the layer around a `service_fn` and around a `Router` of one route.
macro_rules! row {
    ($name:literal, $hashes:literal, $case:expr, $layer:expr) => {{
        let case: Case = $case;
        // `axum::serve` does the same. Without it, a router applies its layers for each request.
        let router = router(&case).layer($layer).with_state(());
        let opened = [
            drive($layer.layer(function(&case)), &case),
            drive(router, &case),
        ];
        row(case.title() + ", " + $name, $hashes, opened)
    }};
}

fn main() {
    let ok = Case::one_kib();
    let known = ok.revalidating();
    let other = ok.with(Condition::HasOther);
    let hash = || (raw_hash::contender(Hash::Xxh3).open)(&Case::one_kib()).expect("it hashes");
    let bare = [
        drive(function(&ok), &ok),
        drive(router(&ok).with_state(()), &ok),
    ];
    let mut rows = vec![
        row("no layer".into(), false, bare),
        row("XXH3 by itself".into(), false, [hash(), hash()]),
        row!("floor by hand", true, ok.clone(), floor::layer(Hash::Xxh3)),
        row!(
            "floor by hand",
            true,
            known.clone(),
            floor::layer(Hash::Xxh3)
        ),
        row!("**EtagLayer**", true, ok.clone(), etag()),
        row!("**stack()**", true, ok.clone(), stack().etag(etag())),
        row!("**stack()**", true, known.clone(), stack().etag(etag())),
        row!(
            "**ConditionalLayer::source**",
            false,
            known,
            ConditionalLayer::new().source(source())
        ),
        row!(
            "**ConditionalLayer::source**",
            false,
            other,
            ConditionalLayer::new().source(source())
        ),
    ];
    measure(&mut rows);
    print(&rows);
}

fn function(
    case: &Case,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    let handler = Handler::new(case);
    service_fn(move |request| handler.clone().call(request))
}

fn router(case: &Case) -> Router {
    let handler = Handler::new(case);
    let handle = move |request| {
        let answer = handler.clone().call(request);
        async { answer.await.unwrap_or_else(|never| match never {}) }
    };
    Router::new().route("/notes/1", any(handle))
}

fn etag() -> EtagLayer<Xxh3> {
    EtagLayer::new().hasher(Xxh3::new())
}

fn source() -> impl ValidatorSource {
    source::now(|_| {
        let tag = EntityTag::strong("a-tag-of-the-source-01").expect("a tag");
        Validators::new().with_etag(tag)
    })
}

fn row(name: String, hashes: bool, opened: [OneRequest; 2]) -> Row {
    Row {
        name,
        hashes,
        runners: opened.map(|mut one_request| {
            let warm = (0..5).map(|_| time(&mut one_request, 100));
            let warm = warm.fold(f64::INFINITY, f64::min);
            Runner {
                one_request,
                requests: (WARM_ROUND.as_nanos() as f64 / warm).clamp(2.0, 10_000.0) as u32,
                warm,
                cold: Vec::with_capacity(ROUNDS),
            }
        }),
    }
}

/// Measures the rows. All take turns, and a cold request comes after each has run once.
fn measure(rows: &mut [Row]) {
    let mut others_data = vec![1_u8; COLD_BYTES];
    for _ in 0..ROUNDS {
        for runner in rows.iter_mut().flat_map(|row| &mut row.runners) {
            runner.warm = runner
                .warm
                .min(time(&mut runner.one_request, runner.requests));
            for line in others_data.iter_mut().step_by(CACHE_LINE) {
                *line = black_box(*line).wrapping_add(1);
            }
            runner.cold.push(time(&mut runner.one_request, 1));
        }
    }
}

fn time(one_request: &mut OneRequest, count: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        black_box(one_request());
    }
    start.elapsed().as_nanos() as f64 / f64::from(count)
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn print(rows: &[Row]) {
    let times = |row: &Row| {
        let [function, router] = &row.runners;
        let cold = [&function.cold, &router.cold].map(|times| median(times));
        [function.warm, cold[0], router.warm, cold[1]]
    };
    let [bare, hash] = [times(&rows[0]), times(&rows[1])];
    let cells = rows.iter().enumerate().map(|(at, row)| {
        let time = times(row);
        let cell = |column: usize| {
            let total = time[column];
            let hash = if row.hashes { hash[column] } else { 0.0 };
            match at {
                0 | 1 => format!("{total:.0}"),
                _ => format!("{total:.0} ({:+.0})", total - bare[column] - hash),
            }
        };
        let cells = (0..time.len()).map(cell).collect();
        [vec![row.name.clone()], cells].concat()
    });
    let columns = [
        "",
        "service_fn, warm",
        "service_fn, cold",
        "Router, warm",
        "Router, cold",
    ];
    let title = format!(
        "1 KiB: total (beyond no layer and the hash), ns, {} build",
        build()
    );
    table::print(&title, &columns, &cells.collect::<Vec<_>>());
}

/// Returns the profile, which is the directory of the program.
fn build() -> String {
    let program = std::env::current_exe().expect("the path of this program");
    let folder = program.parent().and_then(|folder| folder.file_name());
    folder.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
