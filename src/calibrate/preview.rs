//! What other settings would have done to a patient's last days: alarms gained and lost, before anyone accepts them.
//!
//! Both settings run over the same recorded opinions and are counted by the same rule. What the log holds is compared with
//! the run of the settings that hold: where the two differ, that is told.

use serde::Serialize;
use utoipa::ToSchema;

use super::choose::choose;
use super::outcome::{Counted, Outcome, Period};
use super::proposal::Proposal;
use super::recorded::Raised;
use super::settings::{AlarmSettings, TriedSettings};
use super::truth::LoggedAlarm;
use crate::alarm::entry::Judgement;
use crate::alarm::moment::wall_text;
use crate::config::{CalibrationRecord, PatientConfig, PatientId};
use crate::detect::SettingError;

/// Fewest hours at risk of a false alarm that a choice rests on.
pub const FEWEST_HOURS: f64 = 1.0;

/// Hours at risk that a wanted rate needs: enough for one false alarm of it.
pub fn needed_hours(per_hour: f64) -> f64 {
    FEWEST_HOURS.max(if per_hour > 0.0 { 1.0 / per_hour } else { FEWEST_HOURS })
}

/// What somebody wants to see.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// False alarms an hour that are acceptable.
    pub per_hour: f64,
    /// Settings to try in place of a choice.
    pub tried: TriedSettings,
}

/// An alarm that other settings would have raised.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Gained {
    /// The bed.
    pub bed: String,
    /// When it would have begun.
    pub onset: String,
    /// Seconds from its beginning to its end.
    pub seconds: f64,
    /// `seizure` where it is about a known seizure, else null: nobody has judged it.
    pub judgement: Option<Judgement>,
}

/// An alarm that other settings would not have raised.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Lost {
    /// Its identity in the log; null where the log has none.
    pub alarm: Option<String>,
    /// The bed.
    pub bed: String,
    /// When it began.
    pub onset: String,
    /// Seconds from its beginning to its end.
    pub seconds: f64,
    /// What it was judged; null where that says nothing.
    pub judgement: Option<Judgement>,
}

/// What other settings would have done.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Preview {
    /// The patient.
    pub patient: String,
    /// The period's beginning.
    pub from: String,
    /// Its end.
    pub until: String,
    /// Hours in which an alarm would have been false.
    pub hours: f64,
    /// Hours that were judged.
    pub judged_hours: f64,
    /// False alarms an hour that were asked for.
    pub wanted_per_hour: f64,
    /// The settings that hold.
    pub now: AlarmSettings,
    /// Those that are proposed or tried; null where there are none to propose.
    pub proposed: Option<AlarmSettings>,
    /// Why none are proposed.
    pub refused: Option<String>,
    /// What the settings that hold come to.
    pub before: Outcome,
    /// What the others come to.
    pub after: Option<Outcome>,
    /// Alarms that the others raise in addition.
    pub gained: Vec<Gained>,
    /// Alarms that the others do not raise.
    pub lost: Vec<Lost>,
    /// Alarms that both raise.
    pub kept: usize,
    /// Alarms of the period that nobody has judged: left out, with a minute on either side.
    pub unreviewed: usize,
    /// Alarms judged uncertain, differently by two readers, or false within a seizure: left out in the same way.
    pub uncertain: usize,
    /// Seizures marked as missed.
    pub marked_missed: usize,
    /// Alarms that the log has and the run of the settings that hold has not, or the other way round.
    pub differing_from_log: usize,
    /// What somebody should know before they accept.
    pub warnings: Vec<String>,
    /// What is sent to accept; null where there is nothing to accept.
    pub proposal: Option<String>,
}

/// Makes a preview.
///
/// # Errors
/// [`SettingError`] where settings that are tried are out of range.
pub fn preview(
    id: &PatientId,
    config: &PatientConfig,
    period: &Period,
    wanted: &Wanted,
) -> Result<Preview, SettingError> {
    let now = AlarmSettings::of_patient(config);
    let before = period.count(&now)?;
    let too_little = too_little(period, wanted.per_hour);
    let (after, refused) = match (wanted.tried.over(&now), &too_little) {
        (Some(tried), _) => {
            tried.validate()?;
            (Some((tried, period.count(&tried)?)), None)
        }
        (None, Some(words)) => (None, Some(words.clone())),
        (None, None) => match chosen(period, &now, wanted.per_hour)? {
            Some(found) => (Some(found), None),
            None => {
                let words = format!(
                    "no threshold keeps to {} false alarms an hour over this period; ask for more, or try settings by hand",
                    wanted.per_hour
                );
                (None, Some(words))
            }
        },
    };
    let [from, until] = period.span_s.map(|s| wall_text((s * 1e6) as i64));
    let logged = Logged::of(period);
    let differing_from_log = logged.differing(period, &before.alarms);
    let mut preview = Preview {
        patient: id.to_string(),
        hours: period.hours,
        judged_hours: period.judged_hours,
        wanted_per_hour: wanted.per_hour,
        now,
        proposed: after.as_ref().map(|(settings, _)| *settings),
        refused,
        before: before.outcome(),
        after: after.as_ref().map(|(_, counted)| counted.outcome()),
        gained: Vec::new(),
        lost: Vec::new(),
        kept: 0,
        unreviewed: period.truth.unreviewed,
        uncertain: period.truth.uncertain,
        marked_missed: period.truth.marks,
        differing_from_log,
        warnings: warnings_of_period(period, differing_from_log, too_little.filter(|_| after.is_some())),
        proposal: None,
        from,
        until,
    };
    if let Some((settings, after)) = &after {
        compare(&mut preview, period, &logged, &before, after);
        if *settings == now {
            preview.warnings.push("these are the settings that hold: there is nothing to accept".into());
        } else {
            let record = record_of(period, after, &preview);
            preview.proposal =
                Some(Proposal { patient: id.to_string(), from: now, to: *settings, record }.text());
        }
    }
    Ok(preview)
}

/// What keeps a choice from resting on a period; `None` where nothing does.
pub fn too_little(period: &Period, per_hour: f64) -> Option<String> {
    let needed = needed_hours(per_hour);
    let truth = &period.truth;
    let settled_share = truth.judged as f64 / truth.alarms.len().max(1) as f64;
    let mut lacks = Vec::new();
    if period.hours < needed {
        lacks.push(format!(
            "time: {:.2} h lie outside seizures, unreviewed alarms and maintenance, and at least {needed:.1} h are needed \
             for a rate of {per_hour} an hour",
            period.hours
        ));
    }
    if !truth.alarms.is_empty() && settled_share < 0.5 {
        lacks.push(format!(
            "judgements: {} of {} alarms are judged, and at least half must be",
            truth.judged,
            truth.alarms.len()
        ));
    }
    (!lacks.is_empty())
        .then(|| format!("the period has too little to choose settings by; it lacks {}", lacks.join("; ")))
}

/// The settings that calibration chooses.
fn chosen(
    period: &Period,
    now: &AlarmSettings,
    per_hour: f64,
) -> Result<Option<(AlarmSettings, Counted)>, SettingError> {
    let tried = |label, accumulator| period.count(&AlarmSettings::of(label, accumulator));
    let lasting_s = |counted: &Counted, alarm: usize| counted.lasting_s.get(alarm).copied().unwrap_or(0.0);
    let chosen =
        choose(now.label(), now.accumulator(), per_hour, tried, |counted| &counted.score, lasting_s)?;
    Ok(chosen.map(|(label, accumulator, counted)| (AlarmSettings::of(label, accumulator), counted)))
}

/// The log's alarms of a period, by the line on which they were raised.
struct Logged<'a> {
    alarms: Vec<(usize, &'a LoggedAlarm)>,
}

impl<'a> Logged<'a> {
    fn of(period: &'a Period) -> Logged<'a> {
        let line_of = |alarm: &LoggedAlarm| {
            period.time.lines.iter().position(|line| line.bed == alarm.bed && line.timeline == alarm.timeline)
        };
        let alarms = period.truth.alarms.iter();
        Logged { alarms: alarms.filter_map(|alarm| Some((line_of(alarm)?, alarm))).collect() }
    }

    fn at(&self, raised: &Raised) -> Option<&'a LoggedAlarm> {
        let overlaps = |alarm: &LoggedAlarm| {
            alarm.seconds[0] < raised.end_second && raised.onset_second < alarm.seconds[2]
        };
        self.alarms
            .iter()
            .find(|(line, alarm)| *line == raised.line && overlaps(alarm))
            .map(|(_, alarm)| *alarm)
    }

    /// How many alarms one of the two has and the other has not: told apart by the second that raised them.
    fn differing(&self, period: &Period, raised: &[Raised]) -> usize {
        let recorded = |line: usize, second: u64| {
            period.time.lines.get(line).is_some_and(|line| {
                line.seconds.iter().any(|recorded| {
                    recorded.second == second
                        && (period.span_s[0]..=period.span_s[1]).contains(&(recorded.time_s + 1.0))
                })
            })
        };
        let only_logged = self.alarms.iter().filter(|(line, alarm)| {
            // What was not recorded cannot be run again, and differs in nothing.
            recorded(*line, alarm.seconds[1])
                && !raised.iter().any(|one| one.line == *line && one.raised_second == alarm.seconds[1])
        });
        let only_run = raised.iter().filter(|one| {
            !self
                .alarms
                .iter()
                .any(|(line, alarm)| *line == one.line && alarm.seconds[1] == one.raised_second)
        });
        only_logged.count() + only_run.count()
    }
}

fn overlap(one: &Raised, other: &Raised) -> bool {
    one.line == other.line && one.onset_second < other.end_second && other.onset_second < one.end_second
}

/// Fills in what is gained and lost, and warns of what should not be lost.
fn compare(preview: &mut Preview, period: &Period, logged: &Logged<'_>, before: &Counted, after: &Counted) {
    let bed_of =
        |alarm: &Raised| period.time.lines.get(alarm.line).map_or(String::new(), |line| line.bed.clone());
    let onset = |alarm: &Raised| wall_text((alarm.onset_s * 1e6) as i64);
    for new in after.alarms.iter().filter(|new| !before.alarms.iter().any(|old| overlap(old, new))) {
        preview.gained.push(Gained {
            bed: bed_of(new),
            onset: onset(new),
            seconds: new.end_s - new.onset_s,
            judgement: period.seizure_of(new).map(|_| Judgement::Seizure),
        });
    }
    for old in &before.alarms {
        if after.alarms.iter().any(|new| overlap(old, new)) {
            preview.kept += 1;
            continue;
        }
        let found = logged.at(old);
        let by_seizure = period.seizure_of(old).map(|_| Judgement::Seizure);
        preview.lost.push(Lost {
            alarm: found.map(|alarm| alarm.alarm.clone()),
            bed: bed_of(old),
            onset: onset(old),
            seconds: old.end_s - old.onset_s,
            judgement: found.and_then(|alarm| alarm.judgement).or(by_seizure),
        });
    }
    let seizures = period.seizures.iter().zip(before.score.seizures.iter().zip(&after.score.seizures));
    for (seizure, (old, new)) in seizures {
        if old.alarm.is_some() && new.alarm.is_none() {
            let at = wall_text((seizure.onset_s * 1e6) as i64);
            preview.warnings.push(format!("the seizure at {at} would have no alarm: it has one now"));
        }
    }
    let unjudged = preview.gained.iter().filter(|gained| gained.judgement.is_none()).count();
    if unjudged > 0 {
        preview.warnings.push(format!(
            "{unjudged} of the alarms that are gained lie where nobody has judged anything; where they are counted, it is as \
             false"
        ));
    }
    if let (Some([_, upper]), wanted) = (after.outcome().interval, preview.wanted_per_hour)
        && upper > wanted
    {
        preview.warnings.push(format!(
            "the 95 % interval of the rate reaches to {upper:.2} false alarms an hour: more than the {wanted} that were \
             asked for"
        ));
    }
}

fn warnings_of_period(period: &Period, differing: usize, too_little: Option<String>) -> Vec<String> {
    let truth = &period.truth;
    let mut warnings: Vec<String> = too_little.into_iter().collect();
    if truth.unreviewed > 0 {
        warnings.push(format!(
            "{} of {} alarms ({:.0} %) are not judged: they are left out, with a minute on either side",
            truth.unreviewed,
            truth.alarms.len(),
            100.0 * truth.unreviewed as f64 / truth.alarms.len().max(1) as f64
        ));
    }
    if truth.contradicted > 0 {
        warnings.push(format!(
            "{} of {} alarms are judged false within a known seizure: both are left out, with a minute on either side; settle \
             which of the two is wrong",
            truth.contradicted,
            truth.alarms.len()
        ));
    }
    if period.seizures.is_empty() {
        warnings.push(
            "no seizure of this period is known: how many any settings find is not known either".into(),
        );
    }
    if truth.marks == 0 {
        warnings
            .push("nobody has marked a missed seizure: what no alarm told of counts as without one".into());
    }
    if period.unrecorded > 0 {
        warnings.push(format!(
            "{} known seizures are not on record any more: no settings can be tried on them",
            period.unrecorded
        ));
    }
    if differing > 0 {
        warnings.push(format!(
            "{differing} alarms differ between the log and a run of the settings that hold: the settings or the networks \
             were others for a part of the period, or the bed was started anew"
        ));
    }
    warnings.extend(period.time.unreadable.iter().map(|why| format!("left out: {why}")));
    warnings
}

/// What patient.toml will say of it.
fn record_of(period: &Period, after: &Counted, preview: &Preview) -> CalibrationRecord {
    let mut beds: Vec<&str> = period.time.lines.iter().map(|line| line.bed.as_str()).collect();
    beds.dedup();
    let outcome = after.outcome();
    CalibrationRecord {
        recordings: beds
            .iter()
            .map(|bed| format!("record of {bed} from {} to {}", preview.from, preview.until))
            .collect(),
        hours: (period.hours * 1e4).round() / 1e4,
        false_alarms: outcome.false_alarms as u64,
        false_alarms_per_hour: outcome.interval.unwrap_or([0.0, 1e6]).map(|end| (end * 1e3).round() / 1e3),
        seizures: after.score.seizures.len() as u64,
        detected: after.score.detected as u64,
        date: until_day(&preview.until),
    }
}

/// The day of the period's end.
fn until_day(until: &str) -> String {
    until.split('T').next().unwrap_or_default().to_string()
}
