//! A report's page as HTML: one file without scripts, whose figures are files beside it.

use std::fmt::Write;

use super::page::{Block, Page, Row, Table};

const STYLE: &str = include_str!("page.css");

/// The page.
pub(super) fn html(page: &Page) -> String {
    let title = escaped(&page.title);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'none'; object-src 'none'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    );
    for text in &page.lead {
        push(&mut out, format_args!("<p class=\"lead\">{}</p>\n", escaped(text)));
    }
    for block in &page.blocks {
        push_block(&mut out, block);
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// A string takes whatever is written to it.
fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

fn push_block(out: &mut String, block: &Block) {
    match block {
        Block::Heading(text) => push(out, format_args!("<h2>{text}</h2>\n")),
        Block::Paragraph(text) => push(out, format_args!("<p>{}</p>\n", escaped(text))),
        Block::List(items) => {
            out.push_str("<ul>\n");
            for item in items {
                push(out, format_args!("<li>{}</li>\n", escaped(item)));
            }
            out.push_str("</ul>\n");
        }
        Block::Terms(terms) => {
            out.push_str("<dl>\n");
            for (word, meaning) in terms {
                push(out, format_args!("<dt>{}</dt>\n<dd>{}</dd>\n", escaped(word), escaped(meaning)));
            }
            out.push_str("</dl>\n");
        }
        Block::Table(table) => push_table(out, table),
        Block::Figure { title, file, reading, message } => {
            push(out, format_args!("<h3>{title}</h3>\n"));
            let message = escaped(message);
            match file {
                Some(file) => push(
                    out,
                    format_args!(
                        "<figure>\n<img src=\"{file}\" alt=\"{message}\">\n\
                         <figcaption><p>{}</p>\n<p>{message}</p></figcaption>\n</figure>\n",
                        escaped(reading)
                    ),
                ),
                None => push(out, format_args!("<p>{message}</p>\n")),
            }
        }
        Block::Command(command) => {
            // Line ends stay as they are: here they mean nothing.
            let lines: Vec<String> = command.lines().map(escaped).collect();
            push(out, format_args!("<pre><code>{}</code></pre>\n", lines.join("\n")));
        }
    }
}

fn push_table(out: &mut String, table: &Table) {
    // A wide table is scrolled by itself, with the keyboard too.
    let caption = escaped(&table.caption);
    push(
        out,
        format_args!(
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\n\
             <table>\n<caption>{caption}</caption>\n<thead>\n"
        ),
    );
    push_heads(out, table);
    out.push_str("</thead>\n<tbody>\n");
    for row in &table.rows {
        push_row(out, row);
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}

/// One row of names, above it one of groups where there are any.
fn push_heads(out: &mut String, table: &Table) {
    let grouped = table.columns.iter().any(|column| !column.group.is_empty());
    if grouped {
        out.push_str("<tr>");
        for group in table.columns.chunk_by(|a, b| !a.group.is_empty() && a.group == b.group) {
            let (name, width) = (group.first().map_or("", |column| column.group), group.len());
            match name {
                "" => push(
                    out,
                    format_args!(
                        "<th scope=\"col\" rowspan=\"2\">{}</th>",
                        group.first().map_or("", |column| column.name)
                    ),
                ),
                _ => push(out, format_args!("<th scope=\"colgroup\" colspan=\"{width}\">{name}</th>")),
            }
        }
        out.push_str("</tr>\n");
    }
    out.push_str("<tr>");
    for column in table.columns.iter().filter(|column| !(grouped && column.group.is_empty())) {
        push(out, format_args!("<th scope=\"col\">{}</th>", column.name));
    }
    out.push_str("</tr>\n");
}

fn push_row(out: &mut String, row: &Row) {
    out.push_str(if row.marked { "<tr class=\"marked\">" } else { "<tr>" });
    for (index, cell) in row.cells.iter().enumerate() {
        let beside = match cell.beside.as_str() {
            "" => String::new(),
            beside => format!(" <small>{}</small>", escaped(beside)),
        };
        let text = escaped(&cell.text);
        match index {
            0 => push(out, format_args!("<th scope=\"row\">{text}{beside}</th>")),
            _ => push(out, format_args!("<td>{text}{beside}</td>")),
        }
    }
    out.push_str("</tr>\n");
}

/// Text that is nothing but text, between tags and within quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ if letter.is_control() => out.push(' '),
            _ => out.push(letter),
        }
    }
    out
}
