use std::{
    collections::HashSet,
    convert::Infallible,
    future::{Ready, ready},
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{Request, Response, header::LAST_MODIFIED};
use http_body_util::Empty;
use tower::Service;
use tower_conditional::{
    ValidatorSource, Validators, VersionTags, clock::Clock, source, validator::HttpDate,
};

use super::seeded::Draw;
use crate::support::{Hint, Scripted, data};

/// The validators of a representation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ValidatorOrigin {
    /// A tag from the content.
    Content,
    /// `Last-Modified` alone.
    Date,
    /// A tag from a source that is read before and after the content.
    Source,
    /// A date from such a source.
    SourceDate,
}

/// A representation that changes at any time, and its clock.
#[derive(Clone)]
pub(super) struct Changing {
    origin: ValidatorOrigin,
    state: Arc<Mutex<ChangingState>>,
}

struct ChangingState {
    draw: Draw,
    version: i64,
    content: Bytes,
    /// Seconds since 1970.
    modified: i64,
    now: i64,
    contents: HashSet<Bytes>,
}

impl ChangingState {
    /// Makes a version whose bytes are unlike those of others.
    fn change(&mut self) {
        // Lengths are often equal, so that parts of two versions would fit.
        let length = self.draw.pick(&[1, 10, 40, 40, 41]);
        let bytes = (0..length).map(|_| self.draw.below(256) as u8);
        self.content = bytes.collect();
        self.version += 1;
        self.modified = self.now;
        self.contents.insert(self.content.clone());
    }
}

impl Changing {
    pub(super) fn new(origin: ValidatorOrigin, seed: u64) -> Self {
        let mut state = ChangingState {
            draw: Draw::new(seed.wrapping_mul(31)),
            version: 0,
            content: Bytes::new(),
            modified: 0,
            now: 1_000_000_000,
            contents: HashSet::new(),
        };
        state.change();
        Self {
            origin,
            state: Arc::new(Mutex::new(state)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, ChangingState> {
        self.state.lock().unwrap()
    }

    /// Between two requests, the clock may go on, and the content may change several times.
    pub(super) fn pass_time(&self, draw: &mut Draw) {
        let mut state = self.lock();
        for _ in 0..draw.below(3) {
            match draw.below(4) {
                0 => state.change(),
                1 => state.now += 1,
                _ => {}
            }
        }
    }

    /// Returns `true` if the content was this one at some time.
    pub(super) fn was(&self, content: &[u8]) -> bool {
        self.lock().contents.contains(content)
    }

    /// Returns `true` if a date lies at least one second before the current time.
    pub(super) fn is_past(&self, date: &str) -> bool {
        let state = self.lock();
        date == HttpDate::from_unix_seconds(state.modified).to_string()
            && state.modified < state.now
    }

    pub(super) fn source(&self) -> impl ValidatorSource + Clone + use<> {
        let world = self.clone();
        source::now(move |_| {
            let state = world.lock();
            match world.origin {
                ValidatorOrigin::SourceDate => {
                    let modified = HttpDate::from_unix_seconds(state.modified);
                    Validators::new().with_last_modified(modified)
                }
                _ => VersionTags::plain().number(state.version).into(),
            }
        })
    }

    pub(super) fn handler(&self) -> ChangingHandler {
        ChangingHandler(self.clone())
    }
}

impl Clock for Changing {
    fn now(&self) -> SystemTime {
        let seconds = self.lock().now.unsigned_abs();
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }
}

#[derive(Clone)]
pub(super) struct ChangingHandler(Changing);

impl Service<Request<Empty<Bytes>>> for ChangingHandler {
    type Response = Response<Scripted>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Empty<Bytes>>) -> Self::Future {
        let origin = self.0.origin;
        let mut state = self.0.lock();
        // A write comes between the tag of the source and the content, or between the content and
        // the confirmation.
        let (before, after) = match (origin, state.draw.below(4)) {
            (ValidatorOrigin::Source | ValidatorOrigin::SourceDate, 0) => (true, false),
            (ValidatorOrigin::Source | ValidatorOrigin::SourceDate, 1) => (false, true),
            _ => (false, false),
        };
        if before {
            state.change();
        }
        let content = state.content.clone();
        let modified = state.modified;
        let frame = 1 + state.draw.below(content.len() as u64) as usize;
        if after {
            state.change();
        }
        let frames: Vec<_> = content
            .chunks(frame)
            .map(|frame| data(frame.to_vec()))
            .collect();
        let mut response = Response::new(Scripted::new(frames, Hint::Exact));
        if origin == ValidatorOrigin::Date {
            let modified = HttpDate::from_unix_seconds(modified).to_string();
            let modified = modified.try_into().unwrap();
            response.headers_mut().insert(LAST_MODIFIED, modified);
        }
        ready(Ok(response))
    }
}
