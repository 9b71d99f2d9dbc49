//! BIDS tables of channels (`channels.tsv`): what whoever made a recording says of its channels.

use std::path::Path;

use super::error::{FormatError, Malformation, Place};
use super::lines::lines;
use crate::eeg::ChannelLabel;

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
            bad: cell(status).is_some_and(|status| status.eq_ignore_ascii_case("bad")),
        }
    });
    Ok(rows.collect())
}

/// The row of each channel of a recording, by name: the same text, or another spelling of the same place on the head
/// ("Fp1-F7" and "EEG FP1-F7"). Of channels with one name, each has the row in its own place among those of that name.
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
    labels.iter().enumerate().map(row_of).collect()
}
