//! Request fields that tell who asks.

use http::{
    HeaderMap, HeaderName,
    header::{AUTHORIZATION, COOKIE},
};

/// The most of them that are remembered of one request.
const MOST: usize = 16;

/// A field that has one of these words in its name tells who asks.
const WORDS: [&str; 20] = [
    "account",
    "apikey",
    "auth",
    "customer",
    "email",
    "identity",
    "jwt",
    "org",
    "organization",
    "principal",
    "role",
    "roles",
    "session",
    "sessionid",
    "tenant",
    "tenantid",
    "token",
    "user",
    "userid",
    "username",
];
/// A key of these kinds is a credential, other than that of `Idempotency-Key`.
const KEYS: [&str; 4] = ["access", "api", "auth", "subscription"];
/// Fields of browsers, of proxies and against forged requests choose nothing.
const OTHERS: [&str; 4] = ["csrf", "proxy", "sec", "xsrf"];

/// Returns `true` for `Authorization`, `Cookie`, and other fields that hold
/// credentials or name a tenant, such as `X-Api-Key`.
pub(super) fn names_user(name: &HeaderName) -> bool {
    if *name == AUTHORIZATION || *name == COOKIE {
        return true;
    }
    let words = || name.as_str().split(['-', '_']);
    if words().any(|word| OTHERS.contains(&word)) {
        return false;
    }
    words()
        .zip(words().skip(1).chain([""]))
        .any(|(word, next)| match next {
            "agent" if word == "user" => false,
            "key" if KEYS.contains(&word) => true,
            _ => WORDS.contains(&word),
        })
}

/// The names of those fields in a request, sorted.
pub(super) fn names(request: &HeaderMap) -> Vec<HeaderName> {
    let mut names: Vec<_> = request
        .keys()
        .filter(|name| names_user(name))
        .cloned()
        .collect();
    names.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
    names.truncate(MOST);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_and_tenants_tell_who_asks() {
        let rows = [
            ("authorization", true),
            ("cookie", true),
            ("x-api-key", true),
            ("ocp-apim-subscription-key", true),
            ("apikey", true),
            ("x-tenant", true),
            ("x-tenant-id", true),
            ("tenant_id", true),
            ("private-token", true),
            ("x-forwarded-user", true),
            ("x-user-role", true),
            ("mcp-session-id", true),
            ("user-agent", false),
            ("x-user-agent", false),
            ("proxy-authorization", false),
            ("sec-websocket-key", false),
            ("idempotency-key", false),
            ("x-csrf-token", false),
            ("accept", false),
            ("x-tokens-left", false),
            ("dpop", false),
        ];
        for (name, expected) in rows {
            assert_eq!(
                names_user(&HeaderName::from_static(name)),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn the_names_of_one_request_are_bounded() {
        let mut request = HeaderMap::new();
        for number in 0..1000 {
            let name = HeaderName::try_from(format!("x-token-{number}")).unwrap();
            request.insert(name, http::HeaderValue::from_static("1"));
        }
        assert_eq!(names(&request).len(), MOST);
    }
}
