//! The texts of errors.

use std::path::{Path, PathBuf};

use syn::visit::Visit;

pub(crate) struct ErrorText {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl ErrorText {
    /// Returns the texts that an implementation of `Display` writes.
    pub(crate) fn written_by(display: &syn::ItemImpl, path: &Path) -> Vec<Self> {
        let mut reader = TextReader::default();
        reader.visit_item_impl(display);
        let texts = reader.texts.into_iter();
        let path = path.to_owned();
        texts
            .map(|text| Self {
                path: path.clone(),
                text,
            })
            .collect()
    }

    /// Returns `true` if the text is lower case and has no full stop.
    pub(crate) fn is_plain(&self) -> bool {
        let opens_upper = self.text.starts_with(char::is_uppercase);
        // Names keep their capitals: "If-Match", "PostgreSQL", "SQL".
        let first_word = self.text.split(' ').next().unwrap_or_default();
        let is_name = first_word.chars().skip(1).any(char::is_uppercase);
        let has_full_stop = self.text.ends_with('.') && !self.text.ends_with("..");
        (!opens_upper || is_name) && !has_full_stop
    }
}

#[derive(Default)]
struct TextReader {
    texts: Vec<String>,
}

impl<'ast> Visit<'ast> for TextReader {
    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.texts.push(text.value());
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        // The first text of `write!(f, "..", ..)`.
        let tokens = called.tokens.clone().into_iter();
        let text =
            tokens.filter_map(|token| syn::parse_str::<syn::LitStr>(&token.to_string()).ok());
        self.texts.extend(text.take(1).map(|text| text.value()));
    }
}
