//! The tables of all programs.

use std::fmt::Display;

/// Prints a Markdown table, with text to the left in the first column and figures to the right in
/// the others.
pub fn print(title: &str, columns: &[impl Display], rows: &[Vec<String>]) {
    println!("\n**{title}**\n");
    let heads: Vec<String> = columns.iter().map(ToString::to_string).collect();
    println!("| {} |", heads.join(" | "));
    println!("|---|{}", "---:|".repeat(heads.len().saturating_sub(1)));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
}

/// Returns a cell without a figure.
pub fn none() -> String {
    "-".into()
}
