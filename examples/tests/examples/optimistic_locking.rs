use crate::support::run;

/// Holds R-9110-13.1.1-b, R-9110-13.1.2-b, R-9110-13.1.2-f and R-6585-3-a, as two clients see them.
#[tokio::test]
async fn no_edit_is_lost() {
    let output = run("optimistic_locking", &[]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();

    let statuses = responses(&printed, "HTTP/1.1 ").map(|status| &status[..3]);
    assert_eq!(
        statuses.collect::<Vec<_>>(),
        [
            "200", "200", "200", "412", "200", "428", "412", "304", "201", "412"
        ]
    );
    // Only the 428 tells no tag.
    let tags = responses(&printed, "etag: ");
    assert_eq!(
        tags.collect::<Vec<_>>(),
        [
            r#""1""#, r#""1""#, r#""2""#, r#""2""#, r#""3""#, r#""3""#, r#""3""#, r#""4""#,
            r#""4""#
        ]
    );
    // The merge has what Alice added, what Bob added, and not what Bob removed.
    assert!(printed.contains("> if-match: \"2\"\n>   bread\n>   eggs\n>   butter\n"));
    assert!(printed.contains(r#""expected":["\"2\""],"current":"\"3\"""#));
    assert!(printed.contains("read() ran 3 times before, and 3 times after."));
}

/// What follows `start` in the lines that a client got.
fn responses<'a>(printed: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    let got = printed.lines().filter_map(|line| line.strip_prefix("< "));
    got.filter_map(move |line| line.strip_prefix(start))
}
