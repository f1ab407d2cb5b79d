use super::taken_prefix;

/// As many segments as the nested router's pattern has. A path that was rewritten before it, or is
/// that of another request, has no such start.
#[test]
fn a_nested_router_takes_the_segments_of_its_pattern() {
    for (path, pattern, taken) in [
        ("/api/orders", "/api", Some("/api")),
        ("/api", "/api", Some("/api")),
        ("/api/", "/api", Some("/api")),
        ("/api/orders", "/api/", Some("/api")),
        ("/api//orders", "/api", Some("/api")),
        ("/api/v1/orders", "/api/v1", Some("/api/v1")),
        ("/a%2Db/orders/7", "/{tenant}/orders", Some("/a%2Db/orders")),
        ("/api/api/api", "/api", Some("/api")),
        ("/api/one", "/", Some("")),
        ("/apix/orders", "/api", None),
        ("/batch", "/api", None),
        ("/api", "/api/{version}", None),
        ("*", "/api", None),
        ("", "/api", None),
    ] {
        assert_eq!(taken_prefix(path, pattern), taken, "{path} {pattern}");
    }
}
