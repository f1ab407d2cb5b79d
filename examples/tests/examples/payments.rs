//! A client over a network that cuts its connections.

use crate::{example::Folder, program::program, support::run};

/// Returns the lines that begin with one of these characters.
fn lines<'a>(printed: &'a str, starts: &'a [char]) -> Vec<&'a str> {
    let lines = printed.lines();
    lines.filter(|line| line.starts_with(starts)).collect()
}

/// P-ID-txn, R-IK07-2.6-d: four attempts with one key are one payment and one charge.
#[tokio::test]
async fn one_payment_is_made_over_cut_connections() {
    let output = run(program("payments"), &[]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        printed
            .matches("> idempotency-key: \"invoice-4711\"\n")
            .count(),
        4
    );
    let cuts = lines(&printed, &['-']);
    let cuts = cuts
        .into_iter()
        .filter_map(|line| line.strip_prefix("- the connection is "));
    assert_eq!(
        cuts.collect::<Vec<_>>(),
        [
            "cut before the request arrives",
            "cut after the commit, before the answer",
            "cut in the middle of the answer",
            "not cut"
        ]
    );
    let answers = lines(&printed, &['<']);
    let [cut @ .., status, marker, content] = &answers[..] else {
        panic!("{answers:?}");
    };
    assert!(
        cut.iter().all(|line| line.starts_with("< no answer: ")),
        "{cut:?}"
    );
    assert_eq!(cut.len(), 3);
    assert_eq!(*status, "< HTTP/1.1 201 Created");
    assert_eq!(*marker, "< idempotent-replayed: true");
    assert_eq!(
        *content,
        r#"<   {"account":"ada","cents":1700,"payment":1}"#
    );
    let end = "  1 | ada     |  1700\n1 payment(s)\nThe provider charged 1 time(s).\n";
    assert!(printed.ends_with(end), "{printed}");
}

/// P-ID-txn: the record and the payment outlive the process, together.
#[tokio::test]
async fn a_second_start_with_the_file_pays_nothing() {
    let folder = Folder::new("payments");
    let file = folder.database();
    for charges in [1, 0] {
        let output = run(program("payments"), &[&file]).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let printed = String::from_utf8(output.stdout).unwrap();
        let end = format!("\n1 payment(s)\nThe provider charged {charges} time(s).\n");
        assert!(printed.ends_with(&end), "{printed}");
    }
}
