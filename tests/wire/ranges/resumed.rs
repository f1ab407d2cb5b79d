//! Downloads that break at any byte and go on, while the content changes: no client ever joins two
//! versions.
//!
//! `RESUMED_DOWNLOADS` is the number of downloads for each origin of validators, and
//! `RESUMED_DOWNLOADS_SEED` the first seed.

use std::convert::Infallible;

use bytes::Bytes;
use http::{
    Request, Response,
    header::{ETAG, IF_RANGE, LAST_MODIFIED, RANGE},
};
use http_body::Body;
use http_body_util::{BodyExt, Empty};
use tower::{Layer, Service, ServiceExt};
use tower_conditional::{ConditionalLayer, RangeLayer, stack};

use super::{
    changing::{Changing, ValidatorOrigin},
    seeded::{self, Draw},
};

/// More than 10,000 resumptions.
const DOWNLOADS: u64 = 2_500;

/// The bytes that a client has, of a representation with a known length.
struct PartialDownload {
    validator: Option<String>,
    bytes: Vec<u8>,
    complete: usize,
}

/// A client that keeps what it has received, and asks for the rest.
struct Resuming<'a> {
    world: &'a Changing,
    origin: ValidatorOrigin,
    /// A client without it would join anything.
    sends_if_range: bool,
    draw: Draw,
    resumptions: u64,
}

impl Resuming<'_> {
    /// Downloads until the whole is there, and returns it.
    async fn download<S, B>(&mut self, service: &S) -> Vec<u8>
    where
        S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error = Infallible> + Clone,
        B: Body<Data = Bytes> + Unpin,
    {
        let mut partial: Option<PartialDownload> = None;
        loop {
            if let Some(partial) = &partial
                && partial.bytes.len() == partial.complete
            {
                return partial.bytes.clone();
            }
            self.world.pass_time(&mut self.draw);
            let request = self.request(partial.as_ref());
            let Ok(response) = service.clone().oneshot(request).await;
            partial = self.receive(partial, response).await;
        }
    }

    fn request(&mut self, partial: Option<&PartialDownload>) -> Request<Empty<Bytes>> {
        let mut request = Request::get("/");
        let (start, validator) = match partial {
            // Without a validator, the client begins again.
            Some(partial) if partial.validator.is_some() => {
                self.resumptions += 1;
                (partial.bytes.len(), partial.validator.as_deref())
            }
            _ => (0, None),
        };
        if start > 0 || self.draw.coin() {
            let last = match self.draw.below(3) {
                0 => String::new(),
                _ => (start as u64 + self.draw.below(20)).to_string(),
            };
            request = request.header(RANGE, format!("bytes={start}-{last}"));
        }
        if let Some(validator) = validator
            && self.sends_if_range
        {
            request = request.header(IF_RANGE, validator);
        }
        request.body(Empty::new()).unwrap()
    }

    /// Adds a response to what the client has, up to a byte at which the connection breaks.
    async fn receive<B: Body<Data = Bytes> + Unpin>(
        &mut self,
        partial: Option<PartialDownload>,
        response: Response<B>,
    ) -> Option<PartialDownload> {
        let (head, body) = response.into_parts();
        let validator = self.validator(&head.headers);
        let Ok(body) = body.collect().await else {
            panic!("no body breaks on its side");
        };
        let body = body.to_bytes();
        let received = match self.draw.below(4) {
            0 => body.len(),
            _ => self.draw.below(body.len() as u64 + 1) as usize,
        };
        let received = &body[..received];
        match head.status.as_u16() {
            200 => Some(PartialDownload {
                validator,
                bytes: received.to_vec(),
                complete: body.len(),
            }),
            206 => {
                let range = head.headers["content-range"].to_str().unwrap();
                let (first, last, complete) = positions(range);
                assert_eq!(last - first + 1, body.len(), "{range}");
                let mut partial = partial.filter(|_| first > 0).unwrap_or(PartialDownload {
                    validator,
                    bytes: Vec::new(),
                    complete,
                });
                assert_eq!(partial.bytes.len(), first, "{range}");
                if self.sends_if_range {
                    assert_eq!(partial.complete, complete, "{range}");
                }
                partial.bytes.extend_from_slice(received);
                Some(partial)
            }
            // The representation is shorter by now, and the client begins again.
            416 => {
                assert!(!self.sends_if_range, "416 to a client with If-Range");
                None
            }
            status => panic!("{status}"),
        }
    }

    /// Returns the validator of a response that a client may send in `If-Range` (RFC 9110, section
    /// 13.1.5).
    fn validator(&self, headers: &http::HeaderMap) -> Option<String> {
        let name = match self.origin {
            ValidatorOrigin::Date | ValidatorOrigin::SourceDate => LAST_MODIFIED,
            ValidatorOrigin::Content | ValidatorOrigin::Source => ETAG,
        };
        let value = headers.get(name)?.to_str().unwrap();
        let is_strong = match self.origin {
            ValidatorOrigin::Date | ValidatorOrigin::SourceDate => self.world.is_past(value),
            ValidatorOrigin::Content | ValidatorOrigin::Source => value.starts_with('"'),
        };
        is_strong.then(|| value.to_owned())
    }
}

/// Returns the numbers of `bytes FIRST-LAST/COMPLETE`.
fn positions(range: &str) -> (usize, usize, usize) {
    let numbers = range.strip_prefix("bytes ").unwrap();
    let (part, complete) = numbers.split_once('/').unwrap();
    let (first, last) = part.split_once('-').unwrap();
    let number = |text: &str| text.parse().unwrap();
    (number(first), number(last), number(complete))
}

/// Returns the number of resumptions, and of downloads that are of no version.
async fn campaign(origin: ValidatorOrigin, sends_if_range: bool) -> (u64, u64) {
    let (mut resumptions, mut mixed) = (0, 0);
    for seed in seeded::seeds("RESUMED_DOWNLOADS", DOWNLOADS) {
        let world = Changing::new(origin, seed);
        let mut client = Resuming {
            world: &world,
            origin,
            sends_if_range,
            draw: Draw::new(seed),
            resumptions: 0,
        };
        let ranges = RangeLayer::new().clock(world.clone());
        let whole = match origin {
            ValidatorOrigin::Content => {
                let layer = stack().ranges(ranges);
                client.download(&layer.layer(world.handler())).await
            }
            ValidatorOrigin::Date => {
                let layer = stack().without_etag().ranges(ranges);
                client.download(&layer.layer(world.handler())).await
            }
            ValidatorOrigin::Source | ValidatorOrigin::SourceDate => {
                let reads = ConditionalLayer::new().source(world.source());
                let reads = reads.clock(world.clone());
                let layer = stack().ranges(ranges).conditional(reads).without_etag();
                client.download(&layer.layer(world.handler())).await
            }
        };
        let is_version = world.was(&whole);
        assert!(
            is_version || !sends_if_range,
            "{origin:?}, RESUMED_DOWNLOADS_SEED={seed}: two versions were joined"
        );
        mixed += u64::from(!is_version);
        resumptions += client.resumptions;
    }
    (resumptions, mixed)
}

/// R-9110-13.1.5-b, R-9110-13.1.5-c, R-9110-8.8.1-a: tags from content, and dates with several changes
/// in one second. Tags and dates of a source also change while the handler runs.
#[tokio::test]
async fn no_download_joins_two_versions() {
    let (by_content, _) = campaign(ValidatorOrigin::Content, true).await;
    let (by_date, _) = campaign(ValidatorOrigin::Date, true).await;
    let (by_source, _) = campaign(ValidatorOrigin::Source, true).await;
    let (by_source_date, _) = campaign(ValidatorOrigin::SourceDate, true).await;
    let all = [by_content, by_date, by_source, by_source_date];
    assert!(
        all.iter().sum::<u64>() > 4 * DOWNLOADS,
        "{all:?} resumptions"
    );
}

/// Without `If-Range`, versions are joined, as proof that the test above can fail.
#[tokio::test]
async fn downloads_without_if_range_join_versions() {
    let (_, mixed) = campaign(ValidatorOrigin::Content, false).await;
    assert!(mixed > 0);
}
