//! What a longer or shorter rest after an alarm does, with all other settings as they were chosen.
//!
//! A detector rests after an alarm: for a while none is raised anew. How long is not chosen on recordings that end soon after
//! their seizures (see [`Comparison::of`](super::Comparison::of)); here it is shown, together with the hours in which an alarm
//! could have been raised for nothing, since a rest that covers all that follows a seizure makes any detector look quiet.

use super::line::{AlarmSpan, Counting, JudgedPerson, PersonLine, score_lines};
use super::methods::{Method, figures};
use super::report::RestReport;
use super::settings::label_rule;
use crate::dataset::Dataset;
use crate::detect::{AccumulatorConfig, SettingError};

/// Scores a method with each rest, in the order given; nothing for a method whose alarms are looked at once more. Each
/// person's threshold and accumulator are those that `settings` has for them, but for the rest.
///
/// # Errors
/// [`SettingError`] where a setting is out of range.
pub(super) fn score_rests(
    dataset: &Dataset,
    method: &Method,
    rests_s: &[u64],
    settings: &dyn Fn(&str) -> Option<(f32, AccumulatorConfig)>,
    scored: &dyn Fn(&str) -> bool,
) -> Result<Vec<RestReport>, SettingError> {
    if method.second_look.is_some() {
        return Ok(Vec::new());
    }
    let people: Vec<&JudgedPerson> = method.people.iter().filter(|person| scored(&person.person)).collect();
    let lines: Vec<PersonLine> = people.iter().map(|person| PersonLine::of(dataset, person)).collect();
    rests_s
        .iter()
        .map(|&rest_s| {
            let alarms = people
                .iter()
                .zip(&lines)
                .map(|(person, line)| match settings(&person.person) {
                    Some((threshold, accumulator)) => line.alarms(
                        label_rule(threshold, method.ae_flag),
                        AccumulatorConfig { refractory_s: rest_s, ..accumulator },
                    ),
                    None => Ok(Vec::new()),
                })
                .collect::<Result<Vec<Vec<AlarmSpan>>, SettingError>>()?;
            let ready_s: usize =
                lines.iter().zip(&alarms).map(|(line, alarms)| seconds_ready(line, alarms, rest_s)).sum();
            let alarmed = lines.iter().zip(alarms.iter().map(Vec::as_slice));
            Ok(RestReport {
                rest_s,
                strict: figures(&score_lines(alarmed, Counting::Strict)),
                ready_hours: ready_s as f64 / 3600.0,
            })
        })
        .collect()
}

/// Seconds outside of seizures in which an alarm could have been raised: none lasted, and none had ended within the rest.
fn seconds_ready(line: &PersonLine, alarms: &[AlarmSpan], rest_s: u64) -> usize {
    let kept = |second: u64| {
        // Alarms rise in time: the last that was raised by then decides.
        let last = alarms.partition_point(|alarm| alarm.raised < second).checked_sub(1);
        last.is_some_and(|last| second < alarms[last].end + rest_s)
    };
    line.observed().filter(|&second| !line.is_seizure(second) && !kept(second)).count()
}
