use super::headers;
use crate::semantics::accept::json;

/// R-9457-3-a: a problem in JSON only for whom JSON is acceptable.
#[test]
fn who_takes_json() {
    let table: [(&[&str], bool); 22] = [
        (&[], true),
        (&["*/*"], true),
        (&["application/*"], true),
        (&["application/json"], true),
        (&["application/problem+json"], true),
        (&["Application/Problem+JSON;charset=utf-8"], true),
        (&["text/html, application/xhtml+xml, */*;q=0.8"], true),
        (&["text/html", "application/json"], true),
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
        (&["*/*;q=0, application/problem+json"], true),
        (&["application/*;q=0, application/json"], true),
        (&[""], false),
    ];
    for (lines, expected) in table {
        let accept = headers(lines.iter().map(|line| ("accept", *line)));
        assert_eq!(json(&accept), expected, "{lines:?}");
    }
}
