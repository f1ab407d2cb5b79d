//! One exchange on its way through the layer.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header::HOST};
use sha2::{Digest, Sha256};

use super::{Audit, memory::Key};
use crate::{
    outcome::Outcome,
    semantics::{
        audit::{self, Code, Content, Exchange, Sighting},
        cache_control::CacheControl,
        method::is_safe,
    },
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
    _write: Option<Write>,
}

impl Asked {
    pub(super) fn new<B>(audit: &Audit, instance: &Bytes, request: &Request<B>) -> Self {
        let epoch = audit.lock().memory.epoch();
        let write = !is_safe(request.method());
        Self {
            instance: instance.clone(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            epoch,
            _write: write.then(|| Write::begin(audit)),
            audit: audit.clone(),
        }
    }

    /// Judges the head of the answer. A body that is worth a look gets a
    /// [`Reading`].
    pub(super) fn answered<B>(self, response: &Response<B>) -> Option<Reading> {
        let (clock, longest) = self.audit.settings();
        let policy = CacheControl::of(response.headers());
        let exchange = Exchange {
            method: &self.method,
            target: path(&self.uri),
            request: &self.headers,
            status: response.status(),
            response: response.headers(),
            now: clock.now().into(),
            longest,
            policy: &policy,
        };
        let mut found = audit::judge(&exchange);
        if Outcome::of(response).is_some_and(Outcome::is_unchecked) {
            found.push(Code::UncheckedWrite.because("the handler did not use Expected"));
        }
        let target = label(&self.method, &self.uri);
        let key = key(&self.uri, &self.headers);
        let mut number = None;
        let mut state = self.audit.lock();
        match (&self.method, response.status()) {
            (&Method::GET, StatusCode::OK) => {
                let sighting = Sighting::of(&exchange, self.instance.clone());
                number = Some(state.memory.see(key, sighting, &mut found));
            }
            (&Method::GET, StatusCode::NOT_MODIFIED) => {
                state.memory.not_modified(key, &exchange, &mut found);
            }
            (&Method::HEAD, StatusCode::OK) | (&Method::GET, StatusCode::PARTIAL_CONTENT) => {
                let epoch = state.memory.still(self.epoch);
                let place = (key, &self.instance);
                state.memory.aside(place, &exchange, epoch, &mut found);
            }
            _ => {}
        }
        drop(state);
        self.audit.report(&target, found);
        number.map(|number| Reading {
            audit: self.audit.clone(),
            target,
            key,
            number,
            epoch: self.epoch,
            hash: Sha256::new(),
            length: 0,
        })
    }
}

/// A body that is hashed as it passes.
#[derive(Debug)]
pub(super) struct Reading {
    audit: Audit,
    target: Arc<str>,
    key: Key,
    number: u64,
    epoch: Option<u64>,
    hash: Sha256,
    length: u64,
}

impl Reading {
    pub(super) fn read(&mut self, data: &[u8]) {
        self.hash.update(data);
        self.length = self.length.saturating_add(data.len() as u64);
    }

    /// The body has ended, and nothing went wrong.
    pub(super) fn end(self) {
        let mut found = Vec::new();
        let mut state = self.audit.lock();
        let content = Content {
            digest: half(self.hash),
            length: self.length,
            epoch: state.memory.still(self.epoch),
        };
        state
            .memory
            .finish(self.key, self.number, content, &mut found);
        drop(state);
        self.audit.report(&self.target, found);
    }
}

/// A request that may change something, until it is answered or given up.
#[derive(Debug)]
struct Write(Audit);

impl Write {
    fn begin(audit: &Audit) -> Self {
        audit.lock().memory.begin_write();
        Self(audit.clone())
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        self.0.lock().memory.end_write();
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
