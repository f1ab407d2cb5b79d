//! The allocations of conditions that a source decides before the service runs.

use http::{Method, header};
use tower::Layer;
use tower_conditional::{
    ConditionalLayer, PreconditionLayer, ValidatorSource, VersionTags,
    source::{self, SelfGet},
};

use crate::support::{Handler, allocations, write};

fn version_7() -> impl ValidatorSource {
    source::now(|_| VersionTags::plain().number(7))
}

/// A request that needs no check costs nothing.
#[test]
fn reads_and_unconditional_writes_pass_preconditions_for_nothing() {
    let handler = Handler::new(1024, 1024);
    for method in [
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::POST,
        Method::PUT,
    ] {
        let name = method.as_str();
        let make = || write(&method, &[(header::ACCEPT, "text/html, */*;q=0.1")]);
        let bare = allocations(handler.clone(), make);
        let by_source = PreconditionLayer::new(version_7()).layer(handler.clone());
        assert_eq!(allocations(by_source, make) - bare, 0, "{name}");
        let by_get =
            PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read())
                .layer(handler.clone());
        assert_eq!(allocations(by_get, make) - bare, 0, "{name}");
    }
    let conditional = || write(&Method::GET, &[(header::IF_MATCH, "\"7\"")]);
    let bare = allocations(handler.clone(), conditional);
    let layered = PreconditionLayer::new(version_7()).require().layer(handler);
    assert_eq!(allocations(layered, conditional) - bare, 0);
}

/// The service does not run, so these are all allocations: the tag of the source and the head of
/// the response.
#[test]
fn a_304_by_a_source_that_is_ready() {
    let handler = Handler::new(1024, 1024);
    let layer = ConditionalLayer::new().source(version_7());
    let make = || write(&Method::GET, &[(header::IF_NONE_MATCH, "\"7\"")]);
    assert_eq!(allocations(layer.layer(handler), make), 3);
}

/// These are all allocations: those of the 304, the copy of the tag in the head, and the problem.
#[test]
fn a_412_by_a_source_that_is_ready() {
    let handler = Handler::new(1024, 1024);
    let layer = PreconditionLayer::new(version_7());
    let make = || write(&Method::PUT, &[(header::IF_MATCH, "\"6\"")]);
    assert_eq!(allocations(layer.layer(handler), make), 5);
}

/// The allocations beyond the bare service: the tag of the source, copies of the header and of the
/// path, and the `Expected` in an extension. With `check_only`, the tag alone.
#[test]
fn an_if_match_that_holds() {
    let handler = Handler::new(1024, 1024);
    let make = || write(&Method::PUT, &[(header::IF_MATCH, "\"7\"")]);
    let bare = allocations(handler.clone(), make);
    let layer = || PreconditionLayer::new(version_7());
    let told = allocations(layer().layer(handler.clone()), make) - bare;
    let untold = allocations(layer().check_only().layer(handler), make) - bare;
    assert_eq!((told, untold), (8, 1));
}

/// A miss allocates the tag of the source, the state of the read, the mark that prevents a hash,
/// and a copy of the head. If the handler sets no tag, the
/// source is asked a second time.
#[test]
fn a_miss_by_a_source_that_is_ready() {
    let handler = Handler::new(1024, 1024);
    let own = handler.clone().with(header::ETAG, "\"7\"");
    let make = || write(&Method::GET, &[(header::IF_NONE_MATCH, "\"6\"")]);
    let layer = ConditionalLayer::new().source(version_7());
    let over = |layer: &ConditionalLayer<_>, handler: &Handler| {
        let bare = allocations(handler.clone(), make);
        allocations(layer.layer(handler.clone()), make) - bare
    };
    let confirmed = over(&layer, &handler);
    let by_the_handler = over(&layer, &own);
    let unconfirmed = over(&layer.without_confirmation(), &handler);
    assert_eq!((confirmed, by_the_handler, unconfirmed), (8, 6, 5));
}
