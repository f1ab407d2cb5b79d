//! The public items, the types and the error texts of the published crates.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Attribute, Expr, ImplItemFn, ItemFn, Lit, Meta, ReturnType, Signature, Type, Visibility,
    visit::{self, Visit},
};

use crate::{files, shown};

/// The parts of the published crates. Public types of two parts may share a name, such as
/// the `Schema` of each database.
const PUBLISHED: [&str; 6] = [
    "src",
    "stores/sql/src/postgres",
    "stores/sql/src/sqlite",
    "stores/sql/src",
    "stores/postgres/src",
    "stores/sqlite/src",
];

/// Tower's name for the future of a service, which every service has.
const NAMES_OF_EACH_SERVICE: [&str; 1] = ["ResponseFuture"];

#[derive(Default)]
pub(crate) struct Items {
    pub(crate) public: Vec<PublicItem>,
    pub(crate) types: Vec<NamedType>,
    pub(crate) error_texts: Vec<ErrorText>,
}

pub(crate) struct PublicItem {
    path: PathBuf,
    name: String,
    kind: ItemKind,
    documentation: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ItemKind {
    Function,
    Setter,
    Predicate,
    Error,
    /// A type, a trait, a constant, a module or a variant.
    Thing,
}

pub(crate) struct NamedType {
    path: PathBuf,
    name: String,
    is_public: bool,
}

pub(crate) struct ErrorText {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
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
                let mut reader = ItemReader { path, items };
                reader.visit_file(&file);
                items = reader.items;
            }
        }
        items
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

impl PublicItem {
    /// The fault of a summary line, if it has one.
    pub(crate) fn fault(&self) -> Option<String> {
        let lines = self.documentation.lines().map(str::trim);
        let summary = lines.skip_while(|line| line.is_empty());
        let summary: Vec<&str> = summary.take_while(|line| !line.is_empty()).collect();
        let summary = summary.join(" ");
        let reason = self.reason(&summary)?;
        let Self { name, path, .. } = self;
        Some(format!(
            "{}: {name}: {summary}\n    {reason}",
            path.display()
        ))
    }

    fn reason(&self, summary: &str) -> Option<&'static str> {
        let first = summary.split([' ', ',', ':']).next().unwrap_or_default();
        // "Returns", "Sets" and so on; "Its" and "This" are no verbs.
        let is_verb = first.starts_with(|first: char| first.is_ascii_uppercase())
            && first.chars().all(|letter| letter.is_ascii_alphabetic())
            && first.ends_with('s')
            && !matches!(first, "This" | "Its" | "Is" | "Has" | "Was" | "Does" | "As");
        if summary.is_empty() {
            return Some("has no summary line");
        }
        if !summary.ends_with(['.', ':', '`', '!']) {
            return Some("has no full stop");
        }
        match self.kind {
            ItemKind::Predicate if !summary.starts_with("Returns `true` if ") => {
                Some("is a predicate: \"Returns `true` if ..\"")
            }
            ItemKind::Function | ItemKind::Setter if !is_verb => {
                Some("is a function: a verb in the third person")
            }
            ItemKind::Setter if first == "Sets" && !self.documentation.contains("efault") => {
                Some("is a setter: the default is missing")
            }
            ItemKind::Error if !summary.starts_with("An error ") => {
                Some("is an error: \"An error returned by ..\"")
            }
            ItemKind::Thing if is_clause(first) => Some("is a thing: a noun phrase"),
            _ => None,
        }
    }
}

fn is_clause(word: &str) -> bool {
    let clauses = [
        "What", "Whether", "Who", "Where", "How", "Why", "Which", "If", "When", "Is", "Are", "It",
        "Returns", "Sets", "Gets",
    ];
    clauses.contains(&word)
}

struct ItemReader {
    path: PathBuf,
    items: Items,
}

impl ItemReader {
    fn add(&mut self, name: String, kind: ItemKind, visibility: &Visibility, docs: &[Attribute]) {
        if matches!(visibility, Visibility::Public(_)) {
            self.add_public(name, kind, docs);
        }
    }

    fn add_public(&mut self, name: String, kind: ItemKind, attributes: &[Attribute]) {
        let documentation = documentation(attributes);
        self.items.public.push(PublicItem {
            path: self.path(),
            name,
            kind,
            documentation,
        });
    }

    fn add_type(&mut self, name: &syn::Ident, visibility: &Visibility, attributes: &[Attribute]) {
        let name = name.to_string();
        // `OnSourceError` is a setting, and no error.
        let is_error =
            (name.ends_with("Error") && !name.starts_with("On")) || name.starts_with("Invalid");
        let kind = if is_error {
            ItemKind::Error
        } else {
            ItemKind::Thing
        };
        self.items.types.push(NamedType {
            path: self.path(),
            name: name.clone(),
            is_public: matches!(visibility, Visibility::Public(_)),
        });
        self.add(name, kind, visibility, attributes);
    }

    fn path(&self) -> PathBuf {
        shown(&self.path).to_string().into()
    }
}

impl<'ast> Visit<'ast> for ItemReader {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.add_type(&item.ident, &item.vis, &item.attrs);
        for field in &item.fields {
            if let Some(ident) = &field.ident {
                let name = format!("{}.{ident}", item.ident);
                self.add(name, ItemKind::Thing, &field.vis, &field.attrs);
            }
        }
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.add_type(&item.ident, &item.vis, &item.attrs);
        if matches!(item.vis, Visibility::Public(_)) {
            for variant in &item.variants {
                let name = format!("{}::{}", item.ident, variant.ident);
                self.add_public(name, ItemKind::Thing, &variant.attrs);
            }
        }
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.add_type(&item.ident, &item.vis, &item.attrs);
        if matches!(item.vis, Visibility::Public(_)) {
            for member in &item.items {
                if let syn::TraitItem::Fn(function) = member {
                    let name = format!("{}::{}", item.ident, function.sig.ident);
                    let kind = kind_of(&function.sig);
                    self.add_public(name, kind, &function.attrs);
                }
            }
        }
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.add_type(&item.ident, &item.vis, &item.attrs);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        let name = item.ident.to_string();
        self.add(name, ItemKind::Thing, &item.vis, &item.attrs);
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        let name = item.sig.ident.to_string();
        self.add(name, kind_of(&item.sig), &item.vis, &item.attrs);
        visit::visit_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let implemented = item
            .trait_
            .as_ref()
            .and_then(|(_, path, _)| path.segments.last());
        let subject = type_name(&item.self_ty);
        if implemented.is_some_and(|implemented| implemented.ident == "Display") {
            let mut texts = ErrorTexts::default();
            texts.visit_item_impl(item);
            let is_error = subject.contains("Error") || subject.starts_with("Invalid");
            let path = self.path();
            let texts = texts.found.into_iter().filter(|_| is_error);
            let texts = texts.map(|text| ErrorText {
                path: path.clone(),
                text,
            });
            self.items.error_texts.extend(texts);
        }
        if implemented.is_none() {
            for member in &item.items {
                if let syn::ImplItem::Fn(function) = member {
                    self.method(&subject, function);
                }
            }
        }
        visit::visit_item_impl(self, item);
    }
}

impl ItemReader {
    fn method(&mut self, subject: &str, function: &ImplItemFn) {
        let name = format!("{subject}::{}", function.sig.ident);
        self.add(name, kind_of(&function.sig), &function.vis, &function.attrs);
    }
}

/// The kind of a function, by its signature.
fn kind_of(signature: &Signature) -> ItemKind {
    let returned = match &signature.output {
        ReturnType::Type(_, returned) => type_name(returned),
        ReturnType::Default => String::new(),
    };
    let takes_self_by_value = matches!(
        signature.inputs.first(),
        Some(syn::FnArg::Receiver(receiver)) if receiver.reference.is_none()
    );
    match returned.as_str() {
        "bool" => ItemKind::Predicate,
        "Self" if takes_self_by_value => ItemKind::Setter,
        _ => ItemKind::Function,
    }
}

fn type_name(named: &Type) -> String {
    match named {
        Type::Path(path) => match path.path.segments.last() {
            Some(segment) => segment.ident.to_string(),
            None => String::new(),
        },
        _ => String::new(),
    }
}

fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        let Expr::Lit(value) = &pair.value else {
            return None;
        };
        let Lit::Str(line) = &value.lit else {
            return None;
        };
        pair.path.is_ident("doc").then(|| line.value())
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The texts that an implementation of `Display` writes.
#[derive(Default)]
struct ErrorTexts {
    found: Vec<String>,
}

impl<'ast> Visit<'ast> for ErrorTexts {
    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.found.push(text.value());
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        // The first text of `write!(f, "..", ..)`.
        let tokens = called.tokens.clone().into_iter();
        let text =
            tokens.filter_map(|token| syn::parse_str::<syn::LitStr>(&token.to_string()).ok());
        self.found.extend(text.take(1).map(|text| text.value()));
    }
}
