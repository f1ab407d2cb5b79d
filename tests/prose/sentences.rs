//! The sentences of comments and of Markdown files.

use std::{fmt, fs, path::PathBuf};

use crate::{files, shown};

pub(crate) struct Sentence {
    path: PathBuf,
    line: usize,
    text: String,
    /// The first of its item, in documentation.
    is_summary: bool,
}

impl Sentence {
    /// Every sentence of the repository, of prose and not of code.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let rust = files("rs").into_iter().map(|path| (path, Syntax::Rust));
        let markdown = files("md").into_iter().map(|path| (path, Syntax::Markdown));
        rust.chain(markdown).flat_map(|(path, syntax)| {
            let text = fs::read_to_string(&path).expect("a text");
            paragraphs(&text, syntax)
                .into_iter()
                .flat_map(move |paragraph| paragraph.sentences(&path))
                .collect::<Vec<_>>()
        })
    }

    /// Words that people read. Code between backticks is one of them.
    pub(crate) fn words(&self) -> usize {
        let code = self.text.split('`').skip(1).step_by(2).count();
        let prose: String = self.text.split('`').step_by(2).collect();
        let is_word = |word: &&str| word.chars().any(char::is_alphanumeric);
        let links = |word: &&str| !word.starts_with("](") && !word.contains("://");
        code + prose
            .split_whitespace()
            .filter(is_word)
            .filter(links)
            .count()
    }

    /// The word that opens a clause which stands in place of a noun.
    pub(crate) fn clause_as_subject(&self) -> Option<&'static str> {
        const CLAUSES: [&str; 4] = ["What", "Whether", "Who", "That which"];
        // In a summary these stand for a noun too; elsewhere they may open a sentence.
        const CLAUSES_OF_SUMMARIES: [&str; 5] = ["Where", "How", "Why", "Which", "That"];
        let text = self.text.trim_start_matches(['*', '_', '(', '[', '"']);
        let opens = |clause: &&str| {
            let rest = text.strip_prefix(*clause);
            rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        };
        // A question is no statement.
        if text.ends_with('?') {
            return None;
        }
        let mut clauses = CLAUSES.into_iter();
        clauses.find(opens).or_else(|| {
            let mut clauses = CLAUSES_OF_SUMMARIES.into_iter();
            clauses.find(|clause| self.is_summary && opens(clause))
        })
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, text, .. } = self;
        write!(f, "{}:{line}: {text}", shown(&self.path))
    }
}

/// The kind of a comment that stands after code, on its line.
const AFTER_CODE: &str = "code //";

#[derive(Clone, Copy)]
enum Syntax {
    Rust,
    Markdown,
}

impl Syntax {
    /// The prose of a line: the kind of the comment, and its text.
    fn prose(self, line: &str) -> Option<(&'static str, &str)> {
        match self {
            // The mark of a quotation is no prose.
            Self::Markdown => Some(("", line.strip_prefix("> ").unwrap_or(line))),
            Self::Rust => {
                let line = line.trim_start();
                let kinds = ["///", "//!", "//"];
                match kinds.into_iter().find(|kind| line.starts_with(kind)) {
                    Some(kind) => Some((kind, line[kind.len()..].trim_start_matches('/'))),
                    None => {
                        let (code, comment) = line.split_once(" // ")?;
                        let is_in_text = code.matches('"').count() % 2 == 1;
                        (!is_in_text).then_some((AFTER_CODE, comment))
                    }
                }
            }
        }
    }
}

struct Paragraph {
    line: usize,
    text: String,
    is_first: bool,
}

impl Paragraph {
    fn sentences(self, path: &std::path::Path) -> Vec<Sentence> {
        let mut sentences = Vec::new();
        let mut rest = self.text.as_str();
        while !rest.is_empty() {
            let end = end_of_sentence(rest);
            sentences.push(Sentence {
                path: path.to_owned(),
                line: self.line,
                text: rest[..end].trim().to_owned(),
                is_summary: self.is_first && sentences.is_empty(),
            });
            rest = rest[end..].trim_start();
        }
        sentences
    }
}

/// The length of the first sentence of a text.
fn end_of_sentence(text: &str) -> usize {
    const ABBREVIATIONS: [&str; 3] = ["e.g.", "i.e.", "cf."];
    let ends = text.match_indices(['.', '?', '!']).find(|(at, _)| {
        let (before, after) = (&text[..=*at], &text[at + 1..]);
        let in_code = before.matches('`').count() % 2 == 1;
        let is_short = ABBREVIATIONS.iter().any(|short| before.ends_with(short));
        let after = after.trim_start_matches(['*', '_', ')', '"']);
        after.starts_with(' ') && !in_code && !is_short
    });
    ends.map_or(text.len(), |(at, _)| at + 1)
}

/// The paragraphs, list items and cells of tables, joined from their lines.
fn paragraphs(text: &str, syntax: Syntax) -> Vec<Paragraph> {
    let mut paragraphs = Paragraphs::default();
    for (index, line) in text.lines().enumerate() {
        match syntax.prose(line) {
            Some((AFTER_CODE, comment)) => {
                paragraphs.interrupt();
                paragraphs.line(index + 1, AFTER_CODE, comment.trim());
                paragraphs.interrupt();
            }
            Some((kind, prose)) => paragraphs.line(index + 1, kind, prose.trim()),
            None => paragraphs.interrupt(),
        }
    }
    paragraphs.end();
    paragraphs.done
}

#[derive(Default)]
struct Paragraphs {
    done: Vec<Paragraph>,
    open: Option<Paragraph>,
    kind: &'static str,
    in_code: bool,
    /// Prose has been seen since the comment began.
    begun: bool,
}

impl Paragraphs {
    fn line(&mut self, line: usize, kind: &'static str, text: &str) {
        if kind != self.kind {
            self.interrupt();
            self.kind = kind;
        }
        if text.starts_with("```") {
            self.end();
            self.in_code = !self.in_code;
            return;
        }
        let is_link = text.starts_with('[') && text.contains("]: ");
        if self.in_code || text.is_empty() || text.starts_with('#') || is_link {
            return self.end();
        }
        if text.starts_with('|') {
            self.end();
            for cell in text
                .split('|')
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
            {
                self.start(line, cell);
                self.end();
            }
            return;
        }
        match list_item(text) {
            Some(item) => {
                self.end();
                self.start(line, item);
            }
            None => match &mut self.open {
                Some(open) => {
                    open.text.push(' ');
                    open.text.push_str(text);
                }
                None => self.start(line, text),
            },
        }
    }

    fn start(&mut self, line: usize, text: &str) {
        let is_doc = matches!(self.kind, "///" | "//!");
        self.open = Some(Paragraph {
            line,
            text: text.to_owned(),
            is_first: is_doc && !self.begun,
        });
        self.begun = true;
    }

    fn end(&mut self) {
        self.done.extend(self.open.take());
    }

    /// Ends the comment.
    fn interrupt(&mut self) {
        self.end();
        self.in_code = false;
        self.begun = false;
        self.kind = "";
    }
}

/// The text after the mark of a list item.
fn list_item(line: &str) -> Option<&str> {
    let digits = line.trim_start_matches(|first: char| first.is_ascii_digit());
    let number = (digits.len() < line.len()).then(|| digits.strip_prefix(". "));
    line.strip_prefix("- ")
        .or_else(|| line.strip_prefix("* "))
        .or(number.flatten())
}
