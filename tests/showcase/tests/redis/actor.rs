//! The clients of a run. Each draws what it does from the seed, and logs what it sends.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, from_slice};
use tokio::time::sleep;

use crate::{
    checker::{OrderAnswer, OrderRequest, Origin, PageOperation, PageStep, WriteAnswer},
    client::{Client, NoAnswer, PATIENT, get},
    decision::{Action, Decision},
    history::{History, Seen},
    seeded::Draw,
    system::System,
};

/// The times of handlers, in milliseconds. The longest is beyond a lease, which is extended.
const HANDLER_MS: [u64; 8] = [0, 0, 0, 0, 0, 30, 200, 1800];

/// The wait of a client that disconnects.
const IMPATIENT: Duration = Duration::from_millis(100);

/// The numbers of writes of one client.
const WRITES_OF_CLIENT: u64 = 1_000_000_000;

/// A request as it was sent, without its preconditions: those depend on earlier answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SentRequest {
    replica: usize,
    timeout: Duration,
    method: Method,
    path: String,
    key: Option<String>,
}

/// A client, with the pages that it has seen.
pub(crate) struct Actor {
    system: Arc<System>,
    history: Arc<History>,
    client: Client,
    number: u64,
    draw: Draw,
    writes: u64,
    /// The last tag and content of each page.
    seen: HashMap<usize, Seen>,
    sent: Vec<SentRequest>,
}

pub(crate) fn path_of(page: usize) -> String {
    format!("/pages/history-{page}")
}

impl Actor {
    /// Returns a client that has seen the pages as they were created. So what it sends does not
    /// depend on answers.
    pub(crate) fn new(system: Arc<System>, history: Arc<History>, seed: u64, number: u64) -> Self {
        let seen = history.recorded().all_latest();
        Self {
            system,
            history,
            client: Client::new(),
            number,
            draw: Draw::new(Draw::new(seed ^ (number << 32)).below(u64::MAX)),
            writes: 0,
            seen,
            sent: Vec::new(),
        }
    }

    /// Makes decisions until `goes_on` says no. Returns the requests that it has sent.
    pub(crate) async fn run(mut self, goes_on: impl Fn(u64) -> bool) -> Vec<SentRequest> {
        for number in 0.. {
            if !goes_on(number) {
                break;
            }
            let Decision {
                replica,
                is_patient,
                action,
            } = Decision::draw(&mut self.draw, number);
            self.client.timeout = if is_patient { PATIENT } else { IMPATIENT };
            match action {
                Action::Read { page, latest } => {
                    let latest = latest.then(|| self.history.recorded().latest(page));
                    let seen = latest.flatten().or_else(|| self.seen.get(&page).cloned());
                    self.read(replica, page, seen).await;
                }
                Action::Write { page, then } => {
                    self.read(replica, page, None).await;
                    let replaced = self.seen.get(&page).cloned();
                    self.write(replica, page).await;
                    self.read(then, page, replaced).await;
                }
                Action::Order { key } => self.order(replica, key).await,
            }
            self.history.finish();
        }
        self.sent
    }

    /// Sends a request. A replica that is down gets some time to come back.
    async fn send(
        &mut self,
        replica: usize,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, NoAnswer> {
        let key = request.headers().get("idempotency-key");
        let key = key.map(|key| key.to_str().expect("a key of text").to_owned());
        self.sent.push(SentRequest {
            replica,
            timeout: self.client.timeout,
            method: request.method().clone(),
            path: request.uri().to_string(),
            key,
        });
        let server = self.system.address(replica);
        let answer = self.client.exchange(server, request).await;
        if answer.is_err() {
            // A client that repeats at once would only count refused connections.
            sleep(Duration::from_millis(20)).await;
        }
        answer
    }

    /// Reads a page, unless it still has the content that was seen.
    async fn read(&mut self, replica: usize, page: usize, seen: Option<Seen>) {
        let mut request = get(&path_of(page));
        if let Some((tag, _)) = &seen {
            let tag = tag.parse().expect("a tag");
            request.headers_mut().insert(header::IF_NONE_MATCH, tag);
        }
        let invoked = self.history.now();
        let Ok(response) = self.send(replica, request).await else {
            return;
        };
        let at = self.history.since(invoked);
        let (content, origin) = match (response.status(), seen) {
            (StatusCode::OK, _) => (content_of(&response), Origin::Full),
            (StatusCode::NOT_MODIFIED, Some((tag, content))) => {
                assert_eq!(tag_of(&response), tag);
                (content, Origin::NotModified)
            }
            // The database was busy for too long.
            (status, _) if status.is_server_error() => return,
            _ => panic!("{response:?}"),
        };
        let tag = tag_of(&response);
        self.seen.insert(page, (tag.clone(), content));
        let step = PageStep::Read { content, origin };
        self.record(replica, page, PageOperation { at, step }, Some(&tag));
    }

    async fn write(&mut self, replica: usize, page: usize) {
        let (tag, over) = self.seen[&page].clone();
        self.writes += 1;
        let content = (self.number + 1) * WRITES_OF_CLIENT + self.writes;
        let request = Request::put(path_of(page))
            .header(header::IF_MATCH, tag)
            .body(Full::from(content.to_string()))
            .expect("a request");
        let invoked = self.history.now();
        let response = self.send(replica, request).await;
        let at = self.history.since(invoked);
        let mut tag = None;
        let answer = match &response {
            Err(NoAnswer::NotSent) => return,
            Err(NoAnswer::Lost) => WriteAnswer::Unknown,
            Ok(response) => match response.status() {
                StatusCode::NO_CONTENT => {
                    tag = Some(tag_of(response));
                    WriteAnswer::Accepted
                }
                StatusCode::PRECONDITION_FAILED => WriteAnswer::Refused,
                StatusCode::SERVICE_UNAVAILABLE => {
                    let problem: Value = from_slice(response.body()).expect("a problem");
                    let detail = problem["detail"].as_str().unwrap_or_default();
                    assert!(detail.ends_with("Nothing was changed."), "{detail}");
                    WriteAnswer::NotApplied
                }
                StatusCode::INTERNAL_SERVER_ERROR => WriteAnswer::Unknown,
                _ => panic!("{response:?}"),
            },
        };
        if let Some(tag) = &tag {
            self.seen.insert(page, (tag.clone(), content));
        }
        let step = PageStep::Write {
            over,
            content,
            answer,
        };
        self.record(replica, page, PageOperation { at, step }, tag.as_deref());
    }

    fn record(&self, replica: usize, page: usize, operation: PageOperation, tag: Option<&str>) {
        let mut recorded = self.history.recorded();
        if let Some(tag) = tag {
            let (PageStep::Read { content, .. } | PageStep::Write { content, .. }) = operation.step;
            recorded.assert_tagged(page, tag, content);
        }
        recorded
            .pages
            .entry(page)
            .or_default()
            .push((replica, operation));
    }

    pub(crate) async fn order(&mut self, replica: usize, key: String) {
        let invoked = self.history.now();
        let response = self.send(replica, order(&key)).await;
        let at = self.history.since(invoked);
        let answer = match response {
            Err(NoAnswer::NotSent) => return,
            Err(NoAnswer::Lost) => OrderAnswer::Unknown,
            Ok(response) => answer_of(&response),
        };
        let request = OrderRequest { at, key, answer };
        self.history.recorded().orders.push(request);
    }
}

/// Returns the order that is named like its key. The key also says how long its handler takes.
pub(crate) fn order(key: &str) -> Request<Full<Bytes>> {
    let number: u64 = key
        .rsplit(' ')
        .next()
        .unwrap_or_default()
        .parse()
        .expect("a number");
    let delay = HANDLER_MS[(number % HANDLER_MS.len() as u64) as usize];
    Request::post(format!("/orders?delay_ms={delay}"))
        .header("idempotency-key", format!("\"{key}\""))
        .body(Full::from(format!(r#"{{"item":"{key}","quantity":1}}"#)))
        .expect("a request")
}

pub(crate) fn answer_of(response: &Response<Bytes>) -> OrderAnswer {
    let content: Value = from_slice(response.body()).expect("JSON");
    let problem = content["type"].as_str().unwrap_or_default();
    match (response.status(), problem.rsplit('#').next()) {
        (StatusCode::CREATED, _) => OrderAnswer::Placed {
            number: content["order"].as_u64().expect("a number"),
            body: String::from_utf8_lossy(response.body()).into_owned(),
            is_replay: response.headers().contains_key("idempotent-replayed"),
        },
        (StatusCode::CONFLICT, Some("in-flight")) => OrderAnswer::InFlight,
        (StatusCode::CONFLICT, Some("outcome-unknown")) => OrderAnswer::OutcomeUnknown,
        (StatusCode::SERVICE_UNAVAILABLE, Some("store-unavailable")) => OrderAnswer::Unavailable,
        // The answer did not reach Redis, or the database was busy for too long.
        (StatusCode::SERVICE_UNAVAILABLE, Some("unrecorded"))
        | (StatusCode::INTERNAL_SERVER_ERROR, _) => OrderAnswer::Unknown,
        _ => panic!("{response:?}"),
    }
}

pub(crate) fn tag_of(response: &Response<Bytes>) -> String {
    let tag = response.headers().get(header::ETAG).expect("a tag");
    tag.to_str().expect("a tag of text").to_owned()
}

fn content_of(response: &Response<Bytes>) -> u64 {
    let content = str::from_utf8(response.body()).expect("text");
    content.parse().expect("the number of a write")
}
