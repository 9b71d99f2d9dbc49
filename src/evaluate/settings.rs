//! What alarms would come of probabilities that are known, for one setting of the detector.

use super::alarms::{AlarmMark, SeizureMark, WardScore, score_ward, seconds_at_risk};
use super::seconds::PersonScore;
use crate::dataset::Dataset;
use crate::detect::{AccumulatorConfig, Detector, LabelRule, Opinion, SettingError};

/// Seconds between the time lines of two people, who are set one after the other.
const APART_S: f64 = 1e10;

/// Steps the detector through every person's scored seconds, in the order in which they were
/// recorded, and counts as a ward would. The autoencoder has no say: nobody's is fitted here.
///
/// # Errors
/// [`SettingError`] where a setting is out of range.
pub fn score_settings(
    dataset: &Dataset,
    people: &[PersonScore],
    rule: LabelRule,
    accumulator: AccumulatorConfig,
) -> Result<WardScore, SettingError> {
    let (mut seizures, mut alarms, mut ends) = (Vec::new(), Vec::new(), Vec::new());
    for (number, person) in people.iter().enumerate() {
        let line = Line::of(dataset, person);
        let shift = number as f64 * APART_S;
        seizures.extend(
            line.seizures
                .iter()
                .map(|mark| SeizureMark { onset_s: mark.onset_s + shift, end_s: mark.end_s + shift }),
        );
        ends.extend(line.seconds.iter().map(|(second, _)| *second as f64 + 1.0 + shift));
        let mut detector = Detector::new(rule, accumulator)?;
        let mut next = line.seconds.first().map_or(0, |(second, _)| *second);
        for &(second, probabilities) in &line.seconds {
            if second > next {
                detector.gap(second - next);
            }
            next = second + 1;
            let opinion = Opinion { ae_error: None, ae_flag: None, probabilities };
            if let Some(alarm) = detector.next(second, Some(opinion)).alarm {
                alarms.push(AlarmMark {
                    onset_s: alarm.onset_second as f64 + shift,
                    raised_s: alarm.raised_second as f64 + 1.0 + shift,
                });
            }
        }
    }
    let at_risk = seconds_at_risk(ends, &seizures);
    Ok(score_ward(&seizures, &alarms, at_risk as f64 / 3600.0))
}

/// One person's scored seconds and seizures on one line of whole seconds.
struct Line {
    seconds: Vec<(u64, [f32; 3])>,
    seizures: Vec<SeizureMark>,
}

impl Line {
    fn of(dataset: &Dataset, person: &PersonScore) -> Line {
        let stretch_of = |index: usize| &dataset.stretches[index];
        let first = person.seconds.iter().map(|scored| stretch_of(scored.second.stretch).start).min();
        let offset = |start: jiff::civil::DateTime| {
            first.map_or(0.0, |first| start.duration_since(first).as_secs_f64())
        };
        let mut seconds: Vec<(u64, [f32; 3])> = person
            .seconds
            .iter()
            .map(|scored| {
                let stretch = stretch_of(scored.second.stretch);
                let within = stretch.first_second + scored.second.index;
                (offset(stretch.start) as u64 + within as u64, scored.probabilities)
            })
            .collect();
        seconds.sort_by_key(|(second, _)| *second);
        let mut recordings: Vec<(usize, f64)> = person
            .seconds
            .iter()
            .map(|scored| stretch_of(scored.second.stretch))
            .map(|stretch| (stretch.recording, offset(stretch.start)))
            .collect();
        recordings.dedup_by_key(|(recording, _)| *recording);
        let seizures = recordings
            .iter()
            .flat_map(|&(recording, at_s)| {
                let events = dataset.recordings[recording].events.iter().filter(|event| event.is_seizure());
                events.map(move |event| SeizureMark {
                    onset_s: at_s + event.onset_s,
                    end_s: at_s + event.onset_s + event.duration_s,
                })
            })
            .collect();
        Line { seconds, seizures }
    }
}
