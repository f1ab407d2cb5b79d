use std::{
    fmt,
    hash::{BuildHasher, DefaultHasher, Hasher, RandomState},
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
    Process([DefaultHasher; 2]),
    Shared(Sha256),
}

/// The parts of a request that select its response.
#[derive(Clone, Copy)]
pub(crate) struct KeyParts<'a> {
    /// The URI before any router changed it.
    pub(crate) target: &'a Uri,
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
    /// It is a pseudorandom function with a secret key, SipHash. It is several times faster than
    /// SHA-256, and a client without the key cannot find two requests with one result.
    pub(crate) fn for_process(namespace: &str, build_id: &str) -> Self {
        let secret = RandomState::new();
        // A pseudorandom function gives unrelated results for unequal inputs. So a first byte
        // makes two functions of one, and 128 bits of 64.
        let hashes = [1, 2].map(|half| {
            let mut hash = secret.build_hasher();
            hash.write(&[half]);
            hash
        });
        Self::new(KeyHash::Process(hashes), namespace, build_id)
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
        self.bytes(&[0]);
    }

    /// Adds an authority in lower case, without a port that is the default of its scheme (RFC
    /// 9110, section 4.2.3). User information stays as it is.
    fn authority(&mut self, authority: &[u8], scheme: Option<&str>) {
        let default_port: &[u8] = match scheme {
            Some("http") => b":80",
            Some("https") => b":443",
            _ => b":",
        };
        let without_port = |port| authority.strip_suffix(port);
        let authority = without_port(default_port)
            .or_else(|| without_port(b":"))
            .unwrap_or(authority);
        let host = authority.iter().rposition(|byte| *byte == b'@');
        let (user, host) = authority.split_at(host.map_or(0, |at| at + 1));
        self.length(authority.len() + 1);
        self.bytes(user);
        let mut lower = [0; 64];
        for piece in host.chunks(lower.len()) {
            let lower = &mut lower[..piece.len()];
            lower.copy_from_slice(piece);
            lower.make_ascii_lowercase();
            self.bytes(lower);
        }
    }

    /// Adds a number in groups of seven bits. All but the last have the highest bit set.
    #[inline]
    fn length(&mut self, mut length: usize) {
        while length > 0x7f {
            self.bytes(&[length as u8 | 0x80]);
            length >>= 7;
        }
        self.bytes(&[length as u8]);
    }

    #[inline]
    fn bytes(&mut self, bytes: &[u8]) {
        match self.block[self.used..].get_mut(..bytes.len()) {
            Some(free) => {
                free.copy_from_slice(bytes);
                self.used += bytes.len();
            }
            None => self.blocks(bytes),
        }
    }

    /// Adds bytes that fill the block. Its ends depend on the input alone, since a hasher may
    /// tell two calls from one.
    #[cold]
    fn blocks(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let free = &mut self.block[self.used..];
            let (now, later) = bytes.split_at(bytes.len().min(free.len()));
            free[..now.len()].copy_from_slice(now);
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
            KeyHash::Process(halves) => halves.iter_mut().for_each(|half| half.write(block)),
            KeyHash::Shared(hash) => hash.update(block),
        }
        self.used = 0;
    }

    fn finish(mut self) -> ValidatorKey {
        self.flush();
        match self.hash {
            KeyHash::Process(halves) => {
                let mut key = [0; 32];
                for (bytes, half) in key.chunks_exact_mut(8).zip(&halves) {
                    bytes.copy_from_slice(&half.finish().to_le_bytes());
                }
                key.into()
            }
            KeyHash::Shared(hash) => <[u8; 32]>::from(hash.finalize()).into(),
        }
    }
}
