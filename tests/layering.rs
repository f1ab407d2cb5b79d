//! Who may use whom: the table in ARCHITECTURE.md, held against the sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Each module of the library with the modules that it may name.
const MAY_USE: &[(&str, &[&str])] = &[
    ("semantics", &[]),
    ("clock", &[]),
    ("target", &[]),
    ("lock", &[]),
    ("macros", &[]),
    ("outcome", &["semantics"]),
    ("refusal", &["semantics"]),
    ("body", &["semantics"]),
    ("source", &["semantics", "clock", "body", "target"]),
    ("handler", &["semantics", "clock", "refusal"]),
    ("assets", &["semantics"]),
    ("etag", LAYER),
    ("conditional", LAYER),
    ("precondition", LAYER),
    ("state_ref", LAYER),
    ("purge", &["semantics", "events", "target"]),
    ("coding", LAYER),
    ("cache_policy", LAYER),
    ("detached", &[]),
    ("guide", &[]),
    ("recipe", ALL),
    ("cache_tags", LAYER),
    ("cache_status", LAYER),
    ("events", &["semantics", "source"]),
    ("audit", LAYER),
    ("stack", ALL),
    ("lib", ALL),
];

/// A layer uses the common ground, and never another layer.
const LAYER: &[&str] = &[
    "events",
    "semantics",
    "clock",
    "detached",
    "target",
    "lock",
    "macros",
    "outcome",
    "refusal",
    "body",
    "source",
    "handler",
    "purge",
];
const ALL: &[&str] = &[
    "assets",
    "events",
    "semantics",
    "clock",
    "detached",
    "target",
    "lock",
    "macros",
    "outcome",
    "refusal",
    "body",
    "source",
    "handler",
    "purge",
    "etag",
    "conditional",
    "precondition",
    "state_ref",
    "coding",
    "cache_policy",
    "cache_tags",
    "cache_status",
    "audit",
    "stack",
];

/// What a crate-root re-export stands for.
const ALIASES: &[(&str, &str)] = &[
    ("CachePolicyLayer", "cache_policy"),
    ("Assets", "assets"),
    ("CacheTagsLayer", "cache_tags"),
    ("CacheStatusLayer", "cache_status"),
    ("Audit", "audit"),
    ("AuditLayer", "audit"),
    ("CodingTagLayer", "coding"),
    ("ConditionalLayer", "conditional"),
    ("Current", "semantics"),
    ("EntityTag", "semantics"),
    ("EtagLayer", "etag"),
    ("Outcome", "outcome"),
    ("PreconditionLayer", "precondition"),
    ("Stack", "stack"),
    ("stack", "stack"),
    ("StateRefLayer", "state_ref"),
    ("ValidatorSource", "source"),
    ("Validators", "semantics"),
    ("VersionTags", "semantics"),
];

/// `semantics` is pure: none of these words may stand in it.
const IMPURE: &[&str] = &[
    "async ",
    ".await",
    "tower_",
    "SystemTime::now",
    "Instant",
    "std::sync",
];

fn is_test(path: &Path) -> bool {
    let name = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    let folders = ["tests", "test_support"];
    let in_tests = path
        .components()
        .any(|part| folders.iter().any(|folder| part.as_os_str() == *folder));
    in_tests || matches!(name, "tests" | "proptests")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test(&path) {
            found.push(path);
        }
    }
}

/// The code without comments, white space folded, grouped uses opened up.
fn code(text: &str) -> String {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The first segments of every path that starts with `crate::`.
fn uses(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(group_heads(group)),
            None => found.extend(head(rest)),
        }
    }
    found
}

fn head(path: &str) -> Option<String> {
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    (end > 0).then(|| path[..end].to_owned())
}

fn group_heads(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut heads = Vec::new();
    let mut expects_head = true;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => expects_head = true,
            c if expects_head && (c.is_alphanumeric() || c == '_') => {
                heads.extend(head(&group[at..]));
                expects_head = false;
            }
            _ => {}
        }
    }
    heads
}

fn module_of(path: &Path, root: &Path) -> String {
    let inside = path.strip_prefix(root).expect("below the root");
    let first = inside.components().next().expect("a name").as_os_str();
    first.to_string_lossy().trim_end_matches(".rs").to_owned()
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let table: BTreeMap<_, _> = MAY_USE.iter().copied().collect();
    let aliases: BTreeMap<_, _> = ALIASES.iter().copied().collect();
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    assert!(paths.len() > 20, "the sources were not found");

    let mut offences = Vec::new();
    let mut seen = BTreeSet::new();
    for path in &paths {
        let module = module_of(path, &root);
        let code = code(&fs::read_to_string(path).expect("a text"));
        let Some(allowed) = table.get(module.as_str()) else {
            offences.push(format!("{module} is not in the table"));
            continue;
        };
        for used in uses(&code) {
            let used = aliases
                .get(used.as_str())
                .map_or(used.as_str(), |module| *module);
            if used != module && !allowed.contains(&used) {
                offences.push(format!("{} uses {used}", path.display()));
            }
        }
        if module == "semantics" {
            // A counted pointer to what never changes is as pure as a copy.
            let code = code.replace("std::sync::Arc;", "");
            for word in IMPURE.iter().filter(|word| code.contains(**word)) {
                offences.push(format!("{} says {word:?}", path.display()));
            }
        }
        seen.insert(module);
    }
    for (module, _) in MAY_USE {
        if !seen.contains(*module) {
            offences.push(format!("{module} is in the table and not in src"));
        }
    }
    assert!(offences.is_empty(), "{offences:#?}");
}

#[test]
fn the_reader_of_uses_sees_groups() {
    let code = "use crate::{a::{b, c}, d, e::f}; fn g() { crate::h::i!() }";
    let expected = ["a", "d", "e", "h"].map(String::from);
    assert_eq!(uses(code), BTreeSet::from(expected));
}

/// Files stay small enough to be read at once.
#[test]
fn files_stay_under_250_lines_of_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    for path in paths {
        let text = fs::read_to_string(&path).expect("a text");
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("//"))
            .count();
        assert!(lines <= 250, "{}: {lines} lines of code", path.display());
    }
}
