//! Keys of remembered validators: two requests that differ in a part have two keys.

#![no_main]

use http::{HeaderMap, HeaderName, Uri, header::HOST};
use libfuzzer_sys::fuzz_target;
use tower_conditional::fuzzing::validator_key;
use tower_conditional_fuzz::fields;

const DECLARED: [HeaderName; 2] = [http::header::ACCEPT, http::header::ACCEPT_LANGUAGE];

struct KeyedRequest {
    namespace: String,
    principal: Option<String>,
    target: Uri,
    headers: HeaderMap,
}

impl KeyedRequest {
    /// Reads the namespace, the principal, the target and the headers, one per line.
    fn read(data: &[u8]) -> Option<Self> {
        let mut lines = data.splitn(4, |byte| *byte == b'\n');
        let mut line = || lines.next();
        let namespace = String::from_utf8(line()?.to_vec()).ok()?;
        let principal = String::from_utf8(line()?.to_vec()).ok()?;
        let target = Uri::try_from(line()?).ok()?;
        let names = [HOST, DECLARED[0].clone(), DECLARED[1].clone()];
        Some(Self {
            namespace,
            principal: principal.strip_prefix('p').map(str::to_owned),
            target,
            headers: fields(&names, line().unwrap_or_default()),
        })
    }

    fn key(&self) -> [u8; 32] {
        let principal = self.principal.as_deref();
        let key = validator_key(
            &self.namespace,
            &self.target,
            &self.headers,
            &DECLARED,
            principal,
        );
        *key.as_bytes()
    }

    /// Returns everything that the key must tell apart.
    fn parts(&self) -> impl PartialEq + std::fmt::Debug + use<> {
        let lines = |name: &HeaderName| -> Vec<Vec<u8>> {
            let values = self.headers.get_all(name).iter();
            values
                .map(|value| value.as_bytes().trim_ascii().to_vec())
                .collect()
        };
        (
            (self.namespace.clone(), self.principal.clone()),
            self.target.scheme_str().map(str::to_owned),
            (
                self.target.path().to_owned(),
                self.target.query().map(str::to_owned),
            ),
            DECLARED.each_ref().map(lines),
        )
    }
}

fuzz_target!(|data: &[u8]| {
    let middle = data.windows(2).position(|pair| pair == b"\n\n");
    let (first, second) = data.split_at(middle.unwrap_or_default());
    let second = second.get(2..).unwrap_or_default();
    let (Some(first), Some(second)) = (KeyedRequest::read(first), KeyedRequest::read(second))
    else {
        return;
    };
    assert_eq!(first.key(), first.key());
    if first.key() == second.key() {
        assert_eq!(first.parts(), second.parts());
    }
});
