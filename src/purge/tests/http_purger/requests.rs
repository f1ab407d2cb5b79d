//! The requests for tags.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use tower::service_fn;

use super::{cache, tagged, targeted, uri};
use crate::{
    BoxError,
    purge::{HttpPurger, Purge, Purger},
    semantics::caching::cache_tags::CacheTags,
    test_support::{Log, run},
};

#[test]
fn json_has_the_tags_in_one_post() {
    let log = Log::default();
    let endpoint = uri("https://api/zones/1/purge_cache?x");
    let purger = HttpPurger::json(cache(&log, &[]), endpoint).unwrap();
    let purge = targeted(&["b", "a"], &["/notes"]);
    run(purger.purge(&purge)).expect("purged");
    let head = "POST https://api/zones/1/purge_cache?x content-type: application/json";
    assert_eq!(log.take(), [format!(r#"{head} {{"tags":["a","b"]}}"#)]);
    run(purger.purge(&targeted(&[], &["/notes"]))).expect("nothing to do");
    assert!(log.take().is_empty());
}

/// Caches refuse more tags, and a refused tag is not purged.
#[test]
fn tags_go_in_requests_of_at_most_30() {
    let names: Vec<_> = (10..71).map(|at| at.to_string()).collect();
    let purge = Purge::new().with_tags(&CacheTags::of(&names).expect("tags"));
    let [first, second, third] = [&names[..30], &names[30..60], &names[60..]];

    let log = Log::default();
    let api = HttpPurger::json(cache(&log, &[]), uri("http://api/")).unwrap();
    run(api.purge(&purge)).expect("purged");
    let post = |names: &[String]| {
        let tags = names.join("\",\"");
        format!("POST http://api/ content-type: application/json {{\"tags\":[\"{tags}\"]}}")
    };
    assert_eq!(log.take(), [first, second, third].map(post));

    let varnish = HttpPurger::varnish(cache(&log, &[]), uri("http://cache/")).unwrap();
    run(varnish.purge(&purge)).expect("purged");
    let xkey = |names: &[String]| format!("PURGE http://cache/ xkey-purge: {}", names.join(" "));
    assert_eq!(log.take(), [first, second, third].map(xkey));
}

/// Issue 10, B.3: long tags do not make a line that Varnish refuses.
#[test]
fn tags_go_in_lines_of_at_most_4_kib() {
    let long = |at: usize| format!("{at:x<1020}");
    let names: Vec<_> = (10..19)
        .map(long)
        .chain(["y".to_owned(), "z".to_owned()])
        .collect();
    let purge = Purge::new().with_tags(&CacheTags::of(&names).expect("tags"));
    let log = Log::default();
    let varnish = HttpPurger::varnish(cache(&log, &[]), uri("http://cache/")).unwrap();
    run(varnish.purge(&purge)).expect("purged");
    let xkey = |names: &[String]| format!("PURGE http://cache/ xkey-purge: {}", names.join(" "));
    let expected = [&names[..4], &names[4..8], &names[8..]].map(xkey);
    assert_eq!(log.take(), expected);
}

/// A strict reader reads back the tags and the name of the member.
#[test]
fn json_is_escaped() {
    let all: String = ('!'..='~').filter(|c| !",\"\\*".contains(*c)).collect();
    let (one, rest) = all.split_at(32);
    let (two, three) = rest.split_at(33);
    for member in ["surrogate_keys", "a\"b\\c\n\u{7f}\u{1}é"] {
        let posted = Arc::new(Mutex::new(Bytes::new()));
        let client = {
            let posted = Arc::clone(&posted);
            service_fn(move |request: Request<Bytes>| {
                *posted.lock().unwrap() = request.into_body();
                async { Ok::<_, BoxError>(Response::new(String::new())) }
            })
        };
        let purger = HttpPurger::json_member(client, uri("http://api/"), member).unwrap();
        run(purger.purge(&tagged(&[one, two, three]))).expect("purged");
        let read: serde_json::Value = serde_json::from_slice(&posted.lock().unwrap()).unwrap();
        let mut expected = [one, two, three];
        expected.sort_unstable();
        assert_eq!(read, serde_json::json!({ member: expected }));
    }
}
