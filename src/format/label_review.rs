//! Proposals to label seconds otherwise than the expert did, as a table that a person reviews.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::Path;

use super::error::{FormatError, Malformation, Place};
use super::lines::lines;
use crate::durable;

const COLUMNS: [&str; 10] = [
    "recording",
    "person",
    "onset",
    "duration",
    "kind",
    "expert",
    "proposed",
    "probability",
    "model",
    "decision",
];

/// Words of a table and what they stand for.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$of])* $variant),+ }

        impl $name {
            const WORDS: &[(&str, $name)] = &[$(($word, $name::$variant)),+];
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $($name::$variant => $word),+ })
            }
        }
    };
}

words! {
    /// Why seconds are proposed.
    ProposalKind {
        /// They lie at the edge of an expert's event.
        Edge = "edge",
        /// They look like a seizure and lie far from any event.
        LookAlike = "look-alike",
    }
}

words! {
    /// What a second is.
    ReviewedLabel {
        /// Within a seizure.
        Seizure = "seizure",
        /// Not within one.
        NonSeizure = "non-seizure",
    }
}

words! {
    /// What a person made of a proposal.
    Decision {
        /// Nobody has looked yet.
        Proposed = "proposed",
        /// It is right.
        Accepted = "accepted",
        /// The expert is right.
        Rejected = "rejected",
    }
}

/// Seconds that networks which have not seen the person judge otherwise than the expert.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelProposal {
    /// The recording's path below the data's root.
    pub recording: String,
    /// Whose it is.
    pub person: String,
    /// First second, from the recording's start.
    pub onset_s: u64,
    /// Seconds.
    pub duration_s: u64,
    /// Why.
    pub kind: ProposalKind,
    /// What the expert says.
    pub expert: ReviewedLabel,
    /// What the network says.
    pub proposed: ReviewedLabel,
    /// Its mean probability of seizure.
    pub probability: f32,
    /// The network.
    pub model: String,
    /// What a person says.
    pub decision: Decision,
}

impl LabelProposal {
    /// The second after the last.
    pub fn end_s(&self) -> u64 {
        self.onset_s + self.duration_s
    }

    /// Whether both speak of a second of one recording.
    pub fn overlaps(&self, other: &LabelProposal) -> bool {
        self.recording == other.recording && self.onset_s < other.end_s() && other.onset_s < self.end_s()
    }
}

/// One row of a table, with what people have added to it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewRow {
    line: usize,
    proposal: LabelProposal,
    /// Remarks on lines of their own that stand above it.
    remarks: Vec<String>,
    /// Cells of columns that are none of ours, and those beyond the last column.
    further: Vec<String>,
    /// The line as it was read: it is written as it is, so that nothing of it is lost.
    text: Option<String>,
}

impl ReviewRow {
    /// A row that was in no table before.
    pub fn new(proposal: LabelProposal) -> ReviewRow {
        ReviewRow { line: 0, proposal, remarks: Vec::new(), further: Vec::new(), text: None }
    }

    /// What it says.
    pub fn proposal(&self) -> &LabelProposal {
        &self.proposal
    }

    /// Whether this row proposes the same of the same seconds.
    pub fn proposes_as(&self, other: &LabelProposal) -> bool {
        let what = |row: &LabelProposal| (row.onset_s, row.duration_s, row.kind, row.expert, row.proposed);
        self.proposal.recording == other.recording && what(&self.proposal) == what(other)
    }

    /// The row as it is proposed now, with the remarks and cells that people added.
    pub fn proposed_again(self, proposal: LabelProposal) -> ReviewRow {
        ReviewRow { proposal, text: None, ..self }
    }

    /// The remarks above it.
    pub fn into_remarks(self) -> Vec<String> {
        self.remarks
    }

    fn text(&self, columns: &[String]) -> String {
        if let Some(text) = &self.text {
            return text.clone();
        }
        let row = &self.proposal;
        let mut further = self.further.iter().cloned();
        let mut cells: Vec<String> = columns
            .iter()
            .map(|column| match column.as_str() {
                "recording" => row.recording.clone(),
                "person" => row.person.clone(),
                "onset" => row.onset_s.to_string(),
                "duration" => row.duration_s.to_string(),
                "kind" => row.kind.to_string(),
                "expert" => row.expert.to_string(),
                "proposed" => row.proposed.to_string(),
                "probability" => format!("{:.4}", row.probability),
                "model" => row.model.clone(),
                "decision" => row.decision.to_string(),
                _ => further.next().unwrap_or_default(),
            })
            .collect();
        cells.extend(further);
        cells.join("\t")
    }
}

/// A table of proposals, with the columns and remarks that people have added to it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewTable {
    /// Remarks above the header.
    head: Vec<String>,
    /// The columns in the order of the file.
    columns: Vec<String>,
    /// The rows.
    pub rows: Vec<ReviewRow>,
    /// Remarks below the last row.
    pub end: Vec<String>,
}

impl Default for ReviewTable {
    fn default() -> ReviewTable {
        ReviewTable {
            head: vec![
                "# Change the column decision to accepted or rejected; what is still proposed nobody has reviewed."
                    .into(),
            ],
            columns: COLUMNS.map(String::from).to_vec(),
            rows: Vec::new(),
            end: Vec::new(),
        }
    }
}

impl ReviewTable {
    /// A new table.
    pub fn of(proposals: impl IntoIterator<Item = LabelProposal>) -> ReviewTable {
        ReviewTable { rows: proposals.into_iter().map(ReviewRow::new).collect(), ..ReviewTable::default() }
    }

    /// Reads a table; `None` where there is none.
    ///
    /// # Errors
    /// See [`read_proposals`].
    pub fn read_if_there(path: &Path) -> Result<Option<ReviewTable>, FormatError> {
        match ReviewTable::read(path) {
            Err(FormatError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    fn read(path: &Path) -> Result<ReviewTable, FormatError> {
        let bytes = std::fs::read(path).map_err(|source| FormatError::Io {
            doing: "read",
            path: path.to_path_buf(),
            source,
        })?;
        // Guessed letters would be written back in place of what a person wrote.
        let text = String::from_utf8(bytes).map_err(|error| Malformation {
            place: Place::Byte(error.utf8_error().valid_up_to() as u64),
            what: "the text".into(),
            found: "no UTF-8".into(),
            expected: "a table that is saved as UTF-8".into(),
        });
        text.and_then(|text| ReviewTable::parse(&text)).map_err(|malformation| malformation.in_file(path))
    }

    /// Reads a table's text.
    ///
    /// # Errors
    /// The first line that cannot be understood.
    pub fn parse(text: &str) -> Result<ReviewTable, Malformation> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = lines(text).enumerate().map(|(i, line)| (i + 1, line));
        let lines: Vec<(usize, &str)> = lines.filter(|(_, line)| !line.trim().is_empty()).collect();
        let header = lines.iter().position(|(_, line)| !is_remark(line));
        let (number, header_line) = header.map_or((1, ""), |at| lines[at]);
        let columns = columns_of(number, header_line)?;
        let places: BTreeMap<&str, usize> =
            columns.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
        let is_ours = |i: usize| columns.get(i).is_some_and(|name| COLUMNS.contains(&name.as_str()));
        let (head, below) = lines.split_at(header.unwrap_or_default());
        let mut rows: Vec<ReviewRow> = Vec::new();
        let mut remarks: Vec<String> = Vec::new();
        for &(line, text) in below.iter().skip(1) {
            if is_remark(text) {
                remarks.push(text.to_string());
                continue;
            }
            let proposal = parse_row(line, text, &places)?;
            if let Some(other) = rows.iter().find(|other| other.proposal.overlaps(&proposal)) {
                let found =
                    format!("{} to {} s of {}", proposal.onset_s, proposal.end_s(), proposal.recording);
                let expected = format!("seconds of which line {} does not speak", other.line);
                return Err(malformed(line, "onset and duration", found, expected));
            }
            let cells = text.split('\t').enumerate();
            rows.push(ReviewRow {
                line,
                proposal,
                remarks: std::mem::take(&mut remarks),
                further: cells.filter(|(i, _)| !is_ours(*i)).map(|(_, cell)| cell.to_string()).collect(),
                text: Some(text.to_string()),
            });
        }
        let head = head.iter().map(|(_, line)| line.to_string()).collect();
        Ok(ReviewTable { head, columns, rows, end: remarks })
    }

    /// Writes the table, whole or not at all.
    ///
    /// # Errors
    /// [`FormatError::Io`] where the disk refuses.
    pub fn write(&self, path: &Path) -> Result<(), FormatError> {
        let write = |file: &mut std::io::BufWriter<std::fs::File>| -> std::io::Result<()> {
            for remark in &self.head {
                writeln!(file, "{remark}")?;
            }
            writeln!(file, "{}", self.columns.join("\t"))?;
            for row in &self.rows {
                for remark in &row.remarks {
                    writeln!(file, "{remark}")?;
                }
                writeln!(file, "{}", row.text(&self.columns))?;
            }
            for remark in &self.end {
                writeln!(file, "{remark}")?;
            }
            Ok(())
        };
        durable::replace_file(path, write).map_err(|source| FormatError::Io {
            doing: "write",
            path: path.to_path_buf(),
            source,
        })
    }

    /// Each proposal with the number of its line.
    fn proposals(self) -> Vec<(usize, LabelProposal)> {
        self.rows.into_iter().map(|row| (row.line, row.proposal)).collect()
    }
}

/// Reads a table; each proposal with the number of its line.
///
/// # Errors
/// [`FormatError`] with the file and the line: a column that is missing or there twice, a word that is none of those that
/// there are, seconds that are no numbers, rows that overlap; text that is no UTF-8.
pub fn read_proposals(path: &Path) -> Result<Vec<(usize, LabelProposal)>, FormatError> {
    ReviewTable::read(path).map(ReviewTable::proposals)
}

/// Reads a table's text: see [`read_proposals`].
///
/// # Errors
/// The first line that cannot be understood.
pub fn parse_proposals(text: &str) -> Result<Vec<(usize, LabelProposal)>, Malformation> {
    ReviewTable::parse(text).map(ReviewTable::proposals)
}

fn is_remark(line: &str) -> bool {
    line.starts_with('#')
}

/// The names of all columns; each of ours must be there once.
fn columns_of(number: usize, header: &str) -> Result<Vec<String>, Malformation> {
    let columns: Vec<String> = header.split('\t').map(|name| name.trim().to_string()).collect();
    for needed in COLUMNS {
        let expected = match columns.iter().filter(|name| *name == needed).count() {
            1 => continue,
            0 => format!("a column {needed:?}, separated by tabs"),
            _ => format!("the column {needed:?} once"),
        };
        return Err(malformed(number, "the header", format!("{header:?}"), expected));
    }
    Ok(columns)
}

fn parse_row(
    number: usize,
    line: &str,
    columns: &BTreeMap<&str, usize>,
) -> Result<LabelProposal, Malformation> {
    let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
    let cell = |name: &str| {
        let cell = columns.get(name).and_then(|&i| cells.get(i)).copied().unwrap_or_default();
        match cell {
            "" => Err(malformed(number, name, "missing".into(), "a value".into())),
            cell => Ok(cell),
        }
    };
    fn word<T: Copy>(number: usize, name: &str, cell: &str, words: &[(&str, T)]) -> Result<T, Malformation> {
        words.iter().find(|(word, _)| *word == cell).map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
            malformed(number, name, format!("{cell:?}"), words.join(" or "))
        })
    }
    let seconds = |name: &str, least: u64| {
        let cell = cell(name)?;
        cell.parse::<u64>().ok().filter(|seconds| (least..1_000_000_000).contains(seconds)).ok_or_else(|| {
            malformed(number, name, format!("{cell:?}"), format!("whole seconds, {least} or more"))
        })
    };
    let probability = cell("probability")?;
    Ok(LabelProposal {
        recording: cell("recording")?.to_string(),
        person: cell("person")?.to_string(),
        onset_s: seconds("onset", 0)?,
        duration_s: seconds("duration", 1)?,
        kind: word(number, "kind", cell("kind")?, ProposalKind::WORDS)?,
        expert: word(number, "expert", cell("expert")?, ReviewedLabel::WORDS)?,
        proposed: word(number, "proposed", cell("proposed")?, ReviewedLabel::WORDS)?,
        probability: probability
            .parse::<f32>()
            .ok()
            .filter(|p| (0.0..=1.0).contains(p))
            .ok_or_else(|| malformed(number, "probability", format!("{probability:?}"), "0 to 1".into()))?,
        model: cell("model")?.to_string(),
        decision: word(number, "decision", cell("decision")?, Decision::WORDS)?,
    })
}

fn malformed(line: usize, what: &str, found: String, expected: String) -> Malformation {
    Malformation { place: Place::Line(line), what: what.into(), found, expected }
}
