use tower_conditional::VersionTags;

use crate::{program::program, support::run};

/// R-9110-13.1.1-b, R-9110-13.1.2-b, R-9110-13.1.2-f, R-6585-3-a, with two clients.
#[tokio::test]
async fn no_edit_is_lost() {
    let output = run(program("optimistic_locking"), &[]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();

    let statuses = responses(&printed, "HTTP/1.1 ").map(|status| &status[..3]);
    assert_eq!(
        statuses.collect::<Vec<_>>(),
        [
            "200", "200", "200", "412", "200", "428", "412", "304", "201", "412"
        ]
    );
    // Only the 428 has no tag.
    let list = VersionTags::plain().scope("/documents/shopping");
    let next = VersionTags::plain().scope("/documents/next-week");
    let of_list = [1, 1, 2, 2, 3, 3, 3].map(|version| list.number(version).to_string());
    let of_next = [4, 4].map(|version| next.number(version).to_string());
    let tags: Vec<_> = responses(&printed, "etag: ").collect();
    assert_eq!(tags, [&of_list[..], &of_next].concat());
    // The merge has the lines that Alice and Bob added, without those that Bob removed.
    let [two, three] = [2, 3].map(|version| list.number(version).to_string());
    assert!(printed.contains(&format!(
        "> if-match: {two}\n>   bread\n>   eggs\n>   butter\n"
    )));
    let problem = serde_json::json!({ "expected": [two], "current": three }).to_string();
    for member in problem.trim_matches(['{', '}']).split(",\"") {
        assert!(printed.contains(member.trim_start_matches('"')), "{member}");
    }
    assert!(printed.contains("read() ran 4 times before, and 4 times after."));
}

/// Returns the rest of the first printed response line that begins with `start`.
fn responses<'a>(printed: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    let got = printed.lines().filter_map(|line| line.strip_prefix("< "));
    got.filter_map(move |line| line.strip_prefix(start))
}
