use super::*;

/// An error has its cause as `source()`. A panic is a failure, too.
#[test]
fn errors_have_a_kind() {
    let error = run(current(&fails(), &parts("/"))).unwrap_err();
    assert!(!error.is_panic() && !error.is_timeout());
    assert!(error.source().unwrap().is::<Down>());

    let later = from_fn(async |_| -> Current { panic!("on purpose") });
    for error in [
        run(current(&panics(), &parts("/"))).unwrap_err(),
        run(current(&later, &parts("/"))).unwrap_err(),
    ] {
        assert!(error.is_panic() && !error.is_timeout());
        assert!(error.source().is_none());
    }
    // A panic stays a panic through the sources around it.
    let around = panics().at("/").unwrap().or_else(());
    let error = run(current(&around, &parts("/"))).unwrap_err();
    assert!(error.is_panic() && !error.is_timeout());
}
