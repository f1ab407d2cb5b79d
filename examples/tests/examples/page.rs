//! The page of `notes` and its files.

use crate::support::{BOTH, Http, Server};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

impl Server {
    async fn page(&self) -> String {
        let page = self.get(Http::One, "/", &[]).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.field("content-type"), Some("text/html; charset=utf-8"));
        String::from_utf8(page.body.to_vec()).unwrap()
    }
}

/// Returns the header of a request that accepts this content encoding.
fn accepting(coding: Option<&str>) -> Vec<(&'static str, &str)> {
    let header = coding.map(|name| ("accept-encoding", name));
    header.into_iter().collect()
}

/// Returns the URLs of the page's files, which are the values of attributes.
fn files(page: &str) -> Vec<&str> {
    let values = page.split('"');
    values
        .filter(|value| value.starts_with("/assets/"))
        .collect()
}

#[tokio::test]
async fn the_page_has_a_strict_policy_and_a_reload_moves_only_a_head() {
    let notes = Server::notes(&[]).await;
    for http in BOTH {
        for coding in [None, Some("gzip"), Some("br")] {
            let mut fields = accepting(coding);
            let page = notes.get(http, "/", &fields).await;
            assert_eq!(page.status, 200);
            assert_eq!(page.field("content-encoding"), coding);
            fields.push(("if-none-match", page.tag()));
            let reload = notes.get(http, "/", &fields).await;
            assert_eq!(reload.status, 304);
            assert!(reload.body.is_empty());
            for reply in [&page, &reload] {
                for (name, value) in [
                    ("content-security-policy", POLICY),
                    ("x-content-type-options", "nosniff"),
                    ("referrer-policy", "no-referrer"),
                    ("cache-control", "no-cache"),
                ] {
                    assert_eq!(reply.field(name), Some(value), "{name}");
                }
            }
        }
    }
}

/// The policy forbids inline code, so a browser would not run it.
#[tokio::test]
async fn the_page_has_no_inline_code_and_no_placeholder() {
    let notes = Server::notes(&[]).await;
    let page = notes.page().await;
    let mut scripts = 0;
    for element in page.split('<').skip(1) {
        let (tag, content) = element.split_once('>').expect("an end of the tag");
        let mut words = tag.split_ascii_whitespace();
        let name = words.next().expect("a name").to_ascii_lowercase();
        assert_ne!(name, "style");
        if name == "script" {
            scripts += 1;
            assert!(tag.contains(" src=\"/assets/"), "{tag}");
            assert_eq!(content, "", "{tag}");
        }
        for (attribute, value) in words.filter_map(|word| word.split_once('=')) {
            let attribute = attribute.to_ascii_lowercase();
            assert!(!attribute.starts_with("on"), "{tag}");
            assert_ne!(attribute, "style", "{tag}");
            assert!(!value.to_ascii_lowercase().contains("javascript:"), "{tag}");
        }
    }
    assert_eq!(scripts, 1);
    for placeholder in ["{style}", "{script}", "{icon}", "{routes}"] {
        assert!(!page.contains(placeholder), "{placeholder}");
    }
}

/// A file is kept forever under its URL, and compressed if the client accepts that.
#[tokio::test]
async fn each_file_of_the_page_is_immutable() {
    let notes = Server::notes(&[]).await;
    let page = notes.page().await;
    let files = files(&page);
    for (extension, media_type) in [
        (".css", "text/css; charset=utf-8"),
        (".js", "text/javascript; charset=utf-8"),
        (".svg", "image/svg+xml"),
    ] {
        let file = files.iter().find(|file| file.ends_with(extension));
        let file = file.unwrap_or_else(|| panic!("no {extension} in {files:?}"));
        for http in BOTH {
            for coding in [None, Some("gzip"), Some("br")] {
                let mut fields = accepting(coding);
                let full = notes.get(http, file, &fields).await;
                assert_eq!(full.status, 200, "{file}");
                assert_eq!(full.field("content-type"), Some(media_type));
                assert_eq!(full.field("content-encoding"), coding, "{file}");
                assert_eq!(full.field("x-content-type-options"), Some("nosniff"));
                fields.push(("if-none-match", full.tag()));
                let same = notes.get(http, file, &fields).await;
                assert_eq!(same.status, 304, "{file} {coding:?}");
                for reply in [&full, &same] {
                    let policy = reply.field("cache-control");
                    assert_eq!(policy, Some("public, max-age=31536000, immutable"));
                }
            }
        }
    }
    // The names of another release, and names without a hash.
    let old = files[0].replace('.', ".0");
    assert_eq!(notes.get(Http::One, &old, &[]).await.status, 404);
    let plain = notes.get(Http::One, "/assets/page.css", &[]).await;
    assert_eq!(plain.status, 307);
    assert!(
        files.contains(&plain.field("location").unwrap()),
        "{files:?}"
    );
}
