use std::{
    fmt,
    hash::{BuildHasher, DefaultHasher, Hasher, RandomState},
    ptr,
};

use http::{HeaderMap, HeaderName, Uri, header::HOST, uri::Authority};
use sha2::{Digest, Sha256};

use super::ValidatorKey;
use crate::semantics::{
    caching::no_vary_search::NoVarySearch,
    field::{lines, list::trim_ows},
};

/// Derives the keys of requests.
///
/// All requests of one key get one 304. So requests that may get different responses have
/// different keys (RFC 9111, section 4). The parts in a hash can be read in one way only.
#[derive(Clone)]
pub(crate) struct KeyHasher(KeyHash);

/// A hash that has the namespace and the build id already.
#[derive(Clone)]
enum KeyHash {
    Process(DefaultHasher),
    Shared(Sha256),
}

/// The parts of a request that select its response.
#[derive(Clone, Copy)]
pub(crate) struct KeyParts<'a> {
    /// The URI before any router changed it.
    pub(crate) target: &'a Uri,
    /// The URI that the service sees. It has a part of the path below a router, and may be
    /// another resource if a handler forwards requests.
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
    /// The names of the headers whose values count, besides `Host`.
    pub(crate) declared: &'a [HeaderName],
    /// The user, if the application names one.
    pub(crate) principal: Option<&'a str>,
    /// The differences between queries that do not count.
    pub(crate) no_vary_search: Option<&'a NoVarySearch>,
}

impl KeyHasher {
    /// Returns a hasher for keys that mean something to this process alone.
    ///
    /// It is the hash of the standard library's tables, SipHash: a pseudorandom function with a
    /// secret key. A client without that key cannot find two requests with one result. SHA-256
    /// takes several times as long.
    pub(crate) fn for_process(namespace: &str, build_id: &str) -> Self {
        let hash = RandomState::new().build_hasher();
        Self::new(KeyHash::Process(hash), namespace, build_id)
    }

    /// Returns a hasher for keys that are the same in every process. It is SHA-256.
    pub(crate) fn shared(namespace: &str, build_id: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"tower-conditional validator key 1\0");
        Self::new(KeyHash::Shared(hash), namespace, build_id)
    }

    fn new(hash: KeyHash, namespace: &str, build_id: &str) -> Self {
        let mut input = KeyInput::new(hash);
        input.part(namespace.as_bytes());
        input.part(build_id.as_bytes());
        input.flush();
        Self(input.hash)
    }

    /// Returns the key of a request.
    ///
    /// `GET` and `HEAD` have one key. The path is taken as it is: some services tell `/a%2Fb` from
    /// `/a/b` (RFC 9110, section 4.2.3).
    pub(crate) fn key(&self, request: &KeyParts<'_>) -> ValidatorKey {
        let mut input = KeyInput::new(self.0.clone());
        let target = request.target;
        let scheme = target.scheme_str();
        input.option(scheme.map(str::as_bytes));
        // HTTP/2 has the authority in the URI and HTTP/1.1 in `Host`. If a request has both, a
        // handler may use either.
        let authority = target.authority().map(Authority::as_str);
        let hosts = lines::lines(request.headers, &HOST).map(|line| line.as_bytes());
        for authority in authority.map(str::as_bytes).into_iter().chain(hosts) {
            input.authority(authority, scheme);
        }
        input.end();
        input.part(target.path().as_bytes());
        match request.no_vary_search {
            Some(policy) => {
                policy.each_significant_part(target.query(), |part| input.part(part.as_bytes()));
            }
            None => {
                if let Some(query) = target.query() {
                    input.part(query.as_bytes());
                }
            }
        }
        input.end();
        if !ptr::eq(target, request.uri) {
            // A handler that forwards requests chooses the server, too.
            let authority = request.uri.authority().map(Authority::as_str);
            input.option(request.uri.scheme_str().map(str::as_bytes));
            input.option(authority.map(str::as_bytes));
            input.part(request.uri.path().as_bytes());
            // A router leaves the query as it is, so it is part of the key already.
            if request.uri.query() != target.query() {
                input.option(request.uri.query().map(str::as_bytes));
            }
        }
        input.end();
        // Lines may be combined for a comparison (RFC 9111, section 4.1). They are not, since
        // many handlers read the first line alone.
        for name in request.declared {
            input.part(name.as_str().as_bytes());
            for line in lines::lines(request.headers, name) {
                input.part(trim_ows(line.as_bytes()));
            }
            input.end();
        }
        input.end();
        input.option(request.principal.map(str::as_bytes));
        input.finish()
    }
}

/// Shows the kind of keys, and nothing of a secret.
impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            KeyHash::Process(_) => "KeyHasher::for_process",
            KeyHash::Shared(_) => "KeyHasher::shared",
        })
    }
}

/// The input of a hash, which is passed on in blocks. Most keys have one.
struct KeyInput {
    hash: KeyHash,
    block: [u8; 256],
    used: usize,
}

impl KeyInput {
    fn new(hash: KeyHash) -> Self {
        Self {
            hash,
            block: [0; 256],
            used: 0,
        }
    }

    /// Adds a part behind its length, so that no byte moves from one part to the next.
    #[inline]
    fn part(&mut self, bytes: &[u8]) {
        self.length(bytes.len() + 1);
        self.bytes(bytes);
    }

    /// Adds a part that may be missing, which differs from an empty one.
    #[inline]
    fn option(&mut self, part: Option<&[u8]>) {
        match part {
            Some(bytes) => self.part(bytes),
            None => self.end(),
        }
    }

    /// Ends a list of parts. No part begins with this byte.
    #[inline]
    fn end(&mut self) {
        self.byte(0);
    }

    /// Adds an authority in lower case, without a port that is the default of its scheme (RFC
    /// 9110, section 4.2.3). User information stays as it is.
    fn authority(&mut self, authority: &[u8], scheme: Option<&str>) {
        let authority = match (scheme, authority) {
            (Some("http"), [host @ .., b':', b'8', b'0'])
            | (Some("https"), [host @ .., b':', b'4', b'4', b'3'])
            | (_, [host @ .., b':']) => host,
            _ => authority,
        };
        self.length(authority.len() + 1);
        // Hardly any has a user, and all bytes are compared at once.
        let has_user = authority
            .iter()
            .fold(false, |has, byte| has | (*byte == b'@'));
        let host = match has_user {
            true => authority.iter().rposition(|byte| *byte == b'@'),
            false => None,
        };
        let (user, host) = authority.split_at(host.unwrap_or_default());
        self.bytes(user);
        self.changed_bytes(host, <[u8]>::make_ascii_lowercase);
    }

    /// Adds a number in groups of seven bits. All but the last have the highest bit set.
    #[inline]
    fn length(&mut self, length: usize) {
        match length {
            0..=0x7f => self.byte(length as u8),
            _ => self.long_length(length),
        }
    }

    #[cold]
    fn long_length(&mut self, mut length: usize) {
        while length > 0x7f {
            self.byte(length as u8 | 0x80);
            length >>= 7;
        }
        self.byte(length as u8);
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        match self.block.get_mut(self.used) {
            Some(free) => {
                *free = byte;
                self.used += 1;
            }
            None => self.blocks(&[byte], |_| {}),
        }
    }

    #[inline]
    fn bytes(&mut self, bytes: &[u8]) {
        self.changed_bytes(bytes, |_| {});
    }

    /// Adds bytes after a change, which applies to each of them alone.
    #[inline]
    fn changed_bytes(&mut self, bytes: &[u8], change: fn(&mut [u8])) {
        match self.block[self.used..].get_mut(..bytes.len()) {
            Some(free) => {
                free.copy_from_slice(bytes);
                change(free);
                self.used += bytes.len();
            }
            None => self.blocks(bytes, change),
        }
    }

    /// Adds bytes for which the block has no room. Its ends depend on the input alone, since a
    /// hasher may tell two calls from one.
    #[cold]
    fn blocks(&mut self, mut bytes: &[u8], change: fn(&mut [u8])) {
        while !bytes.is_empty() {
            let free = &mut self.block[self.used..];
            let (now, later) = bytes.split_at(bytes.len().min(free.len()));
            let free = &mut free[..now.len()];
            free.copy_from_slice(now);
            change(free);
            self.used += now.len();
            bytes = later;
            if self.used == self.block.len() {
                self.flush();
            }
        }
    }

    fn flush(&mut self) {
        let block = &self.block[..self.used];
        match &mut self.hash {
            KeyHash::Process(hash) => hash.write(block),
            KeyHash::Shared(hash) => hash.update(block),
        }
        self.used = 0;
    }

    fn finish(&mut self) -> ValidatorKey {
        self.flush();
        match &mut self.hash {
            KeyHash::Process(hash) => {
                let mut key = [0; 32];
                key[..8].copy_from_slice(&hash.finish().to_le_bytes());
                // One result has 64 bits. A pseudorandom function gives an unrelated one for an
                // input with another byte, which no request has at its end.
                hash.write(&[0xff]);
                key[8..16].copy_from_slice(&hash.finish().to_le_bytes());
                key.into()
            }
            KeyHash::Shared(hash) => <[u8; 32]>::from(hash.finalize_reset()).into(),
        }
    }
}
