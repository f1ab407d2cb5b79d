//! The sources of the library, and the names that each file takes from others.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Attribute, ItemMod, ItemUse, UseTree, Visibility,
    visit::{self, Visit},
};

/// A path from the root of the crate, as segments.
pub(crate) type ModulePath = Vec<String>;

/// The files below `src` without tests, by module.
pub(crate) struct Sources {
    pub(crate) files: BTreeMap<ModulePath, Source>,
    /// The names that stand for others, by `pub use`.
    exports: BTreeMap<ModulePath, ModulePath>,
}

pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    uses: Vec<ModulePath>,
}

impl Sources {
    pub(crate) fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut paths = Vec::new();
        collect(&root, &mut paths);
        assert!(paths.len() > 20, "the sources were not found");
        let mut sources = Self {
            files: BTreeMap::new(),
            exports: BTreeMap::new(),
        };
        for path in paths {
            let module = module_of(path.strip_prefix(&root).expect("below the root"));
            let text = fs::read_to_string(&path).expect("a text");
            let file = syn::parse_file(&text).expect("Rust");
            let mut reader = UseReader::new(module.clone());
            reader.visit_file(&file);
            sources.exports.extend(reader.exports);
            let uses = reader.uses;
            sources.files.insert(module, Source { path, text, uses });
        }
        sources
    }

    /// Returns the modules that define the names which a module takes from others.
    pub(crate) fn used_by(&self, module: &ModulePath) -> BTreeSet<ModulePath> {
        let uses = self.files[module].uses.iter();
        let used = uses.filter_map(|path| self.defining(path.clone()));
        // The root has no code, only modules and exports.
        used.filter(|used| used != module && !used.is_empty())
            .collect()
    }

    /// Returns the module that defines the name at the end of a path, or `None` for other crates.
    fn defining(&self, path: ModulePath) -> Option<ModulePath> {
        let path = self.resolved(path);
        let module = (1..=path.len()).rev().map(|length| &path[..length]);
        let mut module = module.filter(|module| self.files.contains_key(*module));
        module.next().map(<[String]>::to_vec)
    }

    /// Follows exports to the definition of a name.
    pub(crate) fn resolved(&self, mut path: ModulePath) -> ModulePath {
        let export = |path: &ModulePath| {
            (1..=path.len()).rev().find_map(|length| {
                let target = self.exports.get(&path[..length])?;
                // The root exports the function `stack` and has the module `stack`.
                (!target.starts_with(&path[..length])).then_some((length, target))
            })
        };
        while let Some((length, target)) = export(&path) {
            path.splice(..length, target.iter().cloned());
        }
        path
    }

    /// Returns the modules that use each other in a circle, each with the modules of its circle
    /// that it uses.
    pub(crate) fn circles(&self) -> Vec<String> {
        let mut left: BTreeMap<_, _> = self
            .files
            .keys()
            .map(|module| (module.clone(), self.used_by(module)))
            .collect();
        // A module is in no circle if it uses no remaining module, or no remaining module uses it.
        loop {
            let used: BTreeSet<_> = left.values().flatten().cloned().collect();
            let modules: BTreeSet<_> = left.keys().cloned().collect();
            let before = left.len();
            left.retain(|module, uses| used.contains(module) && !uses.is_disjoint(&modules));
            if left.len() == before {
                break;
            }
        }
        let modules: BTreeSet<_> = left.keys().cloned().collect();
        left.iter()
            .map(|(module, uses)| {
                let uses: Vec<_> = uses
                    .intersection(&modules)
                    .map(|used| used.join("::"))
                    .collect();
                format!("{} -> {}", module.join("::"), uses.join(", "))
            })
            .collect()
    }
}

/// Returns the names that a `use` exports, each with its path.
pub(crate) fn exports(module: &ModulePath, item: &ItemUse) -> Vec<(ModulePath, ModulePath)> {
    let mut reader = UseReader::new(module.clone());
    reader.visit_item_use(item);
    assert!(reader.uses.is_empty(), "an export of `*` in {module:?}");
    reader.exports
}

pub(crate) fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        if matches!(name, Some("tests" | "proptests" | "test_support")) {
            continue;
        }
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn module_of(file: &Path) -> ModulePath {
    let file = file.with_extension("");
    let names = file.iter().map(|name| name.to_string_lossy().into_owned());
    let mut module: ModulePath = names.collect();
    module.pop_if(|last| matches!(last.as_str(), "mod" | "lib"));
    module
}

struct UseReader {
    module: ModulePath,
    uses: Vec<ModulePath>,
    exports: Vec<(ModulePath, ModulePath)>,
}

impl UseReader {
    fn new(module: ModulePath) -> Self {
        Self {
            module,
            uses: Vec::new(),
            exports: Vec::new(),
        }
    }

    /// Returns the path from the root of the crate, or `None` if the path does not begin there.
    fn absolute(&self, mut path: ModulePath) -> Option<ModulePath> {
        let mut base = self.module.clone();
        match path.first()?.as_str() {
            "crate" => base.clear(),
            "self" => {}
            "super" => {
                base.pop();
                while path.get(1).is_some_and(|next| next == "super") {
                    path.remove(0);
                    base.pop();
                }
            }
            _ => return None,
        }
        path.remove(0);
        base.extend(path);
        Some(base)
    }

    fn tree(&mut self, before: &ModulePath, tree: &UseTree, is_export: bool) {
        let with = |name: String| before.iter().cloned().chain([name]).collect::<ModulePath>();
        match tree {
            UseTree::Path(path) => self.tree(&with(path.ident.to_string()), &path.tree, is_export),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(before, tree, is_export);
                }
            }
            UseTree::Name(name) if name.ident == "self" => {
                self.leaf(before.clone(), before.last().cloned(), is_export);
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                self.leaf(with(name.clone()), Some(name), is_export);
            }
            UseTree::Rename(rename) => {
                let name = rename.rename.to_string();
                self.leaf(with(rename.ident.to_string()), Some(name), is_export);
            }
            UseTree::Glob(_) => self.leaf(before.clone(), None, is_export),
        }
    }

    fn leaf(&mut self, path: ModulePath, name: Option<String>, is_export: bool) {
        let Some(target) = self.absolute(path.clone()).or_else(|| {
            // A module exports the names of its submodules without `self`.
            let own = self.module.iter().cloned().chain(path);
            is_export.then(|| own.collect())
        }) else {
            return;
        };
        if is_export && let Some(name) = name {
            let own = self.module.iter().cloned().chain([name]);
            self.exports.push((own.collect(), target));
        } else {
            self.uses.push(target);
        }
    }
}

/// Returns `true` if only tests or fuzz targets see the item.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let nested = attribute.parse_args::<syn::Path>();
        let is_for_tests = |path: syn::Path| path.is_ident("test") || path.is_ident("fuzzing");
        attribute.path().is_ident("cfg") && nested.is_ok_and(is_for_tests)
    })
}

impl<'a> Visit<'a> for UseReader {
    /// `pub(super)` uses nothing.
    fn visit_visibility(&mut self, _: &'a Visibility) {}

    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        if is_for_tests(&item.attrs) {
            return;
        }
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        let is_export = !matches!(item.vis, Visibility::Inherited);
        self.tree(&Vec::new(), &item.tree, is_export);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let segments = path.segments.iter();
        let names = segments.map(|segment| segment.ident.to_string()).collect();
        self.uses.extend(self.absolute(names));
        visit::visit_path(self, path);
    }
}
