//! The summary lines of public items.

use std::path::PathBuf;

use syn::{FnArg, ReturnType, Signature};

use crate::reader::type_name;

pub(crate) struct PublicItem {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    pub(crate) kind: ItemKind,
    pub(crate) documentation: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemKind {
    Function,
    /// A function that takes `self` by value. If it sets something, it states the default.
    Setter,
    Predicate,
    Error,
    /// A type, a trait, a field, a variant, a constant or a module.
    Thing,
}

impl ItemKind {
    /// Returns the kind of a function, by its signature.
    pub(crate) fn of(signature: &Signature) -> Self {
        let returns_bool = matches!(
            &signature.output,
            ReturnType::Type(_, returned) if type_name(returned) == "bool"
        );
        let takes_self_by_value = matches!(
            signature.inputs.first(),
            Some(FnArg::Receiver(receiver)) if receiver.reference.is_none()
        );
        match (returns_bool, takes_self_by_value) {
            (true, _) => Self::Predicate,
            (false, true) => Self::Setter,
            (false, false) => Self::Function,
        }
    }
}

impl PublicItem {
    /// Returns the fault of the summary line, if it has one.
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
            ItemKind::Function | ItemKind::Setter if !is_verb(first) => {
                Some("is a function: a verb in the third person")
            }
            ItemKind::Setter if first == "Sets" && !self.documentation.contains("efault") => {
                Some("is a setter: the default is missing")
            }
            ItemKind::Error if !summary.starts_with("An error ") => {
                Some("is an error: \"An error returned by ..\"")
            }
            ItemKind::Thing if opens_clause(first) => Some("is a thing: a noun phrase"),
            _ => None,
        }
    }
}

/// "Returns", "Sets" and so on; "Its" and "This" are no verbs.
fn is_verb(word: &str) -> bool {
    const OTHERS: [&str; 7] = ["This", "Its", "Is", "Has", "Was", "Does", "As"];
    word.starts_with(|first: char| first.is_ascii_uppercase())
        && word.chars().all(|letter| letter.is_ascii_alphabetic())
        && word.ends_with('s')
        && !OTHERS.contains(&word)
}

fn opens_clause(word: &str) -> bool {
    const CLAUSES: [&str; 15] = [
        "What", "Whether", "Who", "Where", "How", "Why", "Which", "If", "When", "Is", "Are", "It",
        "Returns", "Sets", "Gets",
    ];
    CLAUSES.contains(&word)
}
