//! The one way in which anything is printed.

use std::fmt::Display;

/// A Markdown table: text to the left in the first column, figures to the right in the others.
pub fn print(title: &str, columns: &[impl Display], rows: &[Vec<String>]) {
    println!("\n**{title}**\n");
    let heads: Vec<String> = columns.iter().map(ToString::to_string).collect();
    println!("| {} |", heads.join(" | "));
    println!("|---|{}", "---:|".repeat(heads.len().saturating_sub(1)));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
}

/// A cell without a figure.
pub fn none() -> String {
    "-".into()
}
