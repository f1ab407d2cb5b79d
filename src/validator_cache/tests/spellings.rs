//! One path in several spellings, and paths that look alike.

use http::{StatusCode, request::Parts};

use super::{Site, TestService, get_if, request, send};
use crate::cache_tags::CacheTags;

/// A site whose writes name none of its reads.
fn mislabelled() -> (Site, TestService) {
    let site = Site::new();
    let tags = |request: &Parts| CacheTags::of([request.method.as_str()]).expect("a tag");
    let service = site.service(&site.layer().tags(tags));
    (site, service)
}

/// Returns `true` if a write makes the layer forget a read.
async fn forgets(read: &str, method: &str, written: &str) -> bool {
    let (site, service) = mislabelled();
    site.fill(&service, read).await;
    send(&service, request(method, written, &[])).await;
    !site.is_hit(&service, read, "\"v1\"").await
}

#[tokio::test]
async fn escapes_are_one_path_to_a_write() {
    for (read, written) in [
        ("/p/7", "/p/%37"),
        ("/p/%37", "/p/7"),
        ("/%70/7", "/p/%37"),
        ("/p/%c3%a9", "/p/%C3%A9"),
        ("/p%2F7", "/p/7"),
        ("/p/a%20b", "/p/a%20%62"),
    ] {
        assert!(forgets(read, "PUT", written).await, "{read} {written}");
    }
}

#[tokio::test]
async fn letters_in_capitals_are_one_path_to_a_write() {
    assert!(forgets("/p/a", "PUT", "/P/A").await);
    assert!(forgets("/p/6BA7B810-9DAD", "PUT", "/p/6ba7b810-9dad").await);
}

#[tokio::test]
async fn slashes_are_one_path_to_a_write() {
    for written in ["/p/7/", "//p/7", "/p//7", "/p///7//", "/p/7%2F"] {
        assert!(forgets("/p/7", "PUT", written).await, "{written}");
        assert!(forgets(written, "PUT", "/p/7").await, "{written}");
    }
}

#[tokio::test]
async fn a_write_forgets_its_path_with_each_query() {
    for (read, written) in [
        ("/p/7?a=1&b=2", "/p/7"),
        ("/p/7", "/p/7?notify=1"),
        ("/p/7?a=1", "/p/7?a=2"),
        ("/p/7?", "/p/7"),
    ] {
        assert!(forgets(read, "PUT", written).await, "{read} {written}");
    }
}

#[tokio::test]
async fn a_write_forgets_its_path_at_each_host() {
    assert!(forgets("http://a.example/p/7", "PUT", "/p/7").await);
    assert!(forgets("/p/7", "PUT", "https://b.example:8443/p/7").await);
}

/// RFC 9110, section 9.1: methods are case-sensitive, and an unknown one is a write.
#[tokio::test]
async fn unknown_methods_are_writes() {
    for method in ["POST", "PATCH", "DELETE", "put", "get", "LOCK", "X-READ"] {
        assert!(forgets("/p/7", method, "/p/7").await, "{method}");
    }
}

#[tokio::test]
async fn safe_methods_forget_nothing() {
    for method in ["HEAD", "OPTIONS", "TRACE", "QUERY"] {
        assert!(!forgets("/p/7", method, "/p/7").await, "{method}");
    }
}

#[tokio::test]
async fn a_neighbor_of_a_written_path_is_kept() {
    for written in ["/p/8", "/p/70", "/p", "/p/7/x", "/", "/p/7;v=1", "/p/7%00"] {
        assert!(!forgets("/p/7", "PUT", written).await, "{written}");
    }
}

/// The order of parameters may select, so each order has its own entry.
#[tokio::test]
async fn each_order_of_a_query_is_looked_up_alone() {
    let (site, service) = mislabelled();
    site.fill(&service, "/p?a=1&b=2").await;
    for path in [
        "/p?b=2&a=1",
        "/p?a=1&b=2&",
        "/p?a=1&&b=2",
        "/p",
        "/p?",
        "/p?a=%31&b=2",
    ] {
        assert!(!site.is_hit(&service, path, "\"v1\"").await, "{path}");
    }
    assert!(site.is_hit(&service, "/p?a=1&b=2", "\"v1\"").await);
}

/// RFC 9110, section 4.2.3: only the handler knows which paths are one resource.
#[tokio::test]
async fn each_spelling_of_a_path_is_looked_up_alone() {
    let (site, service) = mislabelled();
    site.fill(&service, "/p/a").await;
    for path in ["/p/%61", "/P/a", "/p/a/", "//p/a", "/p/./a"] {
        assert!(!site.is_hit(&service, path, "\"v1\"").await, "{path}");
    }
}

#[tokio::test]
async fn a_host_in_capitals_is_looked_up_as_one() {
    let (site, service) = mislabelled();
    let ask = async |host: &str| {
        let fields = [("host", host), ("if-none-match", "\"v1\"")];
        send(&service, request("GET", "/p", &fields)).await.status()
    };
    assert_eq!(ask("a.example").await, StatusCode::OK);
    assert_eq!(ask("A.EXAMPLE").await, StatusCode::NOT_MODIFIED);
    assert_eq!(ask("a.example:").await, StatusCode::NOT_MODIFIED);
    for other in [
        "b.example",
        "a.example:8080",
        "a.example.",
        "",
        "u@a.example",
    ] {
        assert_eq!(ask(other).await, StatusCode::OK, "{other}");
    }
    assert_eq!(site.runs(), 6);
}

/// An entity that was deleted and created again has another tag.
#[tokio::test]
async fn an_old_tag_is_void_after_delete_and_create() {
    let (site, service) = mislabelled();
    site.fill(&service, "/p/7").await;
    for method in ["DELETE", "PUT"] {
        send(&service, request(method, "/p/7", &[])).await;
        let status = get_if(&service, "/p/7", "\"v1\"").await;
        assert_eq!(status, StatusCode::OK, "{method}");
    }
    assert!(site.is_hit(&service, "/p/7", "\"v3\"").await);
}

/// The clock has not moved between the writes.
#[tokio::test]
async fn each_of_many_writes_in_one_second_voids_the_tag() {
    let (site, service) = mislabelled();
    for _ in 0..20 {
        let tag = site.tag();
        site.fill(&service, "/p/7").await;
        send(&service, request("PUT", "/p/7", &[])).await;
        assert!(!site.is_hit(&service, "/p/7", &tag).await);
    }
}
