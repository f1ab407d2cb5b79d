//! Headers that a browser lets scripts of other origins read and send (Fetch Standard, "CORS
//! protocol").

use http::{
    HeaderMap, HeaderName, Method, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS,
        ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
        ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    },
};

use super::{AuditedExchange, Code, RuleFinding, fingerprint::hash};
use crate::semantics::field::{cors, lines, list::members};

pub(super) fn check(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    if !exchange.has(&ACCESS_CONTROL_ALLOW_ORIGIN) {
        return;
    }
    let response = exchange.response;
    let hidden = cors::EXPOSED.iter().filter(|name| exchange.has(name));
    let hidden = not_listed(hidden, response, &ACCESS_CONTROL_EXPOSE_HEADERS);
    if !hidden.is_empty() {
        let any = if allows_wildcard(response) {
            ""
        } else {
            ", and * does not count with credentials"
        };
        let detail = format!("Access-Control-Expose-Headers does not name {hidden}{any}");
        findings.push(Code::HeaderNotExposed.finding(detail));
    }
    if *exchange.method == Method::OPTIONS && exchange.status.is_success() {
        check_preflight(exchange, findings);
    }
}

/// Returns a hash of the `Origin` whose scripts may read the response.
pub(super) fn allowed_origin(exchange: &AuditedExchange<'_>) -> Option<u64> {
    allows_origin(exchange)
        .then(|| hash(lines::lines(exchange.request, &ORIGIN)))
        .flatten()
}

/// Returns `true` if the response allows the `Origin` of the request (Fetch Standard, "CORS
/// check").
fn allows_origin(exchange: &AuditedExchange<'_>) -> bool {
    let allowed = lines::only(exchange.response, &ACCESS_CONTROL_ALLOW_ORIGIN);
    let origin = lines::only(exchange.request, &ORIGIN);
    allowed.is_some_and(|allowed| allowed == "*" || Some(allowed) == origin)
}

/// Checks that a script which may read a 200 may read a 304 or a refusal too. If not, it sees a
/// network error. `allowed` has the [`allowed_origin`] of each 200.
pub(crate) fn check_origin(
    mut allowed: impl Iterator<Item = Option<u64>>,
    exchange: &AuditedExchange<'_>,
    findings: &mut Vec<RuleFinding>,
) {
    let has_header = exchange.has(&ACCESS_CONTROL_ALLOW_ORIGIN);
    let code = match exchange.status {
        // The browser's own revalidation keeps the stored header. Only a script that sends the
        // condition gets the 304 itself.
        StatusCode::NOT_MODIFIED if !has_header => Code::OriginMissingOn304,
        StatusCode::NOT_MODIFIED
        | StatusCode::PRECONDITION_FAILED
        | StatusCode::PRECONDITION_REQUIRED => Code::OriginNotAllowed,
        _ => return,
    };
    if allows_origin(exchange) {
        return;
    }
    let origin = hash(lines::lines(exchange.request, &ORIGIN));
    if origin.is_some() && allowed.any(|allowed| allowed == origin) {
        let (status, method) = (exchange.status.as_u16(), exchange.method);
        let fault = if has_header {
            "with another Access-Control-Allow-Origin than"
        } else {
            "without the Access-Control-Allow-Origin of"
        };
        findings.push(code.finding(format!("{status} to {method} {fault} the 200")));
    }
}

/// Checks for a preflight that allows the method, but not a header that layers read.
fn check_preflight(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    let method = lines::only(exchange.request, &ACCESS_CONTROL_REQUEST_METHOD);
    let Some(method) = method.and_then(|method| method.to_str().ok()) else {
        return;
    };
    // These three methods are always allowed.
    let is_allowed = ["GET", "HEAD", "POST"].contains(&method)
        || lists(exchange.response, &ACCESS_CONTROL_ALLOW_METHODS, method);
    let wants = |name: &HeaderName| {
        members(lines::lines(
            exchange.request,
            &ACCESS_CONTROL_REQUEST_HEADERS,
        ))
        .any(|member| member.eq_ignore_ascii_case(name.as_ref()))
    };
    let wanted = cors::ALLOWED.iter().filter(|name| wants(name));
    let refused = not_listed(wanted, exchange.response, &ACCESS_CONTROL_ALLOW_HEADERS);
    if is_allowed && !refused.is_empty() {
        let detail = format!("Access-Control-Allow-Headers does not name {refused}");
        findings.push(Code::HeaderNotAllowed.finding(detail));
    }
}

/// Returns those of the `names` that a response header does not name, with commas between them.
fn not_listed<'a>(
    names: impl Iterator<Item = &'a HeaderName>,
    response: &HeaderMap,
    name: &HeaderName,
) -> String {
    let names = names.map(HeaderName::as_str);
    let missing = names.filter(|wanted| !lists(response, name, wanted));
    missing.collect::<Vec<_>>().join(", ")
}

/// Returns `true` if a response header names `wanted`, or everything.
fn lists(response: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    members(lines::lines(response, name)).any(|member| {
        member.eq_ignore_ascii_case(wanted.as_bytes())
            || (member == b"*" && allows_wildcard(response))
    })
}

/// Returns `true` if `*` means all names. With credentials it is an ordinary name.
fn allows_wildcard(response: &HeaderMap) -> bool {
    let credentials = lines::only(response, &ACCESS_CONTROL_ALLOW_CREDENTIALS);
    credentials.is_none_or(|credentials| credentials != "true")
}
