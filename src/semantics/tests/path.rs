use crate::semantics::path::decoded;

#[test]
fn one_text_for_all_spellings() {
    for (path, expected) in [
        ("/notes/1", "/notes/1"),
        ("/notes/%31", "/notes/1"),
        ("/%6e%6Ftes/1", "/notes/1"),
        ("/%C3%A4", "/ä"),
        ("/ä", "/ä"),
        ("/%2531", "/%31"),
        ("/%", "/%"),
        ("/%3", "/%3"),
        ("/%zz%31", "/%zz1"),
        ("/%+1", "/%+1"),
        ("/%ff", "/\u{fffd}"),
        ("", ""),
    ] {
        assert_eq!(decoded(path), expected, "{path}");
    }
}
