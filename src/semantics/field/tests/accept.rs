use crate::semantics::{condition::RequestConditions, field::Accept, tests::headers};

/// R-9457-3-a: a problem document is JSON only if the client accepts JSON.
#[test]
fn json_is_acceptable_by_range_and_weight() {
    let table: [(&[&str], bool); 27] = [
        (&[], true),
        (&["*/*"], true),
        (&["application/*"], true),
        (&["application/json"], true),
        (&["application/problem+json"], true),
        (&["Application/Problem+JSON;charset=utf-8"], true),
        (&["text/html, application/xhtml+xml, */*;q=0.8"], true),
        (&["text/html", "application/json"], true),
        (&["text/html", "text/plain"], false),
        (&["*/*", "application/json;q=0, application/*;q=0"], false),
        (&["application/json ; q=0.001"], true),
        (&["text/html"], false),
        (&["application/xml"], false),
        (&["application/jsonp"], false),
        (&["text/*"], false),
        (&["*/*;q=0"], false),
        (&["*/*; Q=0.000"], false),
        (&["application/json;q=0"], false),
        (&["application/json;q=0.0, text/html"], false),
        // The most specific range decides.
        (&["application/problem+json;q=0, */*"], false),
        (&["*/*, application/*;q=0"], false),
        (&["application/*;q=0, application/problem+json"], true),
        (&["application/problem+json, application/*;q=0"], true),
        (&["*/*;q=0x"], true),
        (&["*/*;q=0, application/problem+json"], true),
        (&["application/*;q=0, application/json"], true),
        (&[""], false),
    ];
    for (lines, expected) in table {
        let headers = headers(lines.iter().map(|line| ("accept", *line)));
        let accept = Accept::from_headers(&headers);
        assert_eq!(accept.accepts_json(), expected, "{lines:?}");
        assert_eq!(accept.cloned().accepts_json(), expected, "{lines:?}");
        let conditions = RequestConditions::from_headers(&headers);
        assert_eq!(conditions.accept.accepts_json(), expected, "{lines:?}");
    }
}
