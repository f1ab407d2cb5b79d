//! The language of the project: its sentences, its summary lines and its names.
//!
//! The rules are explained in CONTRIBUTING.md. Each failure names the file and
//! the line, so that a run reads as a list of places to mend.

use std::{
    fs,
    path::{Path, PathBuf},
};

mod error_texts;
mod items;
mod links;
mod reader;
mod sentences;
mod summary;

use items::Items;
use links::Link;
use sentences::Sentence;
use summary::PublicItem;

/// Longer sentences hold more than one idea.
const MAX_WORDS: usize = 25;

/// Fails with one line for each fault.
#[track_caller]
fn assert_none(faults: &[String], rule: &str) {
    let list = faults.join("\n");
    assert!(faults.is_empty(), "{} times: {rule}\n{list}", faults.len());
}

#[test]
fn sentences_have_nouns_as_subjects() {
    let faults = Sentence::all().filter_map(|sentence| {
        let opening = sentence.clause_as_subject()?;
        Some(format!("{sentence}\n    opens with \"{opening}\""))
    });
    assert_none(&faults.collect::<Vec<_>>(), "a clause in place of a noun");
}

/// The other tests would pass if nothing were read.
#[test]
fn sentences_are_found() {
    let sentences = Sentence::all().count();
    assert!(sentences > 5_000, "{sentences} sentences");
}

#[test]
fn sentences_are_short() {
    let faults = Sentence::all().filter(|sentence| sentence.words() > MAX_WORDS);
    let faults = faults.map(|sentence| format!("{sentence}\n    {} words", sentence.words()));
    assert_none(
        &faults.collect::<Vec<_>>(),
        "more than 25 words in a sentence",
    );
}

#[test]
fn public_items_have_a_summary_line() {
    let items = Items::of_published_crates();
    assert!(items.public.len() > 500, "the public items were not found");
    let faults = items.public.iter().filter_map(PublicItem::fault);
    assert_none(
        &faults.collect::<Vec<_>>(),
        "a summary line of another form",
    );
}

#[test]
fn type_names_are_unique() {
    let items = Items::of_published_crates();
    assert!(items.types.len() > 200, "the types were not found");
    assert_none(&items.repeated_types(), "one name for several types");
}

#[test]
fn errors_are_lower_case_without_a_full_stop() {
    let items = Items::of_published_crates();
    let texts = items.error_texts().count();
    assert!(texts > 60, "the errors were not found");
    let faults = items.error_texts().filter(|text| !text.is_plain());
    let faults = faults.map(|text| format!("{}: {:?}", text.path.display(), text.text));
    assert_none(&faults.collect::<Vec<_>>(), "an error text of another form");
}

#[test]
fn links_of_markdown_files_lead_somewhere() {
    let links = Link::all();
    assert!(links.len() > 60, "the links were not found");
    let faults: Vec<_> = links.iter().filter_map(Link::fault).collect();
    assert_none(&faults, "a link to nothing");
}

/// Layers have the same headings in the same order, so that readers know where to look.
#[test]
fn layers_have_the_same_headings() {
    const HEADINGS: [&str; 6] = [
        "Example",
        "How it works",
        "Layer order",
        "Limits",
        "Errors",
        "What it does not do",
    ];
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut layers = 0;
    let mut faults = Vec::new();
    for folder in fs::read_dir(source).expect("src") {
        let folder = folder.expect("an entry").path();
        let module = folder.join("mod.rs");
        if !folder.join("layer.rs").is_file() {
            continue;
        }
        layers += 1;
        let text = fs::read_to_string(&module).expect("a module");
        // Code may hold a line that looks like a heading.
        let prose = text.split("//! ```").step_by(2);
        let found = prose.flat_map(str::lines);
        let found: Vec<&str> = found
            .filter_map(|line| line.strip_prefix("//! # "))
            .collect();
        if found != HEADINGS {
            faults.push(format!("{}: {found:?}", module.display()));
        }
    }
    assert!(layers >= 8, "the layers were not found");
    assert_none(&faults, &format!("headings other than {HEADINGS:?}"));
}

/// Files with an extension, of the whole repository, without what was built.
fn files(extension: &str) -> Vec<PathBuf> {
    fn collect(directory: &Path, extension: &str, files: &mut Vec<PathBuf>) {
        const BUILT: [&str; 5] = ["target", "corpus", "artifacts", "node_modules", ".git"];
        for entry in fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str());
            if path.is_dir() {
                if !name.is_some_and(|name| BUILT.contains(&name)) {
                    collect(&path, extension, files);
                }
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push(path);
            }
        }
    }
    let mut found = Vec::new();
    collect(Path::new(env!("CARGO_MANIFEST_DIR")), extension, &mut found);
    found.sort();
    found
}

/// A path as it reads from the root of the repository.
fn shown(path: &Path) -> std::path::Display<'_> {
    let root = env!("CARGO_MANIFEST_DIR");
    path.strip_prefix(root).unwrap_or(path).display()
}
