//! The public items, the types and the error texts of the published crates.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::visit::Visit;

use crate::{
    error_texts::ErrorText,
    files,
    reader::ItemReader,
    shown,
    summary::{ItemKind, PublicItem},
};

/// The parts of the published crates. Public types of two parts may share a name, such as
/// the `Schema` of each database.
const PUBLISHED: [&str; 7] = [
    "src",
    "stores/sql/src/postgres",
    "stores/sql/src/sqlite",
    "stores/sql/src",
    "stores/postgres/src",
    "stores/redis/src",
    "stores/sqlite/src",
];

/// Tower's name for the future of a service, which every service has.
const NAMES_OF_EACH_SERVICE: [&str; 1] = ["ResponseFuture"];

#[derive(Default)]
pub(crate) struct Items {
    pub(crate) public: Vec<PublicItem>,
    pub(crate) types: Vec<NamedType>,
    /// The texts of each implementation of `Display`, by its type.
    pub(crate) displayed: Vec<(String, ErrorText)>,
    /// The types that implement `Error`.
    pub(crate) errors: BTreeSet<String>,
}

pub(crate) struct NamedType {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    pub(crate) is_public: bool,
}

impl Items {
    pub(crate) fn of_published_crates() -> Self {
        let mut items = Self::default();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let published = PUBLISHED.map(|folder| root.join(folder));
        for path in files("rs") {
            let is_published = published.iter().any(|folder| path.starts_with(folder));
            if is_published && !is_test(&path) {
                let text = fs::read_to_string(&path).expect("a text");
                let file = syn::parse_file(&text).expect("Rust");
                let path = shown(&path).to_string().into();
                let mut reader = ItemReader { path, items };
                reader.visit_file(&file);
                items = reader.items;
            }
        }
        for item in &mut items.public {
            if item.kind == ItemKind::Thing && items.errors.contains(&item.name) {
                item.kind = ItemKind::Error;
            }
        }
        items
    }

    pub(crate) fn error_texts(&self) -> impl Iterator<Item = &ErrorText> {
        let displayed = self.displayed.iter();
        let of_errors = displayed.filter(|(name, _)| self.errors.contains(name));
        of_errors.map(|(_, text)| text)
    }

    /// Names that several types have. The parallel types of two stores are public both.
    pub(crate) fn repeated_types(&self) -> Vec<String> {
        let mut places: BTreeMap<&str, Vec<&NamedType>> = BTreeMap::new();
        for named in &self.types {
            places.entry(&named.name).or_default().push(named);
        }
        let crate_of = |named: &&NamedType| {
            PUBLISHED
                .into_iter()
                .find(|folder| named.path.starts_with(folder))
        };
        let faults = places.into_iter().filter(|(name, places)| {
            let mut crates: Vec<_> = places.iter().map(crate_of).collect();
            crates.sort_unstable();
            crates.dedup();
            let are_parallel =
                places.iter().all(|named| named.is_public) && crates.len() == places.len();
            places.len() > 1 && !are_parallel && !NAMES_OF_EACH_SERVICE.contains(name)
        });
        let shown = |(name, places): (&str, Vec<&NamedType>)| {
            let places = places.iter().map(|named| named.path.display().to_string());
            format!("{name}: {}", places.collect::<Vec<_>>().join(", "))
        };
        faults.map(shown).collect()
    }
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| {
        let part = part.as_os_str();
        part == "tests" || part == "tests.rs" || part == "test_support"
    })
}
