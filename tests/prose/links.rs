//! The links between the Markdown files of the repository.

use std::{fs, path::PathBuf};

use crate::{files, shown};

pub(crate) struct Link {
    /// The file with the link.
    source: PathBuf,
    target: String,
}

impl Link {
    /// Returns the links that lead to a file or to a heading, not those to other sites.
    pub(crate) fn all() -> Vec<Self> {
        let links = files("md").into_iter().flat_map(|source| {
            let text = fs::read_to_string(&source).expect("a text");
            let prose = without_code(&text);
            let targets = prose.split("](").skip(1);
            let targets = targets.filter_map(|rest| rest.split_once(')'));
            let targets = targets.map(|(target, _)| target.to_owned());
            let links = targets.map(|target| Self {
                source: source.clone(),
                target,
            });
            links.collect::<Vec<_>>()
        });
        links.filter(|link| !link.target.contains("://")).collect()
    }

    /// Returns the fault of the link, if its file or heading does not exist.
    pub(crate) fn fault(&self) -> Option<String> {
        let (path, heading) = self.target.split_once('#').unwrap_or((&self.target, ""));
        let file = match path {
            "" => self.source.clone(),
            path => self.source.parent().expect("a folder").join(path),
        };
        let exists = if heading.is_empty() {
            file.exists()
        } else {
            let text = fs::read_to_string(&file).unwrap_or_default();
            let mut headings = text.lines().filter(|line| line.starts_with('#'));
            headings.any(|line| anchor(line) == heading)
        };
        let Self { source, target } = self;
        (!exists).then(|| format!("{}: {target}", shown(source)))
    }
}

fn without_code(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// Returns the anchor that a heading has on GitHub.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let text = text.replace(' ', "-");
    let is_kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    text.chars().filter(is_kept).collect()
}
