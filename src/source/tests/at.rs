use super::*;

#[test]
fn a_source_is_limited_to_one_route() {
    let source = knows(tagged("1")).at("/notes/{id}").unwrap();
    for (path, expected) in [
        ("/notes/7", "\"1\""),
        ("/notes/7?a=/", "\"1\""),
        ("/notes/", "?"),
        ("/notes", "?"),
        ("/notes/7/", "?"),
        ("/notes/7/tags", "?"),
        ("/Notes/7", "?"),
        ("/", "?"),
    ] {
        assert_eq!(state_text(&source, path), expected, "{path}");
    }
    // For other paths it is not called.
    assert_eq!(state_text(&panics().at("/a").unwrap(), "/b"), "?");
    let authority = {
        let mut connect = request("CONNECT", "/", []);
        *connect.uri_mut() = "example.com:443".parse().unwrap();
        connect.into_parts().0
    };
    let asked = run(current(&source, &authority)).unwrap();
    assert!(matches!(asked, Current::Unknown));
}

#[test]
fn an_invalid_route_is_refused() {
    let refused = knows(Current::Absent).at("/:id");
    assert_eq!(
        refused.err().unwrap().to_string(),
        "invalid route \"/:id\": parameters are written \"{id}\""
    );
}
