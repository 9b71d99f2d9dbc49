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

/// Reads a table; each proposal with the number of its line.
///
/// # Errors
/// [`FormatError`] with the file and the line: a column that is missing, a word that is none of those that there are, seconds
/// that are no numbers, rows that overlap.
pub fn read_proposals(path: &Path) -> Result<Vec<(usize, LabelProposal)>, FormatError> {
    let bytes = std::fs::read(path).map_err(|source| FormatError::Io {
        doing: "read",
        path: path.to_path_buf(),
        source,
    })?;
    parse_proposals(&String::from_utf8_lossy(&bytes)).map_err(|malformation| malformation.in_file(path))
}

/// Reads a table's text: see [`read_proposals`].
///
/// # Errors
/// The first line that cannot be understood.
pub fn parse_proposals(text: &str) -> Result<Vec<(usize, LabelProposal)>, Malformation> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = lines(text).enumerate().map(|(i, line)| (i + 1, line));
    let mut lines = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let (number, header) = lines.next().unwrap_or((1, ""));
    let columns: BTreeMap<&str, usize> =
        header.split('\t').enumerate().map(|(i, name)| (name.trim(), i)).collect();
    if let Some(needed) = COLUMNS.iter().find(|needed| !columns.contains_key(**needed)) {
        let expected = format!("a column {needed:?}, separated by tabs");
        return Err(malformed(number, "the header", format!("{header:?}"), expected));
    }
    let mut rows: Vec<(usize, LabelProposal)> = Vec::new();
    for (number, line) in lines {
        let row = parse_row(number, line, &columns)?;
        if let Some((other, _)) = rows.iter().find(|(_, other)| other.overlaps(&row)) {
            let found = format!("{} to {} s of {}", row.onset_s, row.end_s(), row.recording);
            let expected = format!("seconds of which line {other} does not speak");
            return Err(malformed(number, "onset and duration", found, expected));
        }
        rows.push((number, row));
    }
    Ok(rows)
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

/// Writes a table, whole or not at all.
///
/// # Errors
/// [`FormatError::Io`] where the disk refuses.
pub fn write_proposals(path: &Path, rows: &[LabelProposal]) -> Result<(), FormatError> {
    let write = |file: &mut std::io::BufWriter<std::fs::File>| {
        writeln!(
            file,
            "# Change the last column to accepted or rejected; what is still proposed nobody has reviewed."
        )?;
        writeln!(file, "{}", COLUMNS.join("\t"))?;
        for row in rows {
            writeln!(
                file,
                "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{:.4}\t{}\t{}",
                row.recording,
                row.person,
                row.onset_s,
                row.duration_s,
                row.kind,
                row.expert,
                row.proposed,
                row.probability,
                row.model,
                row.decision
            )?;
        }
        Ok(())
    };
    durable::replace_file(path, write).map_err(|source| FormatError::Io {
        doing: "write",
        path: path.to_path_buf(),
        source,
    })
}

fn malformed(line: usize, what: &str, found: String, expected: String) -> Malformation {
    Malformation { place: Place::Line(line), what: what.into(), found, expected }
}
