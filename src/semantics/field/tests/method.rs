use http::Method;

use crate::semantics::field::{
    SafeMethods,
    method::{is_safe, is_selected_by_head, may_be_fresh, may_be_not_modified},
};

const NAMED: [(&str, SafeMethods); 6] = [
    ("GET", SafeMethods::GET),
    ("HEAD", SafeMethods::HEAD),
    ("QUERY", SafeMethods::QUERY),
    ("PROPFIND", SafeMethods::PROPFIND),
    ("REPORT", SafeMethods::REPORT),
    ("SEARCH", SafeMethods::SEARCH),
];

fn method(name: &str) -> Method {
    Method::from_bytes(name.as_bytes()).unwrap()
}

/// Issue 10, A.8: the set of each named method contains no other method.
#[test]
fn a_set_contains_exactly_its_methods() {
    for (name, set) in NAMED {
        for (other, other_set) in NAMED {
            assert_eq!(
                set.contains(&method(other)),
                name == other,
                "{name} {other}"
            );
            assert!((set | other_set).contains(&method(other)));
        }
        assert!(!set.contains(&method(&name.to_ascii_lowercase())));
    }
    let all = NAMED
        .iter()
        .fold(SafeMethods::GET, |all, (_, one)| all | *one);
    for name in [
        "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "FOO",
    ] {
        assert!(!all.contains(&method(name)), "{name}");
    }
}

/// Issue 10, A.8, R-QUERY-cond-a.
#[test]
fn only_get_head_and_query_may_get_304() {
    for (name, set) in NAMED {
        let reads = ["GET", "HEAD", "QUERY"].contains(&name);
        let method = method(name);
        assert_eq!(SafeMethods::default().contains(&method), reads, "{name}");
        assert_eq!(may_be_not_modified(&method), reads, "{name}");
        let by_head = is_selected_by_head(&method);
        assert_eq!(by_head, reads && name != "QUERY", "{name}");
        assert!(is_safe(&method) && may_be_fresh(&method), "{name}");
        assert_eq!(
            SafeMethods::default() | set == SafeMethods::default(),
            reads
        );
    }
    for name in ["OPTIONS", "TRACE"] {
        let method = method(name);
        assert!(is_safe(&method) && !may_be_fresh(&method) && !may_be_not_modified(&method));
    }
    for name in ["POST", "PUT", "CONNECT", "FOO", "query", "Query"] {
        let method = method(name);
        assert!(!is_safe(&method) && !may_be_fresh(&method) && !may_be_not_modified(&method));
    }
}

/// R-4918-10.4-a: only known methods are safe, and the case of their names counts.
#[test]
fn only_known_methods_are_safe() {
    for method in [
        "GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "REPORT", "SEARCH",
    ] {
        assert!(is_safe(&Method::from_bytes(method.as_bytes()).unwrap()));
    }
    for method in [
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "CONNECT",
        "PROPPATCH",
        "MKCOL",
        "COPY",
        "MOVE",
        "LOCK",
        "UNLOCK",
        "ACL",
        "BIND",
        "PURGE",
        "get",
        "propfind",
        "FOO",
    ] {
        assert!(!is_safe(&Method::from_bytes(method.as_bytes()).unwrap()));
    }
}
