//! The table of dependencies in ARCHITECTURE.md, checked against the sources.

mod settings;
mod sources;
mod surface;

use std::{collections::BTreeSet, fs, path::Path};

use sources::{ModulePath, Sources};

/// The words that `semantics` and the rules of the audit must not contain, since they are pure.
const IMPURE: &[&str] = &[
    "async ",
    ".await",
    "tower_",
    "SystemTime::now",
    "Instant",
    "std::sync",
];

/// A row of the table: modules, and the modules that they may use.
struct Row {
    rooms: Vec<ModulePath>,
    may_use: Permission,
}

enum Permission {
    Everything,
    Only(Vec<ModulePath>),
}

fn table() -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let text = fs::read_to_string(path).expect("a text");
    let (_, section) = text.split_once("\n## Dependencies\n").expect("the section");
    let section = section.split("\n## ").next().expect("a section");
    let rows = section.lines().filter_map(|line| {
        let (rooms, may_use) = line.strip_prefix('|')?.split_once('|')?;
        let rooms = names(rooms);
        (!rooms.is_empty()).then(|| Row {
            rooms,
            may_use: match names(may_use) {
                none if none.is_empty() && may_use.contains("everything") => Permission::Everything,
                some => Permission::Only(some),
            },
        })
    });
    rows.collect()
}

/// Returns the names between backticks.
fn names(cell: &str) -> Vec<ModulePath> {
    let names = cell.split('`').skip(1).step_by(2);
    names
        .map(|name| name.split("::").map(str::to_owned).collect())
        .collect()
}

impl Row {
    fn room_of(&self, module: &ModulePath) -> Option<&ModulePath> {
        self.rooms.iter().find(|room| module.starts_with(room))
    }

    fn allows(&self, room: &ModulePath, used: &ModulePath) -> bool {
        let is_allowed = |allowed: &ModulePath| used.starts_with(allowed);
        used.starts_with(room)
            || match &self.may_use {
                Permission::Everything => true,
                Permission::Only(rooms) => rooms.iter().any(is_allowed),
            }
    }
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let (table, sources) = (table(), Sources::read());
    assert!(table.len() > 10, "the table was not found");
    let mut offences = Vec::new();
    let mut seen = BTreeSet::new();
    for (module, source) in &sources.files {
        // The roots of the crate and of `semantics` have no code.
        if module.is_empty() || module == &["semantics"] {
            continue;
        }
        let found = table
            .iter()
            .find_map(|row| Some((row, row.room_of(module)?)));
        let Some((row, room)) = found else {
            offences.push(format!("{} is not in the table", source.path.display()));
            continue;
        };
        seen.insert(room.clone());
        for used in sources.used_by(module) {
            if !row.allows(room, &used) {
                offences.push(format!(
                    "{} uses {}",
                    source.path.display(),
                    used.join("::")
                ));
            }
        }
    }
    for room in table.iter().flat_map(|row| &row.rooms) {
        if !seen.contains(room) {
            offences.push(format!(
                "{} is in the table and not in src",
                room.join("::")
            ));
        }
    }
    assert!(offences.is_empty(), "{offences:#?}");
}

#[test]
fn no_modules_use_each_other_in_a_circle() {
    let circles = Sources::read().circles();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn the_rules_of_http_are_pure() {
    let mut offences = Vec::new();
    for source in Sources::read().files.values() {
        let path = source.path.to_string_lossy();
        if !path.contains("/semantics/") && !path.contains("/audit/rules/") {
            continue;
        }
        let lines = source.text.lines().map(|line| line.split("//").next());
        let code: Vec<_> = lines.map(Option::unwrap_or_default).collect();
        // A counted pointer to an immutable value is as pure as a copy.
        let code = code.join(" ").replace("std::sync::Arc;", "");
        for word in IMPURE.iter().filter(|word| code.contains(**word)) {
            offences.push(format!("{path} says {word:?}"));
        }
    }
    assert!(offences.is_empty(), "{offences:#?}");
}

/// Files must be small enough to be read at once.
#[test]
fn files_stay_under_250_lines_of_code() {
    for source in Sources::read().files.values() {
        let lines = source.text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
        let lines = lines.count();
        assert!(lines <= 250, "{}: {lines} lines", source.path.display());
    }
}
