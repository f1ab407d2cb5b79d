//! The items of one file, read from its syntax.

use std::path::PathBuf;

use syn::{
    Attribute, Expr, ImplItem, Lit, Meta, TraitItem, Type, Visibility,
    visit::{self, Visit},
};

use crate::{
    error_texts::ErrorText,
    items::{Items, NamedType},
    summary::{ItemKind, PublicItem},
};

pub(crate) struct ItemReader {
    pub(crate) path: PathBuf,
    pub(crate) items: Items,
}

impl ItemReader {
    fn add(&mut self, name: String, kind: ItemKind, visibility: &Visibility, docs: &[Attribute]) {
        if matches!(visibility, Visibility::Public(_)) {
            self.add_public(name, kind, docs);
        }
    }

    fn add_public(&mut self, name: String, kind: ItemKind, attributes: &[Attribute]) {
        self.items.public.push(PublicItem {
            path: self.path.clone(),
            name,
            kind,
            documentation: documentation(attributes),
        });
    }

    fn add_type(&mut self, name: &syn::Ident, visibility: &Visibility, attributes: &[Attribute]) {
        self.items.types.push(NamedType {
            path: self.path.clone(),
            name: name.to_string(),
            is_public: matches!(visibility, Visibility::Public(_)),
        });
        self.add(name.to_string(), ItemKind::Thing, visibility, attributes);
        // `pin_project` makes one more type, which `#[project = Name]` names.
        for attribute in attributes {
            if let Meta::NameValue(pair) = &attribute.meta
                && pair.path.is_ident("project")
                && let Expr::Path(projection) = &pair.value
                && let Some(name) = projection.path.get_ident()
            {
                self.add_type(name, &Visibility::Inherited, &[]);
            }
        }
    }

    fn add_displayed(&mut self, subject: &str, item: &syn::ItemImpl) {
        let texts = ErrorText::written_by(item, &self.path).into_iter();
        let displayed = texts.map(|text| (subject.to_owned(), text));
        self.items.displayed.extend(displayed);
    }
}

impl<'ast> Visit<'ast> for ItemReader {
    /// The comment at the head of a file documents its module.
    fn visit_file(&mut self, file: &'ast syn::File) {
        if !documentation(&file.attrs).is_empty() {
            self.add_public("the module".to_owned(), ItemKind::Thing, &file.attrs);
        }
        visit::visit_file(self, file);
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        if item.mac.path.is_ident("pin_project") {
            let items: syn::File = item.mac.parse_body().expect("items");
            self.visit_file(&items);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        // The docs of `mod name;` are those of its file.
        if item.content.is_some() {
            self.add(
                item.ident.to_string(),
                ItemKind::Thing,
                &item.vis,
                &item.attrs,
            );
        }
        visit::visit_item_mod(self, item);
    }

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
        for member in &item.items {
            let (name, kind, attributes) = match member {
                TraitItem::Fn(item) => (&item.sig.ident, ItemKind::of(&item.sig), &item.attrs),
                TraitItem::Const(item) => (&item.ident, ItemKind::Thing, &item.attrs),
                TraitItem::Type(item) => (&item.ident, ItemKind::Thing, &item.attrs),
                _ => continue,
            };
            self.add(
                format!("{}::{name}", item.ident),
                kind,
                &item.vis,
                attributes,
            );
        }
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.add_type(&item.ident, &item.vis, &item.attrs);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        let name = item.ident.to_string();
        self.add(name, ItemKind::Thing, &item.vis, &item.attrs);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let name = item.sig.ident.to_string();
        self.add(name, ItemKind::of(&item.sig), &item.vis, &item.attrs);
        visit::visit_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let implemented = item
            .trait_
            .as_ref()
            .and_then(|(_, path, _)| path.segments.last())
            .map(|segment| segment.ident.to_string());
        let subject = type_name(&item.self_ty);
        match implemented.as_deref() {
            Some("Display") => self.add_displayed(&subject, item),
            Some("Error") => {
                self.items.errors.insert(subject);
            }
            Some(_) => {}
            None => {
                for member in &item.items {
                    self.member(&subject, member);
                }
            }
        }
        visit::visit_item_impl(self, item);
    }
}

impl ItemReader {
    fn member(&mut self, subject: &str, member: &ImplItem) {
        let (name, kind, visibility, attributes) = match member {
            ImplItem::Fn(item) => {
                let kind = ItemKind::of(&item.sig);
                (&item.sig.ident, kind, &item.vis, &item.attrs)
            }
            ImplItem::Const(item) => (&item.ident, ItemKind::Thing, &item.vis, &item.attrs),
            _ => return,
        };
        self.add(format!("{subject}::{name}"), kind, visibility, attributes);
    }
}

pub(crate) fn type_name(named: &Type) -> String {
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
