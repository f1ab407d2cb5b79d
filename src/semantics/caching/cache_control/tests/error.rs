use http::{Method, StatusCode, header::CACHE_CONTROL};

use crate::semantics::caching::cache_control::{
    DirectiveConflict, Extension,
    InvalidCachePolicy::{self, *},
};

/// Each text has the invalid value, the reason, and the remedy if there is one.
#[test]
fn texts_name_the_value_and_the_reason() {
    let table: [(InvalidCachePolicy, &str); 11] = [
        (
            Empty,
            "the policy has no directive: caches would guess a lifetime",
        ),
        (
            Directive("max-age=x".to_owned()),
            r#"invalid directive "max-age=x": its name or argument is malformed, or it occurs twice"#,
        ),
        (
            Unknown {
                name: "max-agee".to_owned(),
                nearest: Some("max-age"),
            },
            r#"unknown directive "max-agee": did you mean "max-age"?"#,
        ),
        (
            Extension::new("x-max-age", Some("5")).unwrap_err(),
            "invalid extension \"x-max-age=5\": its name must be a token and not a standard \
             directive, and its text must contain no control character and no lifetime",
        ),
        (
            Contradiction(DirectiveConflict::PrivateWithPublic),
            "`private` contradicts `public`",
        ),
        (
            Field(CACHE_CONTROL),
            "invalid targeted header \"cache-control\": use \"CDN-Cache-Control\", \
             \"Surrogate-Control\" or a name that ends in \"-CDN-Cache-Control\"",
        ),
        (
            Dictionary("1x".to_owned()),
            "invalid extension \"1x\" for a targeted header: \
             a Structured Fields Dictionary cannot hold it",
        ),
        (
            ContentType("text".to_owned()),
            r#"invalid media type "text": write "text/html", or "text/*" for all subtypes"#,
        ),
        (
            FreshWrite(Method::POST),
            r#"invalid rule for "POST": caches must not reuse responses to this method"#,
        ),
        (
            Status(StatusCode::NOT_MODIFIED),
            "invalid rule for status \"304\": \
             it must include 200, since a 304 changes the policy of a stored 200",
        ),
        (
            Status(StatusCode::EARLY_HINTS),
            r#"invalid rule for status "103": a 1xx response has no cache policy"#,
        ),
    ];
    for (error, text) in table {
        assert_eq!(error.to_string(), text);
    }
}
