//! The crate stays without a driver and without async, and its engines apart.

use std::{fs, path::Path};

#[test]
fn the_library_is_the_only_dependency() {
    let manifest = include_str!("../Cargo.toml");
    let (_, dependencies) = manifest.split_once("\n[dependencies]\n").expect("a table");
    let (dependencies, _) = dependencies.split_once("\n[").expect("another table");
    let names: Vec<_> = dependencies
        .lines()
        .filter_map(|line| Some(line.split_once(" = ")?.0))
        .collect();
    assert_eq!(names, ["tower-conditional"]);
}

#[test]
fn nothing_is_async_and_no_engine_names_the_other() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (folder, foreign) in [
        ("", &["postgres::", "sqlite::"][..]),
        ("postgres", &["sqlite::", "async fn", ".await"]),
        ("sqlite", &["postgres::", "async fn", ".await"]),
    ] {
        for entry in fs::read_dir(source.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                continue;
            }
            let text = fs::read_to_string(&path).expect("a source");
            // Comments may say where something is used.
            let code = text.lines().filter(|line| !line.trim().starts_with("//"));
            for (line, name) in code.flat_map(|line| foreign.iter().map(move |name| (line, name))) {
                assert!(!line.contains(name), "{}: {line}", path.display());
            }
        }
    }
}
