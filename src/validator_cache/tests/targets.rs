//! The reads that a write touches.

use super::{Site, get, put, request, send};

/// Returns `true` if a write to one path leaves the entry of the other in the cache.
async fn keeps(site: &Site, written: &str, read: &str) -> bool {
    let service = site.service(&site.tagged_layer());
    site.fill(&service, read).await;
    let tag = site.tag();
    put(&service, written).await;
    site.is_hit(&service, read, &tag).await
}

/// R-9111-4.4-a: a write touches its tags.
#[tokio::test]
async fn a_write_touches_its_tags() {
    let site = Site::new();
    assert!(!keeps(&site, "/a/1", "/a/1").await);
    assert!(!keeps(&site, "/a/1", "/a/2").await);
    assert!(!keeps(&site, "/a", "/a/2?q=1").await);
    assert!(keeps(&site, "/b/1", "/a/1").await);
    assert!(keeps(&site, "/A/1", "/a/2").await);
}

/// A write without tags touches everything, and a read without tags is touched by everything.
#[tokio::test]
async fn without_tags_everything_is_touched() {
    let site = Site::new();
    let (tagged, untagged) = (
        site.service(&site.tagged_layer()),
        site.service(&site.layer()),
    );
    for (reader, writer, is_kept) in [
        (&tagged, &tagged, true),
        (&tagged, &untagged, false),
        (&untagged, &tagged, false),
        (&untagged, &untagged, false),
    ] {
        // The writer without tags has forgotten everything.
        put(&untagged, "/").await;
        site.fill(reader, "/a/1").await;
        let tag = site.tag();
        put(writer, "/b/1").await;
        assert_eq!(site.is_hit(reader, "/a/1", &tag).await, is_kept);
    }
}

/// R-9111-4.4-a: a write touches each spelling of its path, with every query and on every host.
/// A read has one spelling alone (R-9111-4-a).
#[tokio::test]
async fn a_write_touches_each_spelling_of_its_path() {
    for (read, written) in [
        ("/a/%37", "/a/7"),
        ("/a/7", "/a/%37"),
        ("/a/B", "/a/b"),
        ("/a/b", "/A/B"),
        ("/a//b", "/a/b"),
        ("/a/b/", "/a/b"),
        ("/a/b", "/a/b//"),
        ("/a%2Fb", "/a/b"),
        ("/a/b?q=1", "/a/b"),
        ("/a/b", "/a/b?q=1"),
        ("/a/%C3%A9", "/a/%c3%a9"),
    ] {
        let site = Site::new();
        // Tags that tell the two apart, so that only the path counts.
        let tags = |request: &http::request::Parts| {
            let is_read = request.method == "GET";
            let name = if is_read { "read" } else { "write" };
            crate::cache_tags::CacheTags::of([name]).expect("a tag")
        };
        let service = site.service(&site.layer().tags(tags));
        site.fill(&service, read).await;
        assert!(!site.is_hit(&service, "/other", "\"v1\"").await);
        put(&service, "/else").await;
        assert!(site.is_hit(&service, read, "\"v1\"").await, "{read}");
        send(&service, request("PUT", written, &[("host", "other.test")])).await;
        assert!(
            !site.is_hit(&service, read, "\"v1\"").await,
            "{read} {written}"
        );
    }
}

/// R-9111-4-a: reads of different spellings, queries and hosts are never mixed.
#[tokio::test]
async fn each_spelling_is_read_by_itself() {
    let site = Site::new();
    let service = site.service(&site.layer());
    site.fill(&service, "/a/7?x=1").await;
    for other in [
        "/a/%37?x=1",
        "/A/7?x=1",
        "/a//7?x=1",
        "/a/7/?x=1",
        "/a/7",
        "/a/7?",
        "/a/7?x=2",
        "/a/7?X=1",
        "/a/7?x=1&",
        "http://h.test/a/7?x=1",
    ] {
        assert!(!site.is_hit(&service, other, "\"v1\"").await, "{other}");
    }
    let on = |host| {
        request(
            "GET",
            "/a/7?x=1",
            &[("host", host), ("if-none-match", "\"v1\"")],
        )
    };
    for host in ["a.test", "b.test", "a.test:8080", ""] {
        assert_eq!(send(&service, on(host)).await.status(), 200, "{host}");
        assert_eq!(send(&service, on(host)).await.status(), 304, "{host}");
    }
    assert_eq!(send(&service, on("A.test")).await.status(), 304);
}

/// A read is remembered under every tag that it has, also beside a write to one of them.
#[tokio::test]
async fn writes_of_other_tags_do_not_hinder_a_fill() {
    let site = Site::new();
    let reader = site.service(&site.tagged_layer());
    let inner = reader.clone();
    let service = site.serve_async(&site.tagged_layer(), move |site, parts| {
        let reader = inner.clone();
        async move {
            // In the middle of a write to `/a`, `/b` is filled, and `/a` is not.
            for path in ["/a/1", "/b/1"] {
                get(&reader, path).await;
                assert_eq!(site.is_hit(&reader, path, "\"v1\"").await, path == "/b/1");
            }
            site.respond(&parts)
        }
    });
    put(&service, "/a/2").await;
    assert!(site.is_hit(&reader, "/b/1", "\"v1\"").await);
    assert!(!site.is_hit(&reader, "/a/1", "\"v1\"").await);
}

/// R-9111-4.4-a: a handler that forwards requests reads and writes the path that its service sees.
#[cfg(feature = "axum")]
#[tokio::test]
async fn a_write_touches_the_path_that_its_service_sees() {
    let tags = |request: &http::request::Parts| {
        let is_read = request.method == "GET";
        let name = if is_read { "read" } else { "write" };
        crate::cache_tags::CacheTags::of([name]).expect("a tag")
    };
    let forwarded = |method, original: &str| {
        let mut request = request(method, "/a/7", &[("if-none-match", "\"v1\"")]);
        let original = original.parse().expect("a URI");
        let original = axum::extract::OriginalUri(original);
        request.extensions_mut().insert(original);
        request
    };
    for (read, written, is_kept) in [
        ("/x", "/a/7", false),
        ("/a/7", "/x", false),
        ("/x", "/y", false),
        ("/b/a/7", "/c/a/7", true),
    ] {
        let site = Site::new();
        let service = site.service(&site.layer().tags(tags));
        let status = async |method, original| {
            let response = send(&service, forwarded(method, original)).await;
            response.status().as_u16()
        };
        assert_eq!(status("GET", read).await, 200);
        assert_eq!(status("GET", read).await, 304);
        assert_eq!(status("PUT", written).await, 204);
        let expected = if is_kept { 304 } else { 200 };
        assert_eq!(status("GET", read).await, expected, "{read} {written}");
    }
}
