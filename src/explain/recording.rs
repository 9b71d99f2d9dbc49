//! One second of a recording, judged as in a replay and then explained.

use std::path::Path;

use jiff::civil::DateTime;

use super::error::ExplainError;
use super::moment::Moment;
use super::seen::{SeenSecond, find_second};
use crate::detect::{Judge, JudgeError, Label, LabelRule, Opinion};
use crate::eeg::DOUBLE_BANANA;
use crate::model::Occlusion;
use crate::signal::{MAX_MISSING, SignalConfig, StreamError, WindowStream};
use crate::source::RecordingSource;

/// Seconds before the explained one that are kept to be shown.
const BEFORE: usize = 9;

/// Why a second got its label.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The recording's name: its file's without `_eeg` and extension.
    pub recording: String,
    /// Wall time of the recording's start.
    pub start: DateTime,
    /// The recorded sampling rate.
    pub rate_hz: f64,
    /// Wall time of the second, as the table of verdicts tells it: by its number, also where it starts within one.
    pub time: DateTime,
    /// The second and the EEG before it.
    pub seen: SeenSecond,
    /// The CNN's probabilities of each second of `seen.before`; none where it cannot be judged.
    pub before: Vec<Option<[f32; 3]>>,
    /// What the networks say of it.
    pub opinion: Opinion,
    /// How a label follows from that.
    pub rule: LabelRule,
    /// Its label.
    pub label: Label,
    /// The class whose probability is explained.
    pub explained: Label,
    /// What the CNN would say without each part of it.
    pub occlusion: Occlusion,
}

impl Explanation {
    /// The label that the second would have with other probabilities. The autoencoder's flag stays: it
    /// is not asked again.
    pub fn label_with(&self, probabilities: [f32; 3]) -> Label {
        self.rule.label(probabilities, self.opinion.ae_flag)
    }

    /// The place of the explained class in the probabilities.
    pub fn class(&self) -> usize {
        match self.explained {
            Label::Seizure => 0,
            Label::Abnormal => 1,
            Label::NonSeizure => 2,
        }
    }
}

/// Explains the second of a recording that a moment lies in. Seconds are counted as the table of
/// verdicts counts them.
///
/// `explained`: the class whose probability is explained; without it, the label's own, or seizure where that is likeliest
/// or likely enough and the label is another all the same.
///
/// # Errors
/// [`ExplainError`]: the moment lies outside the recording or in a gap, the second cannot be judged, the
/// recording or a network fails.
pub fn explain_recording(
    path: &Path,
    signal: &SignalConfig,
    judge: &mut Judge,
    rule: LabelRule,
    at: Moment,
    explained: Option<Label>,
) -> Result<Explanation, ExplainError> {
    let source = RecordingSource::open(path).map_err(StreamError::from)?;
    let (start, duration_s) = (source.header().start, source.header().duration_s);
    let at_s = at.seconds_from(start);
    if !(0.0..duration_s).contains(&at_s) {
        let end = start.saturating_add(jiff::SignedDuration::from_millis((duration_s * 1e3) as i64));
        let [from, to] = [start, end].map(|time| time.strftime("%Y-%m-%d %H:%M:%S").to_string());
        return Err(ExplainError::Outside { at_s, duration_s, from, to });
    }
    let mut stream = WindowStream::new(source, signal)?;
    let seen = find_second(&mut stream, at_s as u64, BEFORE, duration_s)?;
    let (Some(opinion), Some(occlusion)) = (judge.judge(&seen.window)?, judge.occlude(&seen.window)?) else {
        return Err(too_few(&seen));
    };
    let before = seen
        .before
        .iter()
        .map(|(_, window)| Ok(judge.judge(window)?.map(|opinion| opinion.probabilities)))
        .collect::<Result<_, JudgeError>>()?;
    let label = rule.label(opinion.probabilities, opinion.ae_flag);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Explanation {
        recording: stem.strip_suffix("_eeg").unwrap_or(&stem).to_string(),
        start,
        time: start.saturating_add(jiff::SignedDuration::from_secs(at_s as i64)),
        rate_hz: stream.rate_hz(),
        seen,
        before,
        explained: explained.unwrap_or(match tells_of_seizure(&rule, opinion.probabilities) {
            true => Label::Seizure,
            false => label,
        }),
        opinion,
        rule,
        label,
        occlusion,
    })
}

/// Whether a second's seizure probability is what one wants to know about, whatever its label.
pub(super) fn tells_of_seizure(rule: &LabelRule, [seizure, abnormal, non_seizure]: [f32; 3]) -> bool {
    seizure >= rule.seizure_probability || seizure > abnormal.max(non_seizure)
}

fn too_few(seen: &SeenSecond) -> ExplainError {
    let window = &seen.window;
    let which: Vec<String> = DOUBLE_BANANA
        .iter()
        .zip(window.present.iter().zip(window.faults))
        .filter(|(_, (present, _))| !**present)
        .map(|(derivation, (_, fault))| match fault {
            Some(fault) => format!("{derivation}: {}", fault.kind),
            None => format!("{derivation}: not recorded"),
        })
        .collect();
    ExplainError::TooFew {
        second: seen.second,
        absent: window.absent(),
        of: window.present.len(),
        allowed: MAX_MISSING,
        which: which.join(", "),
    }
}
