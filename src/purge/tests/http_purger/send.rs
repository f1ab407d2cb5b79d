//! The meaning of a cache's response.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header::ACCEPT_ENCODING};
use http_body::{Body, Frame};
use tower::{Service, service_fn};

use super::{cache, tagged, targeted, uri};
use crate::{
    BoxError,
    purge::{HttpPurger, NotPurged, Purger},
    test_support::{Log, run},
};

#[test]
fn an_absent_url_is_a_success() {
    let log = Log::default();
    let purge = targeted(&["a"], &["/1"]);
    let varnish = HttpPurger::varnish(cache(&log, &[204, 404]), uri("http://cache/")).unwrap();
    assert!(run(varnish.purge(&purge)).is_ok());
    // Later versions of nginx's module respond with 412 to each variant that is not stored.
    let nginx = HttpPurger::purge_urls(cache(&log, &[412]), uri("http://cache/")).unwrap();
    assert!(run(nginx.purge(&purge)).is_ok());
    // For an API that does not exist, and for tags, a 404 is a failure: a Varnish without xkey asks
    // its origin.
    let varnish = HttpPurger::varnish(cache(&log, &[404, 204]), uri("http://cache/")).unwrap();
    assert!(run(varnish.purge(&purge)).is_err());
    for status in [404, 412] {
        let api = HttpPurger::json(cache(&log, &[status]), uri("http://api/")).unwrap();
        assert!(run(api.purge(&purge)).is_err(), "{status}");
    }
    for status in [301, 304, 400, 403] {
        let varnish = HttpPurger::varnish(cache(&log, &[status]), uri("http://cache/")).unwrap();
        assert!(run(varnish.purge(&purge)).is_err(), "{status}");
    }
}

/// Issue 10, D.1: in response to the `PURGE` of a URL, only a status that means "not found" is
/// no failure.
#[test]
fn other_failures_of_a_url_are_errors() {
    let purge = targeted(&[], &["/1"]);
    for (status, is_final) in [
        (301, false),
        (304, false),
        (400, true),
        (401, true),
        (403, true),
        (405, true),
        (408, false),
        (410, true),
        (425, false),
        (429, false),
        (500, false),
        (501, false),
        (503, false),
    ] {
        let nginx = HttpPurger::purge_urls(cache(&Log::default(), &[status]), uri("http://cache/"));
        let error = run(nginx.unwrap().purge(&purge)).expect_err("not purged");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(error.is_final(), is_final, "{status}");
        assert_eq!(error.retry_after(), None);
    }
    let broken = HttpPurger::purge_urls(cache(&Log::default(), &[0]), uri("http://cache/"));
    let error = run(broken.unwrap().purge(&purge)).expect_err("broken");
    assert_eq!((error.status(), error.is_final()), (None, false));
    assert!(NotPurged::refused("no").is_final());
}

/// Issue 10, B.2: after a final failure the other requests are still retried.
#[test]
fn a_temporary_failure_goes_before_a_final_one() {
    let purge = targeted(&[], &["/1", "/2", "/3", "/4"]);
    let statuses = [403, 200, 503, 500];
    let nginx = HttpPurger::purge_urls(cache(&Log::default(), &statuses), uri("http://cache/"));
    let error = run(nginx.unwrap().purge(&purge)).expect_err("not purged");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(503));

    // The variants of one target have responses of their own.
    let nginx = HttpPurger::purge_urls(cache(&Log::default(), &[404, 403, 500]), uri("http://c/"))
        .unwrap()
        .variants(
            ACCEPT_ENCODING,
            ["br", "gzip", "identity"].map(HeaderValue::from_static),
        );
    let error = run(nginx.purge(&targeted(&[], &["/1"]))).expect_err("not purged");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(500));
}

/// A client that must be ready before each call, as Tower requires.
#[derive(Clone, Default)]
struct Client {
    is_ready: bool,
    waited: usize,
    broken: bool,
}

impl Service<Request<Bytes>> for Client {
    type Response = Response<String>;
    type Error = BoxError;
    type Future = std::future::Ready<Result<Response<String>, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if self.broken {
            return Poll::Ready(Err("not to be had".into()));
        }
        self.waited += 1;
        if self.waited < 3 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        assert!(self.is_ready, "called before it was ready");
        std::future::ready(Ok(Response::new(String::new())))
    }
}

/// Issue 10, D.1: Tower's contract for the client.
#[test]
fn a_client_is_ready_before_it_is_called() {
    let nginx = HttpPurger::purge_urls(Client::default(), uri("http://cache/")).unwrap();
    assert!(run(nginx.purge(&targeted(&[], &["/1", "/2"]))).is_ok());
    let broken = Client {
        broken: true,
        ..Client::default()
    };
    let nginx = HttpPurger::purge_urls(broken, uri("http://cache/")).unwrap();
    let error = run(nginx.purge(&targeted(&[], &["/1"]))).expect_err("not ready");
    assert_eq!(error.to_string(), "not to be had");
    assert!(!error.is_final());
}

/// A response of this many frames of this many bytes, or of trailers for zero bytes. It counts
/// the frames that are read.
struct Answer {
    frames: usize,
    size: usize,
    read: Arc<AtomicUsize>,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let read = self.read.fetch_add(1, SeqCst);
        if read == self.frames {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Ok(match self.size {
            0 => Frame::trailers(HeaderMap::new()),
            size => Frame::data(vec![0; size].into()),
        })))
    }
}

fn frames_read(frames: usize, size: usize) -> usize {
    let read = Arc::new(AtomicUsize::new(0));
    let client = {
        let read = Arc::clone(&read);
        service_fn(move |_: Request<Bytes>| {
            let read = Arc::clone(&read);
            let answer = Answer { frames, size, read };
            async { Ok::<_, BoxError>(Response::new(answer)) }
        })
    };
    let varnish = HttpPurger::varnish(client, uri("http://cache/")).unwrap();
    assert!(run(varnish.purge(&tagged(&["a"]))).is_ok());
    read.load(SeqCst)
}

/// Issue 10, D.1: a response is read to its end, so that the connection is reused. An endless
/// one is not. The end is one more poll.
#[test]
fn a_response_is_read_to_its_end_up_to_64_kib() {
    for (frames, size, expected) in [
        (0, 0, 1),
        (1, 17, 2),
        (1, 64 * 1024, 2),
        (1, 64 * 1024 + 1, 1),
        (64, 1024, 65),
        (usize::MAX, 1024, 65),
        (usize::MAX, 0, 64 * 1024 + 1),
    ] {
        assert_eq!(
            frames_read(frames, size),
            expected,
            "{frames} of {size} bytes"
        );
    }
}
