//! The model card: what a model was trained on and how well it did, written by the training itself.

use std::fmt::Write;
use std::path::Path;

use super::error::ModelError;
use crate::durable;

/// A card is a title and sections of text and tables, in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub struct Card {
    text: String,
}

impl Card {
    /// Starts a card.
    pub fn new(title: &str) -> Card {
        Card { text: format!("# {title}\n") }
    }

    /// Adds a heading.
    pub fn section(&mut self, heading: &str) -> &mut Card {
        let _ = write!(self.text, "\n## {heading}\n\n");
        self
    }

    /// Adds a paragraph.
    pub fn paragraph(&mut self, text: &str) -> &mut Card {
        let _ = writeln!(self.text, "{text}\n");
        self
    }

    /// Adds a table; every row has as many cells as `header`.
    pub fn table(&mut self, header: &[&str], rows: &[Vec<String>]) -> &mut Card {
        let _ = writeln!(self.text, "| {} |", header.join(" | "));
        let _ = writeln!(self.text, "|{}", "---|".repeat(header.len()));
        for row in rows {
            let _ = writeln!(self.text, "| {} |", row.join(" | "));
        }
        self.text.push('\n');
        self
    }

    /// Adds a block of code or configuration.
    pub fn block(&mut self, language: &str, text: &str) -> &mut Card {
        let _ = write!(self.text, "```{language}\n{}\n```\n\n", text.trim_end());
        self
    }

    /// The card as Markdown.
    pub fn markdown(&self) -> &str {
        &self.text
    }
}

/// Writes a card beside its model.
///
/// # Errors
/// [`ModelError::Io`] where the disk refuses.
pub fn write_card(path: &Path, card: &Card) -> Result<(), ModelError> {
    durable::replace_file(path, |file| std::io::Write::write_all(file, card.markdown().as_bytes()))
        .map_err(|source: std::io::Error| ModelError::Io { doing: "write", path: path.to_path_buf(), source })
}
