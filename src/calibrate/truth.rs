//! What reviewers say of a patient's time: where seizures were, and what nobody can tell yet.
//!
//! A seizure is an alarm judged one, with its corrected times, or one that was marked as missed. An alarm that nobody has
//! judged, that was judged uncertain, or on which two readers differ says nothing either way: it is left out, with the
//! minute on either side. An alarm that was judged false within a seizure contradicts it: both are left out. So is time
//! of maintenance, and of technical alarms that impair judging. Everything else that was recorded counts as without a
//! seizure.

use crate::alarm::entry::{Judgement, What};
use crate::alarm::export::confirmed_us;
use crate::alarm::log::{Held, Logged};
use crate::alarm::state::AlarmKind;
use crate::alarm::{AlarmLog, LogError};
use crate::evaluate::{AFTER_S, SeizureMark};

/// An alarm that stands in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedAlarm {
    /// Its identity.
    pub alarm: String,
    /// Its bed.
    pub bed: String,
    /// The bed's time line.
    pub timeline: u64,
    /// First second of its run, the one that raised it, and the one after its last.
    pub seconds: [u64; 3],
    /// When it began and ended, in seconds since 1970.
    pub span_s: [f64; 2],
    /// What it was judged; `None` where that says nothing.
    pub judgement: Option<Judgement>,
}

/// Time that is left out, on one bed or on all.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// The bed; `None` for the patient's time on any.
    pub bed: Option<String>,
    /// From when to when, in seconds since 1970.
    pub span_s: [f64; 2],
}

/// What is known of a patient's period.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Truth {
    /// Seizures, in seconds since 1970; none overlaps another.
    pub seizures: Vec<SeizureMark>,
    /// Time that is left out.
    pub left_out: Vec<LeftOut>,
    /// The alarms of the period.
    pub alarms: Vec<LoggedAlarm>,
    /// Of them, judged a seizure or false.
    pub judged: usize,
    /// Of them, not judged yet.
    pub unreviewed: usize,
    /// Of them, judged uncertain, differently by two readers, or false within a seizure.
    pub uncertain: usize,
    /// Of those, judged false within a seizure.
    pub contradicted: usize,
    /// Seizures that were marked as missed.
    pub marks: usize,
}

impl Truth {
    /// Reads what the log knows of a patient from one moment up to another, in seconds since 1970.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn of(log: &AlarmLog, patient: &str, from_s: f64, to_s: f64) -> Result<Truth, LogError> {
        let within = |span: [f64; 2]| span[0] < to_s && span[1] > from_s;
        let mut truth = Truth::default();
        let mut seizures: Vec<[f64; 2]> = Vec::new();
        // Alarms judged false: where they were raised.
        let mut denied: Vec<(String, f64)> = Vec::new();
        for held in log.alarms(i64::MIN, i64::MAX)? {
            if held.kind() != AlarmKind::Seizure || held.patient != patient {
                continue;
            }
            let Some((onset_us, raised_us, ended_us)) = held.span_us() else { continue };
            let span_s = [onset_us, ended_us.unwrap_or(raised_us)].map(in_s);
            if !within(span_s) {
                continue;
            }
            let judgement = settled(&held);
            match judgement {
                Some(_) => truth.judged += 1,
                None if held.review.is_none() => truth.unreviewed += 1,
                None => truth.uncertain += 1,
            }
            match judgement {
                Some(Judgement::Seizure) => seizures.extend(confirmed_us(&held).map(|span| span.map(in_s))),
                Some(_) => denied.push((held.alarm.clone(), in_s(raised_us))),
                None => truth
                    .left_out
                    .push(LeftOut { bed: None, span_s: [span_s[0] - AFTER_S, span_s[1] + AFTER_S] }),
            }
            truth.alarms.extend(logged(&held, span_s, judgement));
        }
        for mark in log.marks(i64::MIN, i64::MAX)?.iter().filter(|mark| mark.patient == patient) {
            let span = [mark.onset_us, mark.offset_us].map(in_s);
            if within(span) {
                truth.marks += 1;
                seizures.push(span);
            }
        }
        truth.seizures = distinct(seizures);
        truth.leave_out_contradictions(&denied);
        truth.left_out.extend(impaired(&log.disturbances()?).into_iter().filter(|out| within(out.span_s)));
        Ok(truth)
    }
}

impl Truth {
    /// A seizure within which an alarm was judged false says nothing, nor does the alarm: which of the two is wrong, people
    /// must settle.
    fn leave_out_contradictions(&mut self, denied: &[(String, f64)]) {
        let holds = |seizure: &SeizureMark, at_s: f64| (seizure.onset_s..=seizure.end_s).contains(&at_s);
        let (doubted, seizures): (Vec<SeizureMark>, Vec<SeizureMark>) = std::mem::take(&mut self.seizures)
            .into_iter()
            .partition(|seizure| denied.iter().any(|(_, raised_s)| holds(seizure, *raised_s)));
        self.seizures = seizures;
        let mut spans: Vec<[f64; 2]> =
            doubted.iter().map(|seizure| [seizure.onset_s, seizure.end_s]).collect();
        for (name, raised_s) in denied {
            if !doubted.iter().any(|seizure| holds(seizure, *raised_s)) {
                continue;
            }
            self.judged -= 1;
            self.uncertain += 1;
            self.contradicted += 1;
            if let Some(alarm) = self.alarms.iter_mut().find(|alarm| alarm.alarm == *name) {
                alarm.judgement = None;
                spans.push(alarm.span_s);
            }
        }
        self.left_out.extend(
            spans
                .into_iter()
                .map(|[from_s, to_s]| LeftOut { bed: None, span_s: [from_s - AFTER_S, to_s + AFTER_S] }),
        );
    }
}

/// What an alarm was judged, where that is settled: a seizure or none, and by both readers where there are two.
pub fn settled(held: &Held) -> Option<Judgement> {
    let first = held.review.as_ref()?.review.judgement;
    let second = held.second_reading.as_ref().map_or(first, |second| second.review.judgement);
    (first == second && first != Judgement::Uncertain).then_some(first)
}

fn in_s(us: i64) -> f64 {
    us as f64 / 1e6
}

fn logged(held: &Held, span_s: [f64; 2], judgement: Option<Judgement>) -> Option<LoggedAlarm> {
    let (timeline, raised_second) = held.second?;
    let (run_s, ended_s) = held.run_s?;
    let onset_second = raised_second.saturating_sub(run_s);
    let lasted_s = ended_s.unwrap_or((span_s[1] - span_s[0]).max(0.0) as u64);
    Some(LoggedAlarm {
        alarm: held.alarm.clone(),
        bed: held.bed.clone(),
        timeline,
        seconds: [onset_second, raised_second, (onset_second + lasted_s).max(raised_second + 1)],
        span_s,
        judgement,
    })
}

/// Spans that overlap are one seizure.
fn distinct(mut spans: Vec<[f64; 2]>) -> Vec<SeizureMark> {
    spans.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let mut seizures: Vec<SeizureMark> = Vec::new();
    for [onset_s, end_s] in spans {
        match seizures.last_mut() {
            Some(last) if onset_s <= last.end_s => last.end_s = last.end_s.max(end_s),
            _ => seizures.push(SeizureMark { onset_s, end_s }),
        }
    }
    seizures
}

/// The time of maintenance and of technical alarms that impair judging, out of their entries in order.
fn impaired(entries: &[Logged]) -> Vec<LeftOut> {
    let mut left_out = Vec::new();
    // What lasts: its name, its bed, and when it began.
    let mut lasting: Vec<(String, String, f64)> = Vec::new();
    for Logged { entry, .. } in entries {
        let at_s = in_s(entry.at.wall_us);
        let name = entry.alarm.clone().unwrap_or_else(|| format!("maintenance of {}", entry.bed));
        match &entry.what {
            What::Maintenance { begins: true, .. } => lasting.push((name, entry.bed.clone(), at_s)),
            What::Technical { kind, .. } if kind.impairs_judging() => {
                lasting.push((name, entry.bed.clone(), at_s));
            }
            What::Ended { .. } | What::Maintenance { begins: false, .. } => {
                lasting.retain(|(of, bed, from_s)| {
                    if *of == name {
                        left_out.push(LeftOut { bed: Some(bed.clone()), span_s: [*from_s, at_s] });
                    }
                    *of != name
                });
            }
            _ => {}
        }
    }
    left_out.extend(
        lasting
            .into_iter()
            .map(|(_, bed, from_s)| LeftOut { bed: Some(bed), span_s: [from_s, f64::INFINITY] }),
    );
    left_out
}
