//! A client that reads and writes, and compares each answer with the model.

use std::sync::Arc;

use axum::body::Body;
use http::{Method, Request, Response, request};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::{
    model::{Field, SeenTag, Write},
    seeded::Draw,
    service::{NUMBER, PREFIX, version},
    world::{PATHS, World},
};

const MALFORMED: [&str; 6] = ["true", "7", "**", "", "'7'", "w/\"7\""];

#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) world: Arc<World>,
    pub(crate) draw: Draw,
    pub(crate) seed: u64,
}

impl Writer {
    pub(crate) async fn run(mut self, first: u64, writes: u64) {
        for number in first..first + writes {
            let path = self.draw.pick(&PATHS);
            if self.draw.below(3) > 0 {
                self.read(path, number).await;
            }
            let write = self.write(path, number);
            self.perform(path, &write).await;
        }
    }

    fn case(&self) -> String {
        format!("RANDOM_WRITES_SEED={} {:?}", self.seed, self.world.plan)
    }

    /// Returns the path as a client names it.
    fn whole(&self, path: &str) -> String {
        let prefix = if self.world.plan.nested { PREFIX } else { "" };
        format!("{prefix}{path}")
    }

    async fn send(&self, request: request::Builder, path: &str) -> Response<()> {
        let request = request.uri(self.whole(path)).body(Body::empty());
        let service = self.world.service.lock().expect("nobody panics").clone();
        let response = service.oneshot(request.expect("a request")).await;
        let (parts, body) = response.expect("the service cannot fail").into_parts();
        body.collect().await.expect("the body does not break");
        Response::from_parts(parts, ())
    }

    async fn read(&mut self, path: &'static str, number: u64) {
        let known = self.known(path);
        let coding = if self.draw.coin() { "gzip" } else { "identity" };
        let mut request = Request::get(path).header("accept-encoding", coding);
        request = request.header(NUMBER, number);
        let named = known.last().filter(|_| self.draw.below(4) == 0);
        if let Some(known) = named {
            request = request.header("if-none-match", &known.tag);
        }
        let start = self.world.store.now();
        let reply = self.send(request, path).await;
        let states = self.world.store.states_since(path, start);
        let case = format!("{}: {reply:?} {named:?} {states:?}", self.case());
        let state = version(reply.headers());
        match reply.status().as_u16() {
            200 => assert!(states.contains(&state) && state.is_some(), "{case}"),
            404 => assert!(states.contains(&None), "{case}"),
            304 => {
                let named = named.map(|known| known.version);
                assert!(named.is_some() && states.contains(&named), "{case}");
                self.world.count(|counts| counts.not_modified += 1);
            }
            _ => panic!("{case}"),
        }
        self.world.note(path, reply.headers(), &case);
    }

    fn known(&self, path: &str) -> Vec<SeenTag> {
        let seen = self
            .world
            .seen
            .lock()
            .expect("nobody panics under the lock");
        seen.get(path).cloned().unwrap_or_default()
    }

    /// Returns one of the latest tags, or any tag, sometimes made weak as by a proxy.
    fn pick(&mut self, known: &[SeenTag]) -> Option<SeenTag> {
        let count = known.len() as u64;
        let latest = count.min(2);
        let back = if self.draw.below(4) > 0 {
            latest
        } else {
            count
        };
        let at = count.checked_sub(1 + self.draw.below(back.max(1)))?;
        let mut known = known[usize::try_from(at).expect("a small number")].clone();
        if self.draw.below(8) == 0 && !known.tag.starts_with("W/") {
            known.tag = format!("W/{}", known.tag);
        }
        Some(known)
    }

    fn field(&mut self, known: &[SeenTag]) -> Field {
        match self.draw.below(12) {
            0 | 1 => Field::Any,
            2 => Field::Malformed(self.draw.pick(&MALFORMED)),
            many => {
                let tags: Vec<_> = (0..=many % 2).filter_map(|_| self.pick(known)).collect();
                if tags.is_empty() {
                    Field::Any
                } else {
                    Field::Tags(tags)
                }
            }
        }
    }

    fn write(&mut self, path: &str, number: u64) -> Write {
        // If nothing is created, a deleted path stays absent, so few are deleted.
        let deleted = if self.world.plan.put_creates { 6 } else { 60 };
        let method = match self.draw.below(deleted) {
            0 => Method::DELETE,
            even if even % 2 == 0 => Method::PATCH,
            _ => Method::PUT,
        };
        let known = self.known(path);
        let (matches, none) = match self.draw.below(10) {
            0 => (false, false),
            1..=6 => (true, false),
            7 | 8 => (false, true),
            _ => (true, true),
        };
        let mut write = Write {
            number,
            method,
            if_match: matches.then(|| self.field(&known)),
            if_none_match: none.then(|| self.field(&known)),
        };
        let plan = &self.world.plan;
        // Without a layer that saw the state there is no version; see `Expected::versions_of`.
        if write.compares_with_the_seen_version(plan) && !plan.looks() {
            write.if_none_match = Some(Field::Any);
        }
        write
    }

    async fn perform(&mut self, path: &'static str, write: &Write) {
        let world = Arc::clone(&self.world);
        let mut request = Request::builder().method(&write.method);
        request = request.header(NUMBER, write.number);
        for (name, field) in [
            ("if-match", &write.if_match),
            ("if-none-match", &write.if_none_match),
        ] {
            if let Some(field) = field {
                request = request.header(name, field.text());
            }
        }
        let start = world.store.now();
        let reply = self.send(request, path).await;
        let states = world.store.states_since(path, start);
        let replaced = world.store.performed(write.number);
        let status = reply.status().as_u16();
        let case = format!(
            "{}: {write:?} {reply:?} {replaced:?} {states:?}",
            self.case()
        );
        if let Err(wrong) = write.judge(&world.plan, status, replaced, &states) {
            panic!("{wrong}: {case}");
        }
        if let Some(version) = version(reply.headers()) {
            assert!(states.contains(&Some(version)), "{case}");
            assert!(world.plan.writers_may_read, "{case}");
            let location = reply.headers().get("content-location");
            let location = location.map(|location| location.to_str().unwrap().to_owned());
            // Without the feature, the layer does not know the path of the client.
            let known = cfg!(feature = "axum").then(|| self.whole(path));
            assert_eq!(location, known, "{case}");
            world.note(path, reply.headers(), &case);
            world.count(|counts| counts.carried += 1);
        }
        world.count(|counts| {
            counts.conditional += u64::from(write.is_conditional());
            counts.performed += u64::from(replaced.is_some() && write.is_conditional());
            counts.failed += u64::from(status == 412);
            counts.raced += u64::from(states.len() > 1 + usize::from(replaced.is_some()));
        });
    }
}
