//! Request headers that identify the user.

use http::{
    HeaderMap, HeaderName,
    header::{AUTHORIZATION, COOKIE},
};

/// The maximum number of these headers that are recorded for one request.
const MAX_USER_HEADERS: usize = 16;

/// Words in the names of headers that identify the user.
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
/// Words before `key` in the names of credentials. `Idempotency-Key` is none.
const KEYS: [&str; 4] = ["access", "api", "auth", "subscription"];
/// Words of headers that select nothing: those of browsers, proxies and CSRF protection.
const OTHERS: [&str; 4] = ["csrf", "proxy", "sec", "xsrf"];

/// Returns `true` for `Authorization`, `Cookie`, and other headers that hold credentials or name a
/// tenant, such as `X-Api-Key`.
pub(super) fn is_user_header(name: &HeaderName) -> bool {
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

/// Returns the names of these headers in a request, sorted.
pub(super) fn user_headers(request: &HeaderMap) -> Vec<HeaderName> {
    let mut names: Vec<_> = request
        .keys()
        .filter(|name| is_user_header(name))
        .cloned()
        .collect();
    names.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
    names.truncate(MAX_USER_HEADERS);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_and_tenants_identify_the_user() {
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
                is_user_header(&HeaderName::from_static(name)),
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
        assert_eq!(user_headers(&request).len(), MAX_USER_HEADERS);
    }
}
