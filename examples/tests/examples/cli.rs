use std::process::{Command, Output};

use crate::support::{Http, Server, program};

fn run(arguments: &[&str]) -> Output {
    Command::new(program("notes"))
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn wrong_options_end_with_a_message_and_code_2() {
    for (arguments, named) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["stray"], "stray"),
        (&["--listen"], "--listen"),
        (&["--listen", "nowhere"], "nowhere"),
        (&["--notes", "-1"], "--notes"),
        (&["--notes", "100001"], "--notes"),
        (&["--database", ""], "--database"),
        (&["--redis", "redis://localhost"], "--redis"),
        (&["--postgres", "postgres://localhost"], "--postgres"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(named), "{message}");
        assert!(message.contains("Usage: notes"), "{message}");
    }
}

#[test]
fn help_names_the_options() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    for option in ["--listen", "--database", "--notes"] {
        assert!(text.contains(option), "{text}");
    }
}

#[tokio::test]
async fn notes_sets_how_many_there_are() {
    for (count, length) in [("0", 0), ("3", 3)] {
        let notes = Server::notes(&["--notes", count]);
        let all = notes.get(Http::One, "/notes", &[]).await.json();
        assert_eq!(all.as_array().unwrap().len(), length);
    }
}

#[tokio::test]
async fn a_file_keeps_the_notes_and_their_tags() {
    let file = std::env::temp_dir().join(format!("notes-test-{}.db", std::process::id()));
    let arguments = ["--database", file.to_str().unwrap(), "--notes", "2"];

    let notes = Server::notes(&arguments);
    notes.send(Http::One, "DELETE", "/notes/1", &[], "").await;
    let before = notes.get(Http::One, "/notes", &[]).await;
    drop(notes);

    let notes = Server::notes(&arguments);
    let fields = [("if-none-match", before.tag())];
    let after = notes.get(Http::One, "/notes", &fields).await;
    drop(notes);
    std::fs::remove_file(file).unwrap();
    assert_eq!(after.status, 304);
}
