#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "json")]
mod canonical_json;
mod dates;
mod expected;
mod failed;
mod preconditions;
mod ranges;
mod with_validators;

use bytes::Bytes;
use http::{Response, StatusCode};

use super::*;
use crate::{
    refusal::Reason,
    semantics::{
        condition::{Condition, Current},
        field::HttpDate,
        validator::{EntityTag, Validators, VersionTags},
    },
    test_support::{request, tagged},
};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

type Fields<'a> = &'a [(&'a str, &'a str)];

fn expected(fields: Fields<'_>) -> Expected {
    Expected::of(&request("PUT", "/", fields.iter().copied()))
}

fn respond(refusal: impl Into<Response<Bytes>>) -> Response<Bytes> {
    refusal.into()
}
