mod requests;
mod send;
mod target;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use http::{
    HeaderValue, Request, Response, StatusCode, Uri,
    header::{ACCEPT_ENCODING, AUTHORIZATION, HOST},
};
use tower::{Service, service_fn};

use super::tagged;
use crate::{
    BoxError,
    purge::{HttpPurger, Purge, Purger},
    test_support::{Act, Log, ScriptedBody, run},
};

/// A cache that records the requests and responds with these statuses, then with 200. A status
/// of zero breaks the connection.
pub(super) fn cache(
    log: &Log,
    statuses: &[u16],
) -> impl Service<Request<Bytes>, Response = Response<ScriptedBody>, Error = BoxError, Future: Send>
+ Clone
+ Send
+ Sync
+ 'static {
    let log = log.clone();
    let statuses = Arc::new(Mutex::new(VecDeque::from(statuses.to_vec())));
    service_fn(move |request: Request<Bytes>| {
        let mut line = format!("{} {}", request.method(), request.uri());
        for (name, value) in request.headers() {
            line += &format!(" {name}: {}", value.to_str().expect("ASCII"));
        }
        line += &format!(" {}", String::from_utf8_lossy(request.body()));
        log.note(line.trim_end());
        let status = statuses.lock().unwrap().pop_front().unwrap_or(200);
        async move {
            let status = StatusCode::from_u16(status).map_err(|_| "broken")?;
            let acts = [Act::data("<html>"), Act::Wait, Act::Error];
            let mut response = Response::new(ScriptedBody::unsized_(acts));
            *response.status_mut() = status;
            Ok(response)
        }
    })
}

pub(super) fn uri(text: &str) -> Uri {
    text.parse().expect("a URI")
}

pub(super) fn targeted(names: &[&str], targets: &[&str]) -> Purge {
    let tagged = tagged(names);
    targets
        .iter()
        .fold(tagged, |purge, target| purge.with_target(uri(target)))
}

#[test]
fn varnish_gets_one_purge_for_tags_and_one_for_each_target() {
    let log = Log::default();
    let varnish = HttpPurger::varnish(cache(&log, &[]), uri("http://127.0.0.1:6081")).unwrap();
    let purge = targeted(
        &["b", "a"],
        &["http://me@example.org:8080/notes?q=1", "/notes/1"],
    );
    run(varnish.purge(&purge)).expect("purged");
    assert_eq!(
        log.take(),
        [
            "PURGE http://127.0.0.1:6081/ xkey-purge: a b",
            "PURGE http://127.0.0.1:6081/notes?q=1 host: example.org:8080",
            "PURGE http://127.0.0.1:6081/notes/1",
        ]
    );
    run(varnish.purge(&Purge::new())).expect("nothing to do");
    assert!(log.take().is_empty());
}

#[test]
fn headers_and_host_are_on_every_request() {
    let log = Log::default();
    let varnish = HttpPurger::varnish(cache(&log, &[]), uri("http://cache/"))
        .unwrap()
        .host(&"example.org".parse().unwrap())
        .header(AUTHORIZATION, HeaderValue::from_static("secret"));
    run(varnish.purge(&targeted(&["a"], &["http://other/x"]))).expect("purged");
    assert_eq!(
        log.take(),
        [
            "PURGE http://cache/ authorization: secret host: example.org xkey-purge: a",
            "PURGE http://cache/x authorization: secret host: example.org",
        ]
    );
    let shown = format!("{varnish:?}");
    assert!(
        shown.contains("authorization") && shown.contains("http://cache/"),
        "{shown}"
    );
    assert!(!shown.contains("secret"), "{shown}");
}

/// A query may hold a key, and a password stands before the host.
#[test]
fn debug_shows_no_secret_of_a_base() {
    let client = cache(&Log::default(), &[]);
    let endpoint = uri("https://me:secret@api:8443/purge?key=secret");
    let shown = format!("{:?}", HttpPurger::json(client, endpoint).unwrap());
    assert!(shown.contains("https://api:8443/purge"), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn urls_are_put_behind_the_base() {
    let log = Log::default();
    let base = uri("https://cache/purge/");
    let nginx = HttpPurger::purge_urls(cache(&log, &[]), base).unwrap();
    run(nginx.purge(&targeted(&["a"], &["/", "/x//y?z"]))).expect("purged");
    assert_eq!(
        log.take(),
        [
            "PURGE https://cache/purge/",
            "PURGE https://cache/purge/x//y?z",
        ]
    );
}

#[test]
fn each_variant_of_a_target_has_a_purge() {
    let log = Log::default();
    let codings = |names: &[&'static str]| {
        let values = names.iter().copied().map(HeaderValue::from_static);
        values.collect::<Vec<_>>()
    };
    let varnish = HttpPurger::varnish(cache(&log, &[503, 404]), uri("http://cache/"))
        .unwrap()
        .variants(ACCEPT_ENCODING, codings(&[]))
        .variants(ACCEPT_ENCODING, codings(&["gzip", ""]))
        .variants(ACCEPT_ENCODING, codings(&["br"]));
    let purge = targeted(&["a"], &["http://x/1", "/2"]);
    assert!(run(varnish.purge(&purge)).is_err());
    assert_eq!(
        log.take(),
        [
            // Tags cover all variants.
            "PURGE http://cache/ xkey-purge: a",
            "PURGE http://cache/1 host: x accept-encoding: gzip",
            "PURGE http://cache/1 host: x accept-encoding:",
            "PURGE http://cache/1 host: x accept-encoding: br",
            "PURGE http://cache/2 accept-encoding: gzip",
            "PURGE http://cache/2 accept-encoding:",
            "PURGE http://cache/2 accept-encoding: br",
        ]
    );

    // The value of a variant replaces the configured header.
    let nginx = HttpPurger::purge_urls(cache(&log, &[]), uri("http://cache/"))
        .unwrap()
        .header(HOST, HeaderValue::from_static("all"))
        .variants(HOST, [HeaderValue::from_static("one")]);
    run(nginx.purge(&targeted(&[], &["/1"]))).expect("purged");
    assert_eq!(log.take(), ["PURGE http://cache/1 host: one"]);
}

#[test]
fn all_requests_are_sent_and_the_first_failure_is_returned() {
    let purge = targeted(&["a"], &["/1", "/2"]);
    let log = Log::default();
    let varnish = HttpPurger::varnish(cache(&log, &[503, 0, 405]), uri("http://cache/")).unwrap();
    let error = run(varnish.purge(&purge)).expect_err("503");
    assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(
        error.to_string(),
        "the cache responded with 503 Service Unavailable"
    );
    assert_eq!(log.take().len(), 3);

    let varnish = HttpPurger::varnish(cache(&log, &[200, 0]), uri("http://cache/")).unwrap();
    assert_eq!(
        run(varnish.purge(&purge)).unwrap_err().to_string(),
        "broken"
    );
}

#[test]
fn a_base_is_absolute() {
    let client = cache(&Log::default(), &[]);
    for base in ["/", "/purge", "example.org:80", "http://cache/?q"] {
        let base = uri(base);
        assert!(HttpPurger::varnish(client.clone(), base.clone()).is_err());
        assert!(HttpPurger::purge_urls(client.clone(), base.clone()).is_err());
        let has_query = base.query().is_some();
        assert_eq!(HttpPurger::json(client.clone(), base).is_ok(), has_query);
    }
}

#[test]
fn an_invalid_base_is_named_without_its_secrets() {
    let client = cache(&Log::default(), &[]);
    let base = uri("http://me:secret@cache/purge?key=secret");
    let error = HttpPurger::varnish(client, base).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid URI of a cache \"http://cache/purge\": it must be absolute, and have no query if \
         paths are appended"
    );
}

/// The limit is what a cache accepts at the same time.
#[test]
fn eight_requests_run_at_a_time() {
    let [open, most, all] = [(); 3].map(|()| Arc::new(AtomicUsize::new(0)));
    let counts = (Arc::clone(&open), Arc::clone(&most), Arc::clone(&all));
    let cache = service_fn(move |_: Request<Bytes>| {
        let (open, most, all) = counts.clone();
        async move {
            most.fetch_max(open.fetch_add(1, SeqCst) + 1, SeqCst);
            tokio::task::yield_now().await;
            open.fetch_sub(1, SeqCst);
            all.fetch_add(1, SeqCst);
            Ok::<_, BoxError>(Response::new(ScriptedBody::sized([])))
        }
    });
    let targets: Vec<_> = (0..20).map(|at| format!("/{at}")).collect();
    let targets: Vec<_> = targets.iter().map(String::as_str).collect();
    let nginx = HttpPurger::purge_urls(cache, uri("http://cache/")).unwrap();
    run(nginx.purge(&targeted(&[], &targets))).expect("purged");
    assert_eq!(
        [open, most, all].map(|count| count.load(SeqCst)),
        [0, 8, 20]
    );
}
