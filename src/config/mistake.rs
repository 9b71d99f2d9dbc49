//! Mistakes in settings files, told so that they can be mended.

use std::path::{Path, PathBuf};

use thiserror::Error;
use toml::de::DeTable;

/// Settings that cannot be read, written or used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A patient's name that cannot be a folder's.
    #[error("{found:?} cannot be a patient's id: expected 1 to 64 letters, digits, - or _, like chb03")]
    BadId {
        /// The name.
        found: String,
    },
    /// There is no such patient.
    #[error("no patient {id} in {folder}: there {there}; make one with `vigil patient new {id}`")]
    NoPatient {
        /// The id.
        id: String,
        /// The folder of patients.
        folder: PathBuf,
        /// Those that there are.
        there: String,
    },
    /// The patient is there already.
    #[error("patient {id} is there already: {path}; change the file, or choose another id")]
    Exists {
        /// The id.
        id: String,
        /// Its settings.
        path: PathBuf,
    },
    /// The patient has no such autoencoder.
    #[error("patient {id} has no autoencoder version {version}; there are {there}")]
    NoVersion {
        /// The id.
        id: String,
        /// The version asked for.
        version: u32,
        /// Those that there are.
        there: String,
    },
    /// A mistake in the file.
    #[error("{path}, line {line}: {what}; for example: {example}")]
    Mistake {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong and what was expected.
        what: String,
        /// A line as it should be.
        example: String,
    },
    /// The operating system refused.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// "read" or "write".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
}

/// Makes a mistake of what the TOML reader said.
pub fn mistake(
    path: &Path,
    text: &str,
    error: &toml::de::Error,
    example_of: fn(&str) -> &'static str,
) -> ConfigError {
    let line = line_at(text, error.span().map_or(0, |span| span.start));
    let message = error.message().trim().replace('\n', " ");
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let written = text.lines().nth(line - 1).unwrap_or_default();
    let key = written.split('=').next().unwrap_or_default();
    let key = key.rsplit('.').next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    let (what, wanted) = match names.split_first() {
        Some((unknown, known)) if message.starts_with("unknown field") => match nearest(unknown, known) {
            Some(near) => (format!("there is no setting {unknown:?}; did you mean {near:?}?"), near),
            None => (
                format!("there is no setting {unknown:?}; there are {}", known.join(", ")),
                *known.first().unwrap_or(&""),
            ),
        },
        _ => (
            message.clone(),
            if message.starts_with("missing field") { *names.first().unwrap_or(&"") } else { key },
        ),
    };
    ConfigError::Mistake { path: path.to_path_buf(), line, what, example: example_of(wanted).to_string() }
}

/// The line that sets `key`, at the top or in a table, however TOML writes it.
pub fn line_of(text: &str, key: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let document = document.get_ref();
    let tables = document.values().filter_map(|value| value.get_ref().as_table());
    let value = std::iter::once(document).chain(tables).find_map(|table| table.get(key))?;
    Some(line_at(text, value.span().start))
}

/// The line of a setting in a section, or in the nth of several.
pub fn line_in(text: &str, section: &str, nth: Option<usize>, setting: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let section = document.get_ref().get(section)?;
    let table = match nth {
        Some(nth) => section.get_ref().as_array()?.get(nth)?,
        None => section,
    };
    let span = table.get_ref().as_table()?.get(setting).map_or_else(|| table.span(), |value| value.span());
    Some(line_at(text, span.start))
}

/// The line of a byte, from 1.
pub fn line_at(text: &str, byte: usize) -> usize {
    text.as_bytes()[..byte.min(text.len())].iter().filter(|&&byte| byte == b'\n').count() + 1
}

/// The known name with the fewest letters to change, if it is close enough to be meant.
fn nearest<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|name| (distance(unknown, name), *name))
        .filter(|(distance, name)| *distance <= name.len().max(unknown.len()) / 3 + 1)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Letters to insert, delete or exchange (Levenshtein 1966).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
