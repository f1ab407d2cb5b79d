//! The public surface: few types, each with one name and one module.

use std::collections::{BTreeMap, BTreeSet};

use syn::{Item, Visibility};

use crate::sources::{ModulePath, Sources, exports, is_for_tests};

/// The largest number of public types and free functions.
const MAX_PUBLIC_ITEMS: usize = 210;

/// The name of the future of every layer, as in `tower`.
const FUTURE: &str = "ResponseFuture";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Type,
    Function,
    Trait,
    /// A constant or another name of a type.
    Other,
}

/// The definitions and exports of a module.
#[derive(Default)]
struct Contents {
    defined: BTreeMap<String, Kind>,
    /// The names of public definitions.
    public: Vec<String>,
    /// The public modules in it.
    modules: Vec<ModulePath>,
    /// The names that others define, each with its path.
    exports: Vec<(ModulePath, ModulePath)>,
    calls_macros: bool,
}

/// The items that users can name.
struct Surface {
    modules: BTreeMap<ModulePath, Contents>,
    /// The paths that users write, by the path of the definition.
    exported: BTreeMap<ModulePath, BTreeSet<ModulePath>>,
}

impl Surface {
    fn read() -> Self {
        let sources = Sources::read();
        let mut modules = BTreeMap::new();
        for (module, source) in &sources.files {
            let file = syn::parse_file(&source.text).expect("Rust");
            collect(module, &file.items, &mut modules);
        }
        let mut exported = BTreeMap::<_, BTreeSet<_>>::new();
        let mut reachable = vec![ModulePath::new()];
        while let Some(module) = reachable.pop() {
            let contents = &modules[&module];
            reachable.extend(contents.modules.iter().cloned());
            for name in &contents.public {
                let path = child(&module, name);
                exported.entry(path.clone()).or_default().insert(path);
            }
            for (public, target) in &contents.exports {
                let target = sources.resolved(target.clone());
                exported.entry(target).or_default().insert(public.clone());
            }
        }
        Self { modules, exported }
    }

    fn kind(&self, definition: &ModulePath) -> Kind {
        let (name, module) = definition.split_last().expect("a name");
        let contents = self.modules.get(module);
        let contents = contents.unwrap_or_else(|| panic!("{definition:?} is not in this crate"));
        match contents.defined.get(name) {
            Some(kind) => *kind,
            // A macro of this crate makes the type.
            None if contents.calls_macros => Kind::Type,
            None => panic!("{definition:?} is not defined there"),
        }
    }

    fn definitions(&self, kinds: &[Kind]) -> Vec<&ModulePath> {
        let all = self.exported.keys();
        all.filter(|definition| kinds.contains(&self.kind(definition)))
            .filter(|definition| definition.last().is_some_and(|name| name != FUTURE))
            .collect()
    }

    /// Returns the module of a definition for users, besides the root.
    fn room(&self, definition: &ModulePath) -> String {
        let places = self.exported[definition].iter();
        let place = places.max_by_key(|place| place.len()).expect("a place");
        place[..place.len() - 1].join("::")
    }
}

/// Adds a module and those in it. Items in the call of a macro count too.
fn collect(module: &ModulePath, items: &[Item], modules: &mut BTreeMap<ModulePath, Contents>) {
    for item in items {
        if let Item::Mod(inner) = item
            && let Some((_, items)) = &inner.content
            && !is_for_tests(&inner.attrs)
        {
            collect(&child(module, &inner.ident), items, modules);
        }
        let contents = modules.entry(module.clone()).or_default();
        let is_public = is_public(item);
        match item {
            Item::Mod(inner) if is_public => contents.modules.push(child(module, &inner.ident)),
            Item::Use(item) if is_public => contents.exports.extend(exports(module, item)),
            Item::Macro(call) => {
                contents.calls_macros = true;
                if let Ok(file) = syn::parse2::<syn::File>(call.mac.tokens.clone()) {
                    collect(module, &file.items, modules);
                }
            }
            _ => {
                if let Some((name, kind)) = named(item) {
                    if is_public {
                        contents.public.push(name.clone());
                    }
                    contents.defined.insert(name, kind);
                }
            }
        }
    }
}

fn child(module: &ModulePath, name: &impl ToString) -> ModulePath {
    let names = module.iter().cloned();
    names.chain([name.to_string()]).collect()
}

fn is_public(item: &Item) -> bool {
    let (visibility, attributes) = match item {
        Item::Const(item) => (&item.vis, &item.attrs),
        Item::Enum(item) => (&item.vis, &item.attrs),
        Item::Fn(item) => (&item.vis, &item.attrs),
        Item::Mod(item) => (&item.vis, &item.attrs),
        Item::Static(item) => (&item.vis, &item.attrs),
        Item::Struct(item) => (&item.vis, &item.attrs),
        Item::Trait(item) => (&item.vis, &item.attrs),
        Item::Type(item) => (&item.vis, &item.attrs),
        Item::Union(item) => (&item.vis, &item.attrs),
        Item::Use(item) => (&item.vis, &item.attrs),
        _ => return false,
    };
    matches!(visibility, Visibility::Public(_)) && !is_for_tests(attributes)
}

fn named(item: &Item) -> Option<(String, Kind)> {
    let (name, kind) = match item {
        Item::Const(item) => (&item.ident, Kind::Other),
        Item::Enum(item) => (&item.ident, Kind::Type),
        Item::Fn(item) => (&item.sig.ident, Kind::Function),
        Item::Static(item) => (&item.ident, Kind::Other),
        Item::Struct(item) => (&item.ident, Kind::Type),
        Item::Trait(item) => (&item.ident, Kind::Trait),
        Item::Type(item) => (&item.ident, Kind::Other),
        Item::Union(item) => (&item.ident, Kind::Type),
        _ => return None,
    };
    Some((name.to_string(), kind))
}

#[test]
fn public_types_and_functions_are_few() {
    let surface = Surface::read();
    let counted = surface.definitions(&[Kind::Type, Kind::Function]);
    let mut rooms: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for definition in &counted {
        let name = definition.last().expect("a name");
        let room = rooms.entry(surface.room(definition)).or_default();
        room.push(name.as_str());
    }
    let table = rooms.iter().map(|(room, names)| {
        let room = if room.is_empty() { "the root" } else { room };
        format!("{room}: {} ({})\n", names.len(), names.join(", "))
    });
    let table: String = table.collect();
    assert!(counted.len() > 50, "the surface was not found");
    assert!(
        counted.len() <= MAX_PUBLIC_ITEMS,
        "{table}{} of {MAX_PUBLIC_ITEMS}",
        counted.len()
    );
}

#[test]
fn a_public_name_stands_for_one_thing() {
    let surface = Surface::read();
    let mut names: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for definition in surface.definitions(&[Kind::Type, Kind::Trait]) {
        let same = names.entry(definition.last()).or_default();
        same.push(definition.join("::"));
    }
    names.retain(|_, same| same.len() > 1);
    assert!(names.is_empty(), "{names:#?}");
}

/// The root may repeat the exports of a module. No other module may.
#[test]
fn nothing_is_exported_twice() {
    let mut surface = Surface::read();
    for places in surface.exported.values_mut() {
        places.retain(|place| place.len() > 1);
    }
    surface.exported.retain(|_, places| places.len() > 1);
    assert!(surface.exported.is_empty(), "{:#?}", surface.exported);
}
