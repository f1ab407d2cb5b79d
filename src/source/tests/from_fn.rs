use super::*;

#[test]
fn functions_borrow_the_head_and_return_states() {
    async fn by_path(request: &Parts) -> Result<Option<EntityTag>, Down> {
        match request.uri.path() {
            "/down" => Err(Down),
            "/none" => Ok(None),
            path => Ok(EntityTag::strong(&path[1..]).ok()),
        }
    }
    let source = from_fn(by_path);
    assert_eq!(state_text(&source, "/a"), "\"a\"");
    assert_eq!(state_text(&source, "/none"), "-");
    assert_eq!(
        state_text(&source, "/down"),
        "! the source of validators failed"
    );

    let borrowing = from_fn(async |request: &Parts| by_path(request).await.ok().flatten());
    assert_eq!(state_text(&borrowing, "/a"), "\"a\"");
    assert_eq!(state_text(&borrowing, "/down"), "-");

    let owning = from_fn(|request: &Parts| {
        let length = request.uri.path().len();
        async move { EntityTag::strong(length.to_string()).map(Validators::from) }
    });
    assert_eq!(state_text(&owning, "/abc"), "\"4\"");

    // The argument of an async closure needs no type.
    let constant = from_fn(async |_| Current::Unknown);
    assert_eq!(state_text(&constant, "/"), "?");
    let unnamed = from_fn(async |request| EntityTag::strong(&request.uri.path()[1..]));
    assert_eq!(state_text(&unnamed.or_else(constant), "/a"), "\"a\"");
}

/// `from_fn` makes a source that waits, and `now` one that does not.
#[test]
fn functions_wait_unless_they_know_now() {
    assert!(try_current(&from_fn(async |_: &Parts| tagged("1")), &parts("/")).is_none());
    assert!(try_current(&now(|_| tagged("1")), &parts("/")).is_some());
    assert_eq!(
        state_text(&now(|_| EntityTag::strong("1").ok()), "/"),
        "\"1\""
    );
    assert_eq!(
        state_text(&now(|_| Err::<Validators, _>(Down)), "/"),
        "! the source of validators failed"
    );
}
