use super::*;

/// A handler with both kinds of rejection has one error type for them.
#[test]
fn a_rejection_is_made_of_both() {
    let rejections = [
        PreconditionRejection::from(PreconditionFailed::new()),
        PreconditionRejection::from(NotModified::default()),
    ];
    assert_eq!(
        rejections.map(|rejection| respond(rejection).status()),
        [412, 304]
    );
}

#[test]
fn rejections_are_errors_with_a_text() {
    let rejections: [(Box<dyn std::error::Error + Send + Sync>, _); 4] = [
        (
            NotModified::default().into(),
            "the current representation (304)",
        ),
        (
            PreconditionFailed::new().into(),
            "the request expects (412)",
        ),
        (
            PreconditionRejection::from(NotModified::default()).into(),
            "(304)",
        ),
        (
            PreconditionRejection::from(PreconditionFailed::new()).into(),
            "(412)",
        ),
    ];
    for (error, end) in rejections {
        assert!(error.to_string().ends_with(end), "{error}");
    }
}

/// R-9110-15.4.5-a: the tag, or the date if there is no tag.
#[test]
fn a_304_has_the_validators() {
    let date = HttpDate::from_unix_seconds(784_111_777);
    let both = respond(NotModified::new(tagged("7").with_last_modified(date)));
    assert_eq!(both.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(both.headers()["etag"], "\"7\"");
    assert_eq!(both.headers().len(), 1);
    let dated = Validators::new().with_last_modified(date);
    let response = respond(NotModified::new(dated));
    assert_eq!(response.headers()["last-modified"], DATE);
    assert!(response.body().is_empty());
}

/// R-9457-3-a: a problem that a layer outside can find and change.
#[test]
fn a_412_is_a_problem_with_the_current_tag() {
    for (failed, tag) in [
        (PreconditionFailed::new(), None),
        (PreconditionFailed::default(), None),
        (PreconditionFailed::with_current(tagged("8")), Some("\"8\"")),
    ] {
        let response = respond(failed);
        assert_eq!(response.status(), StatusCode::PRECONDITION_FAILED);
        assert_eq!(response.headers()["cache-control"], "no-store");
        let in_field = response.headers().get("etag");
        assert_eq!(in_field.map(|tag| tag.to_str().unwrap()), tag);
        let problem: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(problem["status"], 412);
        assert_eq!(problem["current"].as_str(), tag);
        assert!(response.extensions().get::<PreconditionFailed>().is_some());
    }
}
