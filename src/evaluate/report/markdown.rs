//! A report's page as Markdown.

use super::page::{Block, Page, Table};

/// The page; its figures are files beside it.
pub(super) fn markdown(page: &Page) -> String {
    let mut parts = vec![format!("# {}", escaped(&page.title))];
    parts.extend(page.lead.iter().map(|text| escaped(text)));
    for block in &page.blocks {
        parts.push(match block {
            Block::Heading(text) => format!("## {text}"),
            Block::Paragraph(text) => escaped(text),
            Block::List(items) => lines(items.iter().map(|item| format!("- {}", escaped(item)))),
            Block::Terms(terms) => lines(
                terms.iter().map(|(word, meaning)| format!("- **{}**: {}", escaped(word), escaped(meaning))),
            ),
            Block::Table(table) => format!("**{}**\n\n{}", escaped(&table.caption), rows(table)),
            Block::Figure { title, file, reading, message } => {
                let image =
                    file.map_or_else(String::new, |file| format!("![{}]({file})\n\n", escaped(message)));
                // What is drawn is explained, what is not drawn is only told.
                let reading = file.map_or_else(String::new, |_| format!("{}\n\n", escaped(reading)));
                format!("### {title}\n\n{image}{reading}{}", escaped(message))
            }
            Block::Command(command) => fenced(command),
        });
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

fn rows(table: &Table) -> String {
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let names = table.columns.iter().map(|column| match column.group {
        "" => column.name.to_string(),
        group => format!("{group}: {}", column.name),
    });
    let rules = table.columns.iter().enumerate().map(|(index, _)| if index == 0 { "---" } else { "--:" });
    let head = [row(names.collect()), row(rules.map(String::from).collect())];
    let body = table.rows.iter().map(|line| {
        let cells = line.cells.iter().map(|cell| {
            let text = escaped(&cell.text);
            let text = if line.marked { format!("**{text}**") } else { text };
            if cell.beside.is_empty() { text } else { format!("{text} {}", escaped(&cell.beside)) }
        });
        row(cells.collect())
    });
    lines(head.into_iter().chain(body))
}

/// A command between fences that nothing in it can close.
fn fenced(command: &str) -> String {
    let longest = command.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}sh\n{command}\n{fence}")
}

/// Text in one line, in which nothing is taken for Markdown or HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' => out.extend(['\\', letter]),
            _ if letter.is_control() => out.push(' '),
            _ => out.push(letter),
        }
    }
    out
}
