//! Handler's fields × policy × kind of request: never laxer than the stricter of
//! the two. What a cache may do is computed here anew, from the text alone.

use std::cmp::Ordering;

use super::*;
use crate::semantics::caching::cache_control::CacheControl;

/// What a response lets caches do. More is laxer; `u64::MAX` is without a limit
/// of its own, as a lifetime is that nobody names.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Allows {
    shared: bool,
    stored: bool,
    unasked: bool,
    private_fresh: u64,
    shared_fresh: u64,
    private_stale: u64,
    shared_stale: u64,
    transformed: bool,
}

impl Allows {
    /// By the text of `Cache-Control`, for a response to a request with or
    /// without `Authorization`.
    fn by(text: &str, authorized: bool) -> Self {
        let directives: Vec<String> = text
            .split([',', '|'])
            .map(|directive| directive.trim().to_ascii_lowercase().replace('"', ""))
            .collect();
        let has = |name: &str| directives.iter().any(|d| d == name);
        let number = |name: &str| {
            let found = directives
                .iter()
                .find_map(|d| d.strip_prefix(name)?.strip_prefix('='));
            found.map(|text| text.parse().unwrap_or(0))
        };
        let permitted = has("public") || has("must-revalidate") || number("s-maxage").is_some();
        let max_age: Option<u64> = number("max-age");
        let s_maxage: Option<u64> = number("s-maxage").or(max_age);
        let window = number("stale-while-revalidate");
        // Who names a lifetime and no window grants no stale use.
        let asks = has("must-revalidate") || has("no-cache");
        let stale = |lifetime: Option<u64>| {
            let silent = if asks || lifetime.is_some() {
                0
            } else {
                u64::MAX
            };
            window.unwrap_or(silent)
        };
        Self {
            stored: !has("no-store"),
            shared: !has("no-store") && !has("private") && (!authorized || permitted),
            unasked: !has("no-cache") && !has("no-store"),
            private_fresh: if has("no-cache") {
                0
            } else {
                max_age.unwrap_or(u64::MAX)
            },
            shared_fresh: if has("no-cache") {
                0
            } else {
                s_maxage.unwrap_or(u64::MAX)
            },
            private_stale: stale(max_age),
            shared_stale: stale(s_maxage),
            transformed: !has("no-transform"),
        }
    }

    fn within(&self, other: &Self) -> bool {
        let stored = !self.stored || other.stored;
        let shared = !self.shared || other.shared;
        // Where nothing is stored, lifetimes are words.
        let lasting = |mine: u64, theirs: u64| mine.cmp(&theirs) != Ordering::Greater;
        let private = !self.stored
            || (lasting(self.private_fresh, other.private_fresh)
                && lasting(self.private_stale, other.private_stale)
                && (!self.unasked || other.unasked));
        let public = !self.shared
            || (lasting(self.shared_fresh, other.shared_fresh)
                && lasting(self.shared_stale, other.shared_stale));
        stored && shared && private && public && (!self.transformed || other.transformed)
    }
}

const HANDLERS: &[&str] = &[
    "",
    "max-age=5",
    "max-age=600",
    "Max-Age=\"600\"",
    "max-age=later",
    "private",
    "private, max-age=600",
    "private, max-age=5, stale-while-revalidate=9",
    "public",
    "public, max-age=31536000, immutable",
    "s-maxage=600",
    "max-age=5, s-maxage=600",
    "s-maxage=5, max-age=600",
    "no-cache",
    "No-Cache, no-transform",
    "no-store",
    "NO-STORE, max-age=600",
    "must-revalidate",
    "max-age=600, must-revalidate",
    "max-age=600, proxy-revalidate",
    "max-age=600, stale-while-revalidate=600, stale-if-error=600",
    "no-transform",
    "extension=\"a b\"",
    "max-age=600, extension",
];

fn policies() -> Vec<CachePolicy> {
    let own = [
        "no-transform",
        "must-revalidate",
        "max-age=0",
        "max-age=100000, stale-while-revalidate=100000",
        "s-maxage=100000, private=\"x-a\"",
        "max-age=60, no-cache=\"set-cookie\"",
        "max-age=60, extension=1",
    ];
    let own = own.iter().map(|text| {
        let directives = CacheControl::parse_with_extensions(text, &["extension"]);
        CachePolicy::new(directives.unwrap()).unwrap()
    });
    [
        CachePolicy::read_mostly_json(),
        CachePolicy::slightly_old_list(),
        CachePolicy::resilient(),
        CachePolicy::highly_dynamic(),
        CachePolicy::no_cache(),
        CachePolicy::private(),
        CachePolicy::authenticated(),
        CachePolicy::no_store(),
        CachePolicy::shared_and_public(),
        CachePolicy::immutable_asset(),
        CachePolicy::transformed(),
    ]
    .into_iter()
    .chain(own)
    .collect()
}

/// R-9111-5.2-b, R-9111-4.2.1-a, R-9111-3.5-a, R-9111-7.3-a, R-9110-15.1-a,
/// R-9110-9.3.3-a.
#[test]
fn never_laxer_than_the_stricter_of_the_two() {
    let mut seen = 0;
    for policy in policies() {
        let ours = policy.directives().to_string();
        let layer = layer(policy);
        for handler in HANDLERS {
            for kind in kinds() {
                check(&layer, &ours, handler, kind);
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 18 * 24 * 2 * 2 * 10);
}

/// Method, status, whether authorized, whether with a cookie.
type Kind = (Method, u16, bool, bool);

fn kinds() -> Vec<Kind> {
    let bare = [
        (Method::GET, 200),
        (Method::GET, 206),
        (Method::GET, 304),
        (Method::GET, 301),
        (Method::GET, 404),
        (Method::GET, 500),
        (Method::HEAD, 200),
        (Method::POST, 200),
        (Method::PUT, 412),
        (Method::OPTIONS, 204),
    ];
    let mut kinds = Vec::new();
    for (method, status) in bare {
        for authorized in [false, true] {
            for cookie in [false, true] {
                kinds.push((method.clone(), status, authorized, cookie));
            }
        }
    }
    kinds
}

fn check(
    layer: &CachePolicyLayer,
    ours: &str,
    handler: &'static str,
    (method, status, authorized, cookie): Kind,
) {
    let mut fields = Vec::new();
    if !handler.is_empty() {
        fields.push((CACHE_CONTROL, handler));
    }
    if cookie {
        fields.push((SET_COOKIE, "a=1"));
    }
    let request: Fields<'_> = if authorized { &[SECRET] } else { &[] };
    let request = asking(method.clone(), "/", request);
    let found = control(layer, request, status, &fields);
    let case =
        format!("{method} {status} {authorized} {cookie}: {handler:?} x {ours:?} = {found:?}");

    let read = matches!(method, Method::GET | Method::HEAD);
    let success = matches!(status, 200 | 206 | 304);
    let personal = authorized || cookie;
    let result = Allows::by(&found, authorized);
    if !handler.is_empty() {
        assert!(result.within(&Allows::by(handler, authorized)), "{case}");
    }
    if read && success {
        assert!(result.within(&Allows::by(ours, authorized)), "{case}");
    } else if handler.is_empty() {
        let default = match status {
            400.. => "no-store",
            _ if read => "no-cache",
            _ => "",
        };
        assert!(result.within(&Allows::by(default, authorized)), "{case}");
    }
    let named = found.to_ascii_lowercase().contains("max");
    let fresh = named && result.private_fresh.max(result.shared_fresh) > 0;
    assert!(!(personal && fresh && result.shared), "{case}");
    assert!(
        read || !fresh || handler.to_ascii_lowercase().contains("max"),
        "{case}"
    );
    if personal && read {
        assert!(
            !found.contains("public") && !found.contains("s-maxage"),
            "{case}"
        );
    }
}
