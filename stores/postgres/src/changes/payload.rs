use http::Uri;
use tower_conditional::{cache_tags::CacheTag, purge::Purge};

/// Returns the tags and paths of a payload, or `None` if it cannot be read.
pub(super) fn parse(payload: &str) -> Option<Purge> {
    payload.split('\n').try_fold(Purge::new(), |purge, line| {
        if line.is_empty() || line.trim() != line || line.contains(char::is_control) {
            return None;
        }
        if line.starts_with('/') {
            let path: Uri = line.parse().ok()?;
            return Some(purge.with_target(path));
        }
        // As applications make tags from names.
        Some(purge.with_tags([&CacheTag::encoded(line)]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_tag_or_a_path() {
        let purge = parse("pages\n/pages/home?lang=en\npage-straße").expect("it can be read");
        let tags: Vec<_> = purge.tags().map(ToString::to_string).collect();
        let encoded = CacheTag::encoded("page-straße").to_string();
        assert_eq!(tags, ["pages", &*encoded]);
        let paths: Vec<_> = purge.targets().map(Uri::path).collect();
        assert_eq!(paths, ["/pages/home"]);
    }

    #[test]
    fn other_payloads_cannot_be_read() {
        for payload in [
            "", "\n", "a\n", "a\n\nb", " a", "a ", "a\r", "a\r\nb", "a\tb", "/a b", "/a\0",
        ] {
            assert_eq!(parse(payload), None, "{payload:?}");
        }
    }
}
