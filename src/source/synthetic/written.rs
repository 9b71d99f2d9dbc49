//! Synthetic EEG as a recording.

use std::path::{Path, PathBuf};

use jiff::civil::DateTime;

use super::config::{SyntheticConfig, SyntheticError};
use super::{DIGITAL_RANGE, RAILS_UV, Synthesiser};
use crate::durable;
use crate::eeg::{Annotation, Event, RecordingFormat};
use crate::format::FormatError;
use crate::format::edf::{EdfWriter, WriterSignal, WriterSpec};
use crate::format::events::write_events;

/// Room for remarks in each second.
const ANNOTATION_BYTES: usize = 256;

/// A recording to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticFile {
    /// Where the EDF+ file goes.
    pub path: PathBuf,
    /// Its length in seconds.
    pub seconds: u64,
    /// When it claims to begin.
    pub start: DateTime,
    /// Whether a SzCORE table of the seizures goes beside it: `<name>_events.tsv`.
    pub events: bool,
}

impl SyntheticFile {
    /// Where the table of seizures goes.
    pub fn events_path(&self) -> PathBuf {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.path.with_file_name(format!("{}_events.tsv", stem.strip_suffix("_eeg").unwrap_or(&stem)))
    }
}

/// Writes synthetic EEG as an EDF+ file and gives its seizures. A silence is a gap: the file is then
/// EDF+D. `progress` is told after each second how many are written.
///
/// # Errors
/// [`SyntheticError::Setting`] for a configuration that cannot be, or that a file cannot hold: values
/// that are no numbers, a silence at the very start. [`SyntheticError::Format`] where the disk refuses;
/// a file of that name is then as it was.
pub fn write_edf(
    config: &SyntheticConfig,
    file: &SyntheticFile,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<Event>, SyntheticError> {
    let mut synthesiser = Synthesiser::new(config)?;
    check(config, file)?;
    let end_s = file.seconds as f64;
    let mut events = synthesiser.events(0.0, end_s);
    for event in &mut events {
        event.duration_s = event.duration_s.min(end_s - event.onset_s);
    }
    let unwritable = |source| FormatError::Io { doing: "write", path: file.path.clone(), source };
    durable::replace_with(&file.path, unwritable, |beside| {
        if let Some(folder) = beside.parent() {
            std::fs::create_dir_all(folder).map_err(unwritable)?;
        }
        write(&mut synthesiser, beside, file, &events, progress)
    })?;
    if file.events {
        write_events(&file.events_path(), &events, file.start, end_s)?;
    }
    Ok(events)
}

fn check(config: &SyntheticConfig, file: &SyntheticFile) -> Result<(), SyntheticError> {
    let refused = |setting, found: String, expected: &str| {
        Err(SyntheticError::Setting { setting, found, expected: expected.into() })
    };
    if file.seconds == 0 || file.seconds > 99_999_999 {
        return refused("the recording's length", format!("{} s", file.seconds), "1 to 99999999 s");
    }
    if config.faults.not_a_number.is_some() {
        let expected = "none in a recording, which can hold numbers only";
        return refused("faults.not_a_number", "set".into(), expected);
    }
    if config.silent(0) {
        let expected = "1 s or later in a recording, which begins with its first sample";
        return refused("faults.silence.begin_s", "0".into(), expected);
    }
    Ok(())
}

fn write(
    synthesiser: &mut Synthesiser,
    path: &Path,
    file: &SyntheticFile,
    events: &[Event],
    progress: &mut dyn FnMut(u64),
) -> Result<(), FormatError> {
    let config = synthesiser.config().clone();
    let rate = config.rate_hz as usize;
    let mut writer = EdfWriter::create(path, &spec(synthesiser, file))?;
    let mut remarks = remarks(synthesiser, file, events).into_iter().peekable();
    let mut digital = Vec::new();
    for second in (0..file.seconds).filter(|&second| !config.silent(second)) {
        synthesiser.digital(second, &mut digital);
        let signals: Vec<Vec<i16>> = digital.chunks_exact(rate).map(<[i16]>::to_vec).collect();
        let mut begun = Vec::new();
        while let Some(remark) = remarks.next_if(|remark| remark.onset_s < second as f64 + 1.0) {
            begun.push(remark);
        }
        writer.write_record(second as f64, &signals, &begun)?;
        progress(second + 1);
    }
    writer.finish()
}

fn spec(synthesiser: &Synthesiser, file: &SyntheticFile) -> WriterSpec {
    let config = synthesiser.config();
    let gaps = config.faults.silence.is_some();
    WriterSpec {
        format: if gaps { RecordingFormat::EdfPlusD } else { RecordingFormat::EdfPlusC },
        start: file.start,
        patient: "X X X synthetic".into(),
        recording: format!("X X synthetic_EEG_seed_{}", config.seed),
        record_s: 1.0,
        annotation_bytes: ANNOTATION_BYTES,
        signals: synthesiser
            .labels()
            .into_iter()
            .map(|label| WriterSignal {
                label,
                unit: "uV".into(),
                samples_per_record: config.rate_hz as usize,
                physical_range: RAILS_UV,
                digital_range: DIGITAL_RANGE,
                prefilter: "synthetic".into(),
            })
            .collect(),
    }
}

/// What is to be said in the recording, in order: that nobody has this EEG, seizures, artifacts.
fn remarks(synthesiser: &Synthesiser, file: &SyntheticFile, events: &[Event]) -> Vec<Annotation> {
    let end_s = file.seconds as f64;
    let mut remarks = synthesiser.artifacts(0.0, end_s);
    remarks.push(Annotation {
        onset_s: 0.0,
        duration_s: None,
        text: "synthetic EEG, recorded from nobody".into(),
    });
    remarks.extend(events.iter().map(|event| Annotation {
        onset_s: event.onset_s,
        duration_s: Some(event.duration_s),
        text: "synthetic seizure".into(),
    }));
    remarks.sort_by(|a, b| a.onset_s.total_cmp(&b.onset_s));
    remarks
}
