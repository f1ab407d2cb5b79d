//! Random stacks: a 304 repeats the headers of its 200, and a write takes the tag of a read.
//!
//! Each stack is drawn from everything that the builder allows: sources, hashes, codings, policies,
//! and the checks of writes. A failure prints its seed.
//! The campaign of 100,000 stacks:
//!
//! ```sh
//! RANDOM_STACKS=100000 cargo test --release --all-features --test random_stacks
//! ```

#[path = "../support/boxed.rs"]
mod boxed;
mod build;
mod plan;
#[path = "../support/seeded.rs"]
mod seeded;

use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

use boxed::Service;
use plan::Plan;
use seeded::Draw;

/// The number of stacks without `RANDOM_STACKS`.
const IN_CI: u64 = 2_000;

#[derive(Debug)]
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
}

async fn send(service: &Service, method: &str, plan: &Plan, fields: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder().method(method).uri("/notes/1");
    if plan.accepts_gzip {
        request = request.header(header::ACCEPT_ENCODING, "gzip");
    }
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    let response = service.clone().oneshot(request).await;
    let (parts, body) = response.expect("the service cannot fail").into_parts();
    body.collect().await.expect("the body does not break");
    Reply {
        status: parts.status,
        headers: parts.headers,
    }
}

fn field<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    Some(headers.get(name)?.to_str().expect("ASCII"))
}

/// Returns all members of a header, sorted and in lower case.
fn members(headers: &HeaderMap, name: &str) -> Vec<String> {
    let lines = headers.get_all(name).iter();
    let mut members: Vec<_> = lines
        .flat_map(|line| line.to_str().expect("ASCII").split(','))
        .map(|member| member.trim().to_ascii_lowercase())
        .collect();
    members.sort();
    members
}

/// The headers of RFC 9110, section 15.4.5.
const REPEATED: [&str; 5] = [
    "cache-control",
    "content-location",
    "etag",
    "expires",
    "vary",
];

/// Issue 10, A.3, A.4, R-9110-15.4.5-a, R-9110-8.8-d.
#[tokio::test]
async fn reads_and_writes_agree_in_every_stack() {
    let seeds = seeded::seeds("RANDOM_STACKS", IN_CI);
    let stacks = seeds.end - seeds.start;
    let mut seen = ReadResult::default();
    for seed in seeds {
        let plan = Plan::draw(&mut Draw::new(seed));
        let service = build::service(&plan);
        check(
            &service,
            &plan,
            &mut seen,
            &format!("seed {seed}: {plan:?}"),
        )
        .await;
    }
    // The generator must reach the cases that matter.
    if stacks >= IN_CI {
        assert!(seen.all_often(stacks / 100), "{seen:?}");
    }
}

#[derive(Debug, Default)]
struct ReadResult {
    by_tag: u64,
    by_date: u64,
    strong_writes: u64,
    dated_writes: u64,
    without_the_handler: u64,
}

impl ReadResult {
    fn all_often(&self, least: u64) -> bool {
        let counts = [
            self.by_tag,
            self.by_date,
            self.strong_writes,
            self.dated_writes,
            self.without_the_handler,
        ];
        counts.iter().all(|count| *count >= least)
    }
}

async fn check(service: &Service, plan: &Plan, seen: &mut ReadResult, case: &str) {
    let full = send(service, "GET", plan, &[]).await;
    assert_eq!(full.status, StatusCode::OK, "{case}");
    let tag = field(&full.headers, "etag");
    let date = field(&full.headers, "last-modified");

    let by_tag = tag.map(|tag| ("if-none-match", tag));
    let by_date = date.map(|date| ("if-modified-since", date));
    for condition in [by_tag, by_date].into_iter().flatten() {
        for method in ["GET", "HEAD"] {
            let before = plan.runs();
            let reply = send(service, method, plan, &[condition]).await;
            let case = format!("{case} {method} {condition:?}: {full:?} {reply:?}");
            assert_eq!(reply.status, StatusCode::NOT_MODIFIED, "{case}");
            for name in REPEATED {
                let (of_304, of_200) =
                    (members(&reply.headers, name), members(&full.headers, name));
                let uncertain = plan.compresses || plan.streams;
                if name == "etag" && uncertain && condition.0 == "if-modified-since" {
                    // A date does not say which coding the client has, nor if the handler will
                    // stream.
                    assert_eq!(of_304.is_empty(), of_200.is_empty(), "{name} {case}");
                    continue;
                }
                assert_eq!(of_304, of_200, "{name} {case}");
            }
            assert_ne!(field(&reply.headers, "content-length"), Some("0"), "{case}");
            seen.without_the_handler += u64::from(plan.runs() == before);
        }
        match condition.0 {
            "if-none-match" => seen.by_tag += 1,
            _ => seen.by_date += 1,
        }
    }

    let strong = tag.filter(|tag| !tag.starts_with("W/"));
    if let Some(tag) = strong {
        for method in ["GET", "PUT", "PATCH", "DELETE"] {
            let reply = send(service, method, plan, &[("if-match", tag)]).await;
            let case = format!("{case} {method} {tag}: {reply:?}");
            if method != "GET" && plan.has_no_check() {
                assert_eq!(reply.status, StatusCode::PRECONDITION_FAILED, "{case}");
                continue;
            }
            assert!(reply.status.is_success(), "{case}");
        }
        seen.strong_writes += u64::from(!plan.has_no_check());
    }
    if let Some(date) = date {
        let condition = ("if-unmodified-since", date);
        for method in ["GET", "PUT"] {
            let reply = send(service, method, plan, &[condition]).await;
            // If only tags are known, a date is no condition.
            let ignored = plan.ignores_dates() && reply.status == StatusCode::PRECONDITION_REQUIRED;
            let unchecked = method != "GET" && plan.has_no_check();
            let refused = unchecked && reply.status == StatusCode::PRECONDITION_FAILED;
            let performed = reply.status.is_success() || ignored || refused;
            assert!(performed, "{case} {method} {date}: {reply:?}");
        }
        seen.dated_writes += 1;
    }
}
