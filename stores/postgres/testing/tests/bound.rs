//! A program that ends with whoever started it.

use std::{
    io::Read,
    os::unix::process::ExitStatusExt,
    process::{Command, Stdio},
};

use tower_conditional_postgres_testing::bound;

#[test]
fn ends_with_its_input() {
    let mut child = bound(Command::new("sleep").arg("600")).spawn().unwrap();
    assert_eq!(child.try_wait().unwrap(), None);
    // Closes the input, as the end of this process does.
    assert_eq!(child.wait().unwrap().signal(), Some(9));
}

#[test]
fn is_the_program_with_its_arguments_environment_and_directory() {
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"echo "$1 $A $PWD"; read -r line || exit 7"#, "-"])
        .arg("one  argument")
        .env("A", "$$")
        .current_dir("/");
    let mut child = bound(&command).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    // To its end, although the input is open.
    let mut output = child.stdout.take().unwrap();
    output.read_to_string(&mut said).unwrap();
    assert_eq!(said, "one  argument $$ /\n");
    let ended = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
    };
    assert_eq!(ended.code(), Some(7));
}
