//! The settings with a time or a limit, and the reaction of each to zero.

use std::{collections::BTreeMap, fs, path::Path};

use syn::{
    Attribute, FnArg, ImplItem, Item, Meta, ReturnType, Signature, TraitItem, Type, Visibility,
};

use crate::sources::{collect, is_for_tests};

/// The crates whose settings are read.
const CRATES: &[&str] = &["", "stores/postgres", "stores/redis", "stores/sqlite"];

/// The reaction to zero, as the documentation of the setting describes it.
#[derive(Clone, Copy)]
enum Zero {
    Panics,
    Error,
    /// It means something, or another step refuses it. The documentation has these words.
    Means(&'static str),
}

use Zero::{Error, Means, Panics};

/// A setting that is not in this table has no decision about zero yet.
const SETTINGS: &[(&str, Zero)] = &[
    ("Assets::max_total_bytes", Error),
    ("Audit::max_findings", Panics),
    ("Audit::max_lifetime", Means("With zero")),
    ("Audit::max_targets", Panics),
    ("CacheTagsLayer::purge_timeout", Means("Defaults to zero")),
    ("DigestLayer::max_body_bytes", Panics),
    ("EtagLayer::max_body_bytes", Panics),
    ("IdempotencyLayer::lease", Panics),
    ("IdempotencyLayer::max_request_bytes", Means("With zero")),
    ("IdempotencyLayer::max_response_bytes", Means("With zero")),
    ("IdempotencyLayer::timeout", Panics),
    ("IdempotencyLayer::wait_timeout", Means("Defaults to zero")),
    ("KeyedLock::hold_timeout", Panics),
    ("KeyedLock::max_waiters", Means("With zero")),
    ("KeyedLock::timeout", Means("With zero")),
    ("MemoryIdempotencyStore::max_bytes", Panics),
    ("MemoryValidatorStore::max_bytes", Panics),
    ("ObserveLayer::max_routes", Panics),
    (
        "PreconditionLayer::max_read_ahead_bytes",
        Means("With zero"),
    ),
    ("PurgeLimits::backoff", Error),
    ("PurgeLimits::max_attempts", Error),
    ("PurgeLimits::max_batch", Error),
    ("PurgeLimits::max_concurrency", Error),
    ("PurgeLimits::max_queued", Error),
    ("PurgeLimits::repeat_after", Error),
    ("PurgeLimits::timeout", Error),
    ("RangeLayer::max_gap_bytes", Means("With zero")),
    ("RangeLayer::max_parts", Panics),
    ("Ranges::max_gap_bytes", Means("With zero")),
    ("Ranges::max_parts", Panics),
    ("SelfGet::timeout", Panics),
    ("StateRefLayer::timeout", Panics),
    ("ValidatorCache::store_timeout", Panics),
    ("ValidatorCache::ttl", Panics),
    ("ValidatorCache::write_ttl", Panics),
    ("ValidatorCacheLayer::collapse", Panics),
    ("ValidatorSource::timeout", Panics),
    ("stores/postgres EventLog::timeout", Panics),
    ("stores/postgres PostgresChangeFeed::heartbeat", Panics),
    ("stores/postgres PostgresIdempotencyStore::timeout", Panics),
    ("stores/postgres QuerySource::timeout", Panics),
    ("stores/postgres ScopeState::timeout", Panics),
    ("stores/postgres Target::lock_timeout", Means("at least")),
    ("stores/postgres VersionSource::timeout", Panics),
    (
        "stores/redis RedisValidatorStoreBuilder::max_entry_ttl",
        Means("refuses zero"),
    ),
    (
        "stores/redis RedisValidatorStoreBuilder::max_write_ttl",
        Means("refuses zero"),
    ),
    (
        "stores/sqlite DatabaseOptions::busy_timeout",
        Means("With zero"),
    ),
    (
        "stores/sqlite DatabaseOptions::max_queued_jobs",
        Means("A value of 0 counts as 1"),
    ),
    ("stores/sqlite EventLog::timeout", Panics),
    ("stores/sqlite QuerySource::timeout", Panics),
    ("stores/sqlite ScopeState::timeout", Panics),
    ("stores/sqlite VersionSource::timeout", Panics),
];

/// Returns the documentation of each setting, by its name.
fn settings() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for name in CRATES {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(name).join("src");
        let mut paths = Vec::new();
        collect(&root, &mut paths);
        assert!(!paths.is_empty(), "no sources of {name:?}");
        for path in paths {
            let text = fs::read_to_string(&path).expect("a text");
            let file = syn::parse_file(&text).expect("Rust");
            let items = file.items.iter().flat_map(methods);
            for (owner, signature, attributes) in items {
                if is_setting(signature) {
                    let setting = format!("{name} {owner}::{}", signature.ident);
                    found.insert(setting.trim_start().to_owned(), docs(attributes));
                }
            }
        }
    }
    found
}

/// Returns the public methods of an item, each with the name of its type or trait.
fn methods(item: &Item) -> Vec<(String, &Signature, &[Attribute])> {
    match item {
        Item::Impl(item) if item.trait_.is_none() && !is_for_tests(&item.attrs) => {
            let Some(owner) = last_name(&item.self_ty) else {
                return Vec::new();
            };
            let methods = item.items.iter().filter_map(|item| match item {
                ImplItem::Fn(method) => Some(method),
                _ => None,
            });
            methods
                .filter(|method| matches!(method.vis, Visibility::Public(_)))
                .map(|method| (owner.clone(), &method.sig, &*method.attrs))
                .collect()
        }
        Item::Trait(item) => {
            let methods = item.items.iter().filter_map(|method| match method {
                TraitItem::Fn(method) => Some(method),
                _ => None,
            });
            methods
                .map(|method| (item.ident.to_string(), &method.sig, &*method.attrs))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Returns `true` for a method from `self` and a time or a number to another `Self`. Methods
/// whose name begins with `with_` are those of values, which no setting is.
fn is_setting(signature: &Signature) -> bool {
    let takes_self = signature
        .receiver()
        .is_some_and(|receiver| receiver.reference.is_none());
    let takes_value = signature.inputs.iter().any(|input| match input {
        FnArg::Typed(input) => last_name(&input.ty)
            .is_some_and(|name| matches!(&*name, "Duration" | "usize" | "u32" | "u64")),
        FnArg::Receiver(_) => false,
    });
    let returns_self = matches!(&signature.output, ReturnType::Type(_, output)
        if last_name(output).is_some_and(|name| matches!(&*name, "Self" | "Result" | "Timeout")));
    takes_self && takes_value && returns_self && !signature.ident.to_string().starts_with("with_")
}

fn last_name(of: &Type) -> Option<String> {
    match of {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
                syn::Expr::Lit(text) => match &text.lit {
                    syn::Lit::Str(text) => Some(text.value()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
    lines.collect()
}

#[test]
fn every_setting_documents_zero() {
    let settings = settings();
    let table: BTreeMap<_, _> = SETTINGS.iter().copied().collect();
    let names: Vec<_> = settings.keys().map(String::as_str).collect();
    let decided: Vec<_> = table.keys().copied().collect();
    assert_eq!(names, decided, "a setting without a decision about zero");
    for (name, docs) in &settings {
        let words = match table[&**name] {
            Panics => "# Panics",
            Error => "# Errors",
            Means(words) => words,
        };
        assert!(
            docs.contains(words),
            "{name} does not say {words:?}: {docs}"
        );
    }
}
