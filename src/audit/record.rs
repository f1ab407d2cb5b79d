//! One exchange on its way through the layer.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header::HOST};
use http_body::Body;
use sha2::{Digest, Sha256};

use super::{
    Audit,
    memory::Key,
    rules::{self, Code, Content, Exchange, FIRST_BYTES, Part, Sighting, StoredContent},
};
use crate::{
    outcome::Outcome,
    semantics::{
        caching::cache_control::CacheControl,
        field::{content_length, method::is_safe},
    },
    target,
};

/// A request that was let in.
#[derive(Debug)]
pub(super) struct Asked {
    audit: Audit,
    instance: Bytes,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    epoch: Option<u64>,
    /// Held until the request is answered or given up.
    write: Option<Write>,
}

impl Asked {
    pub(super) fn new<B>(audit: &Audit, instance: &Bytes, request: &Request<B>) -> Self {
        let writes = !is_safe(request.method());
        let mut state = audit.lock();
        let epoch = state.memory.epoch();
        if writes {
            state.memory.begin_write();
        }
        drop(state);
        Self {
            instance: instance.clone(),
            method: request.method().clone(),
            uri: target::of_request(request).clone(),
            headers: request.headers().clone(),
            epoch,
            write: writes.then(|| Write {
                audit: audit.clone(),
                is_refused: false,
            }),
            audit: audit.clone(),
        }
    }

    /// Judges the head of the answer. A body that is worth a look gets a
    /// [`Reading`].
    pub(super) fn answered<B: Body>(mut self, response: &Response<B>) -> Option<Reading> {
        let (clock, longest) = self.audit.settings();
        let policy = CacheControl::of(response.headers());
        let exchange = Exchange {
            method: &self.method,
            target: path(&self.uri),
            request: &self.headers,
            status: response.status(),
            response: response.headers(),
            now: clock.now(),
            longest,
            policy: &policy,
        };
        let mut found = rules::judge(&exchange);
        if Outcome::of(response).is_some_and(Outcome::is_unchecked) {
            found.push(Code::UncheckedWrite.because("the handler did not use Expected"));
        }
        let target = label(&self.method, &self.uri);
        let key = key(&self.uri, &self.headers);
        let mut passing = None;
        let mut state = self.audit.lock();
        let memory = &mut state.memory;
        let epoch = memory.still(self.epoch);
        match (&self.method, response.status()) {
            (&Method::GET, StatusCode::OK) => {
                let sighting = Sighting::of(&exchange, self.instance.clone(), epoch);
                let number = memory.tick();
                memory.target(key).see(number, sighting, &mut found);
                passing = Some(Passing::Whole(number));
            }
            (&Method::GET | &Method::HEAD, StatusCode::NOT_MODIFIED) => {
                let at = (memory.tick(), &self.instance);
                match memory.seen(key) {
                    Some(target) => target.not_modified(at, &exchange, epoch, &mut found),
                    None => rules::unseen_not_modified(&exchange, &mut found),
                }
            }
            (&Method::HEAD, StatusCode::OK) | (&Method::GET, StatusCode::PARTIAL_CONTENT) => {
                let at = (memory.tick(), &self.instance);
                if let Some(target) = memory.seen(key) {
                    target.aside(at, &exchange, epoch, &mut found);
                }
                passing = Part::of(&exchange).map(Passing::Part);
            }
            _ => {
                if let Some(stored) = StoredContent::of(&exchange) {
                    memory.target(key).store(stored);
                }
                let own = usize::from(self.write.is_some());
                if let Some(epoch) = memory.still_but(self.epoch, own)
                    && let Some(target) = memory.seen(key)
                {
                    target.conditional(&self.instance, &exchange, epoch, &mut found);
                }
            }
        }
        drop(state);
        if let Some(write) = &mut self.write {
            // Neither did what it was asked for (RFC 9110, section 13.1; RFC 6585).
            write.is_refused = matches!(
                response.status(),
                StatusCode::PRECONDITION_FAILED | StatusCode::PRECONDITION_REQUIRED
            );
        }
        self.audit.report(&target, found);
        passing.map(|of| Reading {
            audit: self.audit.clone(),
            target,
            key,
            of,
            epoch: self.epoch,
            hash: Sha256::new(),
            announced: content_length::of_get(
                response.status(),
                response.headers(),
                response.body().size_hint().exact(),
                false,
            ),
            length: 0,
            first: BytesMut::new(),
        })
    }
}

/// The answer that a body belongs to.
#[derive(Debug)]
enum Passing {
    /// A 200, by its number.
    Whole(u64),
    Part(Part),
}

/// A body that is hashed as it passes.
#[derive(Debug)]
pub(super) struct Reading {
    audit: Audit,
    target: Arc<str>,
    key: Key,
    of: Passing,
    epoch: Option<u64>,
    hash: Sha256,
    /// The length that the client was told.
    announced: Option<u64>,
    length: u64,
    first: BytesMut,
}

impl Reading {
    pub(super) fn read(&mut self, data: &[u8]) {
        self.hash.update(data);
        self.length = self.length.saturating_add(data.len() as u64);
        let room = FIRST_BYTES - self.first.len();
        self.first.extend_from_slice(&data[..data.len().min(room)]);
    }

    /// The body has ended without an error. With another length than announced
    /// it is no content: the server breaks the connection, or cuts the rest off.
    pub(super) fn end(self) {
        if self.announced.is_some_and(|length| length != self.length) {
            return;
        }
        let mut found = Vec::new();
        let (digest, first) = (half(self.hash), self.first.freeze());
        let mut state = self.audit.lock();
        let memory = &mut state.memory;
        match self.of {
            Passing::Whole(number) => {
                let content = Content {
                    digest,
                    length: self.length,
                    epoch: memory.still(self.epoch),
                };
                if let Some(target) = memory.seen(self.key) {
                    target.finish(number, (content, first), &mut found);
                }
            }
            Passing::Part(part) => {
                if let Some(part) = part.read(digest, self.length, first) {
                    memory.target(self.key).finish_part(part, &mut found);
                }
            }
        }
        drop(state);
        self.audit.report(&self.target, found);
    }
}

/// A request that may change something, until it is answered or given up.
#[derive(Debug)]
struct Write {
    audit: Audit,
    is_refused: bool,
}

impl Drop for Write {
    fn drop(&mut self) {
        self.audit.lock().memory.end_write(self.is_refused);
    }
}

fn path(uri: &Uri) -> &str {
    uri.path_and_query()
        .map_or_else(|| uri.path(), |path| path.as_str())
}

/// Method, path and query, cut where they are long.
fn label(method: &Method, uri: &Uri) -> Arc<str> {
    const LONGEST: usize = 500;
    let mut label = format!("{method} {}", path(uri));
    if let Some((end, _)) = label.char_indices().nth(LONGEST) {
        label.truncate(end);
        label.push('…');
    }
    label.into()
}

/// The target URI, with the host (RFC 9110, section 7.1).
fn key(uri: &Uri, headers: &HeaderMap) -> Key {
    let mut hash = Sha256::new();
    match uri.authority() {
        Some(authority) => hash.update(authority.as_str()),
        None => headers
            .get_all(HOST)
            .iter()
            .for_each(|host| hash.update(host)),
    }
    // A blank is in neither part.
    hash.update(b" ");
    hash.update(path(uri));
    half(hash)
}

fn half(hash: Sha256) -> [u8; 16] {
    let digest: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|at| digest[at])
}
