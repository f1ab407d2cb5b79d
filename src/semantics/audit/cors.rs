//! What a browser lets scripts of other origins see (Fetch, "CORS protocol").

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    ETAG,
};

use super::{Code, Exchange, Found};
use crate::semantics::{fields, list::members};

pub(super) fn judge(exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    let response = exchange.response;
    if !exchange.has(&ACCESS_CONTROL_ALLOW_ORIGIN) || !exchange.has(&ETAG) {
        return;
    }
    let credentials = fields::only(response, &ACCESS_CONTROL_ALLOW_CREDENTIALS);
    // With credentials `*` is the name of a field.
    let any_counts = credentials.is_none_or(|credentials| credentials != "true");
    let is_exposed = members(fields::lines(response, &ACCESS_CONTROL_EXPOSE_HEADERS))
        .any(|name| name.eq_ignore_ascii_case(b"etag") || (any_counts && name == b"*"));
    if !is_exposed {
        found.push(Code::TagNotExposed.because(if any_counts {
            "Access-Control-Expose-Headers does not name ETag"
        } else {
            "Access-Control-Expose-Headers does not name ETag, and * does not count with credentials"
        }));
    }
}
