use crate::semantics::{
    field::prefer::Return::{self, Minimal, Representation},
    tests::headers,
};

/// R-7240-4.2-a: a request that names both values has no preference.
#[test]
fn the_preferred_return_is_read() {
    let table: [(&[&str], Option<Return>); 19] = [
        (&[], None),
        (&["return=representation"], Some(Representation)),
        (&["return=minimal"], Some(Minimal)),
        (&["Return=minimal"], Some(Minimal)),
        (&["return=\"minimal\""], Some(Minimal)),
        (&["return = minimal"], Some(Minimal)),
        (&["return=minimal; foo=\"some parameter\""], Some(Minimal)),
        (&["respond-async, return=minimal, wait=10"], Some(Minimal)),
        (&["respond-async", "return=minimal"], Some(Minimal)),
        (&["return=minimal, return=minimal"], Some(Minimal)),
        (&["return=minimal, return=representation"], None),
        (&["return=representation", "return=minimal"], None),
        (&["handling=minimal"], None),
        (&["return"], None),
        (&["return="], None),
        (&["return=everything"], None),
        (&["return=Minimal"], None),
        (&["x=\"return=minimal\""], None),
        (&["x=\", return=minimal\""], None),
    ];
    for (lines, expected) in table {
        let prefer = headers(lines.iter().map(|line| ("prefer", *line)));
        assert_eq!(Return::preferred(&prefer), expected, "{lines:?}");
    }
    for value in [Minimal, Representation] {
        let prefer = headers([("prefer", value.as_str())]);
        assert_eq!(Return::preferred(&prefer), Some(value));
    }
}
