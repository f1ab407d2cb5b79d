//! Variants by coding, through caches that know no suffixes of tags.

use http::StatusCode;

use crate::support::{Client, Kind, Reply, TEXT, origin_and_cache, policy, through_each_cache};

through_each_cache! {
    codings_never_mix
}

const CODINGS: [&str; 3] = ["gzip", "br", "identity"];

const ORDERS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
];

/// R-9110-8.8.1-c, R-9110-12.5.5-a, R-9111-4.1-a: each client gets its coding and its tag.
async fn codings_never_mix(kind: Kind) {
    let (origin, cache) = origin_and_cache(kind, policy("max-age=60")).await;
    let direct = Client::of(origin.address());
    for (number, order) in ORDERS.into_iter().enumerate() {
        let path = format!("/page-{number}");
        let mut variants = Vec::new();
        for coding in order.map(|index| CODINGS[index]) {
            let accept = ("accept-encoding", coding);
            let variant = direct.get(&path, &[accept]).await;
            let first = cache.get(&path, &[accept]).await;
            assert!(!first.is_hit());
            assert_same(&first, &variant);
            variants.push((accept, variant));
        }
        let runs = origin.runs();
        for (accept, variant) in &variants {
            let again = cache.get(&path, &[*accept]).await;
            assert!(again.is_hit());
            assert_same(&again, variant);
            for (other, theirs) in &variants {
                let known = [*accept, ("if-none-match", theirs.tag())];
                let reply = cache.get(&path, &known).await;
                let status = if accept == other {
                    StatusCode::NOT_MODIFIED
                } else {
                    StatusCode::OK
                };
                assert_eq!((reply.status, reply.tag()), (status, variant.tag()));
            }
        }
        assert_eq!(origin.runs(), runs);
    }
}

/// The coding does not depend on the spelling of `Accept-Encoding`, nor on earlier requests of
/// other clients.
#[tokio::test]
async fn nginx_may_have_the_coding_in_its_key() {
    codings_never_mix(Kind::NginxByCoding).await;
    let (_origin, cache) = origin_and_cache(Kind::NginxByCoding, policy("max-age=60")).await;
    let accepts = [
        ("gzip, br", Some("br")),
        ("br, gzip", Some("br")),
        ("gzip, br;q=0", Some("gzip")),
        ("gzip;q=0, br;q=0.0", None),
        ("*;q=0", None),
    ];
    for (accept, coding) in accepts {
        let reply = cache.get("/page", &[("accept-encoding", accept)]).await;
        assert_eq!(reply.field("content-encoding"), coding, "{accept}");
    }
}

/// R-9110-8.8.1-c: Varnish makes the tag weak if it decodes the content, and accepts it again.
#[tokio::test]
async fn varnish_may_decode_by_itself() {
    let (origin, cache) = origin_and_cache(Kind::VarnishWithGzip, policy("max-age=60")).await;
    let gzip = ("accept-encoding", "gzip");
    let coded = cache.get("/page", &[gzip]).await;
    assert_eq!(coded.field("content-encoding"), Some("gzip"));
    assert!(coded.tag().ends_with("-gzip\""));

    for accept in ["identity", "br"] {
        let decoded = cache.get("/page", &[("accept-encoding", accept)]).await;
        assert_eq!(decoded.field("content-encoding"), None);
        assert_eq!(decoded.content, TEXT);
        assert_eq!(decoded.tag(), format!("W/{}", coded.tag()));
        let known = [
            ("accept-encoding", accept),
            ("if-none-match", decoded.tag()),
        ];
        let known = cache.get("/page", &known).await;
        assert_eq!(known.status, StatusCode::NOT_MODIFIED);
    }
    assert_eq!(origin.runs(), 1);
}

#[track_caller]
fn assert_same(one: &Reply, other: &Reply) {
    assert_eq!(
        one.field("content-encoding"),
        other.field("content-encoding")
    );
    assert_eq!((one.tag(), &one.content), (other.tag(), &other.content));
}
