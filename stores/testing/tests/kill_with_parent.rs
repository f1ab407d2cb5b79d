//! A program that ends with the process that started it.

use std::{
    io::Read,
    os::unix::process::ExitStatusExt,
    process::{Command, Stdio},
};

use tower_conditional_testing::kill_with_parent;

#[test]
fn the_program_ends_with_its_input() {
    let mut child = kill_with_parent(Command::new("sleep").arg("600"))
        .spawn()
        .unwrap();
    assert_eq!(child.try_wait().unwrap(), None);
    // `wait` closes the input, like the end of this process.
    assert_eq!(child.wait().unwrap().signal(), Some(9));
}

#[test]
fn arguments_environment_and_directory_are_kept() {
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"echo "$1 $A $PWD"; read -r line || exit 7"#, "-"])
        .arg("one  argument")
        .env("A", "$$")
        .current_dir("/");
    let mut child = kill_with_parent(&command)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    // The output ends, although the input is open.
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
