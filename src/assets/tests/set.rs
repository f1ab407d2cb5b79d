use http::StatusCode;
use percent_encoding::percent_decode_str;

use super::{assets, content, get};
use crate::{Assets, assets::AssetsError};

/// The start of the SHA-256 of "a".
const A: &str = "ca978112ca1bbdca";

#[test]
fn the_hash_goes_before_the_last_extension() {
    let table = [
        ("app.css", format!("/assets/app.{A}.css")),
        ("LICENSE", format!("/assets/LICENSE.{A}")),
        (".htaccess", format!("/assets/.htaccess.{A}")),
        ("v1.2/app", format!("/assets/v1.2/app.{A}")),
        ("v1.2/.env", format!("/assets/v1.2/.env.{A}")),
        ("lib.tar.gz", format!("/assets/lib.tar.{A}.gz")),
        ("a b.js", format!("/assets/a%20b.{A}.js")),
        ("é/気.svg", format!("/assets/%C3%A9/%E6%B0%97.{A}.svg")),
        ("100%.txt", format!("/assets/100%25.{A}.txt")),
        ("who?#.txt", format!("/assets/who%3F%23.{A}.txt")),
        ("<\"'&>.txt", format!("/assets/%3C%22%27%26%3E.{A}.txt")),
    ];
    for (name, url) in table {
        let assets = assets().file(name, "a").expect("a name");
        assert_eq!(assets.url(name), Some(url.as_str()), "{name}");
    }
}

#[test]
fn the_prefix_is_part_of_the_url() {
    for (prefix, url) in [
        ("/", format!("/app.{A}.css")),
        ("/assets/", format!("/assets/app.{A}.css")),
        ("/shop/assets", format!("/shop/assets/app.{A}.css")),
        ("/ä", format!("/%C3%A4/app.{A}.css")),
    ] {
        let assets = Assets::new(prefix).expect("a prefix");
        let assets = assets.file("app.css", "a").expect("a name");
        assert_eq!(assets.url("app.css"), Some(url.as_str()), "{prefix}");
    }
}

#[test]
fn the_url_changes_with_the_content() {
    let of = |content: &'static str| {
        let assets = assets().file("app.css", content).expect("a name");
        assets.url("app.css").map(str::to_owned)
    };
    assert_eq!(of("a"), of("a"));
    assert_ne!(of("a"), of("b"));
    assert_ne!(of("a"), of(""));
}

#[test]
fn urls_are_in_the_order_of_names() {
    let assets = assets().file("b.js", "b").expect("a name");
    let assets = assets.file("a.css", "a").expect("a name");
    let urls: Vec<_> = assets.urls().collect();
    assert_eq!(urls[0], ("a.css", format!("/assets/a.{A}.css").as_str()));
    assert_eq!(urls[1].0, "b.js");
    assert_eq!(urls.len(), 2);
    assert_eq!(assets.url("c"), None);
}

#[test]
fn invalid_prefixes_and_names_are_refused() {
    for prefix in ["", "assets", "//", "/a//b", "/..", "/a/./b"] {
        let refused = Assets::new(prefix);
        assert!(matches!(refused, Err(AssetsError::Prefix(_))), "{prefix}");
    }
    for name in ["", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/."] {
        let refused = assets().file(name, "a");
        assert!(matches!(refused, Err(AssetsError::Name(_))), "{name}");
    }
    let error = Assets::new("assets").expect_err("a relative path");
    let text = "invalid prefix \"assets\": it must start with \"/\" and have no segment that is empty, \
                \".\" or \"..\"";
    assert_eq!(error.to_string(), text);
}

#[test]
fn each_url_belongs_to_one_asset() {
    let with = |first: &str, second: &str| {
        let assets = assets().file(first, "a").expect("a name");
        assets.file(second, "a").map(|_| ())
    };
    let taken = |result| matches!(result, Err(AssetsError::Taken(_)));
    assert!(taken(with("app.css", "app.css")));
    // This is the name of another asset with its hash.
    assert!(taken(with("app.css", &format!("app.{A}.css"))));
    assert!(taken(with(&format!("app.{A}.css"), "app.css")));
    // Below `nest_service` the second would look like the first.
    assert!(taken(with("app.css", "assets/app.css")));
    assert!(taken(with("assets/app.css", "app.css")));
    assert!(with("app.css", "App.css").is_ok());
    assert!(with("app.css", "css/app.css").is_ok());
}

#[test]
fn the_limit_applies_to_all_files_together() {
    let two = || assets().max_total_bytes(3)?.file("a", "aa")?.file("b", "b");
    assert!(two().is_ok());
    let three = two().and_then(|assets| assets.file("c", "c"));
    assert!(matches!(three, Err(AssetsError::TooLarge(path, 3)) if path.as_os_str() == "c"));
    let lower = two().and_then(|assets| assets.max_total_bytes(2));
    assert!(matches!(lower, Err(AssetsError::Limit(2))));
    assert!(two().and_then(|assets| assets.max_total_bytes(3)).is_ok());
}

/// A client may encode more or fewer characters.
#[tokio::test]
async fn escapes_make_no_difference() {
    let assets = assets().file("é b.css", "a").expect("a name");
    let url = assets.url("é b.css").expect("there");
    let unescaped = percent_decode_str(url).decode_utf8().expect("UTF-8");
    let spaced = unescaped.replace(' ', "%20");
    for path in [
        url,
        &url.to_lowercase(),
        &spaced,
        &url.replace("css", "%63ss"),
    ] {
        let response = get(&assets, path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(content(response).await, "a");
    }
    for path in ["/assets/%FF", "/assets/%", "/%2e%2e/", "*", "/assets/é"] {
        let response = get(&assets, path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

/// Adding to a clone leaves the original unchanged.
#[test]
fn clones_are_independent() {
    let one = assets().file("a", "a").expect("a name");
    let two = one.clone().file("b", "b").expect("a name");
    assert_eq!(one.urls().count(), 1);
    assert_eq!(two.urls().count(), 2);
}
