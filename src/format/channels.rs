//! BIDS tables of channels (`channels.tsv`): what whoever made a recording says of its channels.

use std::path::Path;

use super::error::{FormatError, Malformation, Place};
use super::lines::lines;
use crate::eeg::{ChannelLabel, Electrode};

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRow {
    /// The channel's name, as a rule its label in the recording.
    pub name: String,
    /// What it records (`EEG`, `SEEG`, `ECG`), where the table says so.
    pub kind: Option<String>,
    /// Whether it is marked as bad.
    pub bad: bool,
}

impl ChannelRow {
    /// Why the channel is not to be used as scalp EEG, if it is not.
    pub fn against_use(&self) -> Option<String> {
        match &self.kind {
            _ if self.bad => Some("its status is bad".to_string()),
            Some(kind) if !kind.eq_ignore_ascii_case("EEG") => Some(format!("its type is {kind}")),
            _ => None,
        }
    }
}

/// Reads a table of channels.
///
/// # Errors
/// [`FormatError`] with the file, and the line where it cannot be understood.
pub fn read_channels(path: &Path) -> Result<Vec<ChannelRow>, FormatError> {
    let unreadable = |source| FormatError::Io { doing: "read", path: path.to_path_buf(), source };
    let bytes = std::fs::read(path).map_err(unreadable)?;
    parse_channels(&String::from_utf8_lossy(&bytes)).map_err(|m| m.in_file(path))
}

/// Reads the text of a table of channels: separated by tabs, columns by name, `n/a` for what is not known. Only `name`
/// is needed; a table of nothing says nothing.
///
/// # Errors
/// Where there is no column of that name.
pub fn parse_channels(text: &str) -> Result<Vec<ChannelRow>, Malformation> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = lines(text);
    let header = lines.next().unwrap_or_default();
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let column = |wanted: &str| header.split('\t').position(|name| name.trim().eq_ignore_ascii_case(wanted));
    let Some(name) = column("name") else {
        return Err(Malformation {
            place: Place::Line(1),
            what: "the header".into(),
            found: format!("{header:?}"),
            expected: "columns separated by tabs, \"name\" among them".into(),
        });
    };
    let (kind, status) = (column("type"), column("status"));
    let rows = lines.filter(|line| !line.trim().is_empty()).map(|line| {
        let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
        let cell = |column: Option<usize>| {
            let cell = cells.get(column?).copied().unwrap_or_default();
            (!cell.is_empty() && !cell.eq_ignore_ascii_case("n/a")).then_some(cell)
        };
        ChannelRow {
            name: cell(Some(name)).unwrap_or_default().to_string(),
            kind: cell(kind).map(str::to_string),
            bad: cell(status).is_some_and(begins_with_bad),
        }
    });
    Ok(rows.collect())
}

/// Whether a status begins with the word: people add to it why ("bad, flat").
fn begins_with_bad(status: &str) -> bool {
    let word = status.split(|letter: char| !letter.is_alphanumeric()).next();
    word.is_some_and(|word| word.eq_ignore_ascii_case("bad"))
}

/// The row of each channel of a recording, by name: the same text, or another spelling of the same place on the head
/// ("Fp1-F7" and "EEG FP1-F7"). Of channels with one name, each has the row in its own place among those of that name.
///
/// A channel against a reference that has no row by that has the row of its electrode against another one, as where a
/// recording was re-referenced and its table was not, if that is the electrode's only row and no other channel's.
pub fn rows_of<'a>(labels: &[&str], rows: &'a [ChannelRow]) -> Vec<Option<&'a ChannelRow>> {
    let alike = |a: &str, b: &str| {
        a.trim().eq_ignore_ascii_case(b.trim()) || {
            match (ChannelLabel::parse(a), ChannelLabel::parse(b)) {
                (ChannelLabel::Other, _) => false,
                // A table may leave out against what an electrode is recorded.
                (
                    ChannelLabel::Referential { electrode, reference },
                    ChannelLabel::Referential { electrode: other, reference: against },
                ) if reference.is_empty() || against.is_empty() => electrode == other,
                (place, other) => place == other,
            }
        }
    };
    if rows.is_empty() {
        return vec![None; labels.len()];
    }
    let row_of = |(channel, label): (usize, &&str)| {
        let before = labels.iter().take(channel).filter(|other| alike(other, label)).count();
        rows.iter().filter(|row| alike(&row.name, label)).nth(before)
    };
    let by_name: Vec<Option<&ChannelRow>> = labels.iter().enumerate().map(row_of).collect();
    let by_electrode = |label: &str| {
        let electrode = electrode_of(label)?;
        let mut those = rows.iter().filter(|row| electrode_of(&row.name) == Some(electrode));
        let only = those.next().filter(|row| !is_among(row, &by_name))?;
        those.next().is_none().then_some(only)
    };
    labels.iter().zip(&by_name).map(|(label, row)| row.or_else(|| by_electrode(label))).collect()
}

/// The names that a table calls bad and that are no channel's; `found` are the rows of the channels.
pub fn bad_strangers<'a>(rows: &'a [ChannelRow], found: &[Option<&ChannelRow>]) -> Vec<&'a str> {
    rows.iter().filter(|row| row.bad && !is_among(row, found)).map(|row| row.name.as_str()).collect()
}

/// Whether it is this very row, not one that reads like it.
fn is_among(row: &ChannelRow, found: &[Option<&ChannelRow>]) -> bool {
    found.iter().flatten().any(|found| std::ptr::eq(*found, row))
}

/// The electrode that is recorded against a reference.
fn electrode_of(label: &str) -> Option<Electrode> {
    match ChannelLabel::parse(label) {
        ChannelLabel::Referential { electrode, .. } => Some(electrode),
        _ => None,
    }
}
