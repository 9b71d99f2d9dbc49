//! What can be taken along: alarms as CSV, events as SzCORE tables, clips of EEG as EDF+.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::alarms::Which;
use super::api::{Api, blocking};
use super::input::{Asked, Named};
use super::problem::Problem;
use crate::alarm::export::{Occupant, csv, detected, occupants, reviewed};
use crate::alarm::log::{Held, Mark};
use crate::alarm::moment::wall_text;
use crate::alarm::request::time;
use crate::format::events::events_table;
use crate::record::{ClipNote, ExportError, MOST_CLIP_BYTES, RecordedSpan};
use crate::review::ReviewError;

/// Longest clip in seconds.
const LONGEST_CLIP_S: f64 = 3600.0;

/// Longest period of an events table, in seconds: a leap year.
const LONGEST_PERIOD_S: i64 = 366 * 86_400;

/// What reviewers may take along.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(alarms_csv)).routes(routes!(events)).routes(routes!(clip))
}

/// An answer that browsers save under a name. Names are made of what file names may hold alone.
fn file(kind: &'static str, name: &str, content: impl IntoResponse) -> Response {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let disposition = format!("attachment; filename=\"{}\"", name.chars().map(plain).collect::<String>());
    let headers = [(header::CONTENT_TYPE, kind.to_string()), (header::CONTENT_DISPOSITION, disposition)];
    (headers, content).into_response()
}

/// A moment as file names hold it: 20261124T030000Z.
fn stem(us: i64) -> String {
    wall_text(us - us.rem_euclid(1_000_000)).replace(['-', ':'], "").replace(".000", "")
}

/// Alarms as CSV, one a line, by the same filter as the list.
#[utoipa::path(get, path = "/alarms.csv", tag = "exports", params(Which),
    responses((status = 200, description = "a table", content_type = "text/csv", body = String)))]
async fn alarms_csv(State(api): State<Api>, Asked(which): Asked<Which>) -> Result<Response, Problem> {
    let now = api.shared.desk.now();
    let table = api.read_log(move |log| {
        let records: Vec<_> = which.found(log)?.iter().map(|held| held.record(&now)).collect();
        Ok(csv(&records))
    });
    Ok(file("text/csv; charset=utf-8", "alarms.csv", table.await?.0))
}

/// Whose events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Of {
    /// The detector's alarms.
    Detector,
    /// Alarms judged a seizure, with their corrected times, and seizures marked as missed.
    Reviewers,
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Events {
    /// The period's beginning, 2026-11-24T03:00:00Z, or a day; taken down to the second.
    from: String,
    /// The period's end; taken up to the second.
    until: String,
    /// Whose.
    #[param(inline)]
    of: Of,
    /// Of which patient, where the bed had several in the period.
    patient: Option<String>,
}

/// What a table is made of.
struct Found {
    alarms: Vec<Held>,
    marks: Vec<Mark>,
    there: Vec<Occupant>,
}

/// A bed's events of a period as a SzCORE table, which covers the whole period. Where the bed had several patients in it,
/// one must be named (409 otherwise). The header `X-Vigil-Unreviewed` counts the alarms of the period that nobody has
/// judged: in the reviewers' table they are no seizures.
#[utoipa::path(get, path = "/beds/{bed}/events.tsv", tag = "exports", params(("bed" = String, Path), Events),
    responses((status = 200, description = "events.tsv", content_type = "text/tab-separated-values", body = String)))]
async fn events(
    State(api): State<Api>,
    Named(bed): Named<String>,
    Asked(asked): Asked<Events>,
) -> Result<Response, Problem> {
    const SECOND: i64 = 1_000_000;
    let (from, until) = (time("from", &asked.from)?, time("until", &asked.until)?);
    let from = from - from.rem_euclid(SECOND);
    let until = until + (-until).rem_euclid(SECOND);
    if !(1..=LONGEST_PERIOD_S).contains(&((until - from) / SECOND)) {
        let words = format!(
            "from is {}, until is {}; expected until later, by a year at most",
            asked.from, asked.until
        );
        return Err(Problem::mistake(words));
    }
    let of_bed = bed.clone();
    let read = api.read_log(move |log| {
        let alarms = log.seizures_on(&of_bed)?;
        let mut marks = log.marks(i64::MIN, i64::MAX)?;
        marks.retain(|mark| mark.bed == of_bed);
        let there = occupants(&of_bed, (from, until), &log.stretches(from - 3600 * SECOND, until)?, &alarms);
        Ok(Found { alarms, marks, there })
    });
    let Found { alarms, marks, there } = read.await?.0;
    let patient = match (&asked.patient, there.as_slice()) {
        (Some(asked), _) => asked.clone(),
        (None, [one]) => one.patient.clone(),
        (None, []) => {
            let words = format!(
                "bed {bed} was not watched from {} to {}; expected a bed and a period of its watch",
                wall_text(from),
                wall_text(until)
            );
            return Err(Problem::not_found(words));
        }
        (None, several) => return Err(several_patients(&bed, several)),
    };
    let mine = |held: &&Held| held.patient == patient;
    let found = match asked.of {
        Of::Detector => detected(alarms.iter().filter(mine), (from, until)),
        Of::Reviewers => reviewed(
            alarms.iter().filter(mine),
            marks.iter().filter(|mark| mark.patient == patient),
            (from, until),
        ),
    };
    let touches = |held: &&Held| {
        held.span_us().is_some_and(|(onset, raised, ended)| {
            onset < until && ended.unwrap_or(raised) > from && held.review.is_none()
        })
    };
    let unreviewed = alarms.iter().filter(mine).filter(touches).count();
    let start =
        jiff::Timestamp::from_microsecond(from).map_err(|error| Problem::mistake(error.to_string()))?;
    let table = events_table(
        &found,
        TimeZone::UTC.to_datetime(start),
        (until - from) as f64 / 1e6,
        asked.of == Of::Detector,
    );
    let ending = if asked.of == Of::Detector { "events.tsv" } else { "reviewed_events.tsv" };
    let name = format!("{bed}_{}_{ending}", stem(from));
    let told = [("x-vigil-unreviewed", unreviewed.to_string())];
    Ok(file("text/tab-separated-values; charset=utf-8", &name, (told, table)))
}

fn several_patients(bed: &str, there: &[Occupant]) -> Problem {
    let told = |one: &Occupant| {
        format!("{} from {} to {}", one.patient, wall_text(one.from_us), wall_text(one.until_us))
    };
    let words = format!(
        "bed {bed} had {} patients in this period ({}); a table is of one: ask for a part of the period, or add patient=ID",
        there.len(),
        there.iter().map(told).collect::<Vec<_>>().join(", ")
    );
    let patients: Vec<_> = there
        .iter()
        .map(|one| json!({ "patient": one.patient, "from": wall_text(one.from_us), "until": wall_text(one.until_us) }))
        .collect();
    Problem::new(StatusCode::CONFLICT, words).with("patients", patients.into())
}

/// A clip.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Clip {
    /// Its beginning: seconds since 1970, or 2026-11-24T03:00:00Z.
    from: String,
    /// Its length: at most an hour.
    #[param(minimum = 1, maximum = 3600)]
    seconds: f64,
    /// Whether judgements are among its annotations: no, for a reader who shall not see them.
    judgements: Option<bool>,
}

/// A clip of recorded EEG as EDF+, EDF+D where it has gaps. Annotated are alarms, judgements, marks of missed seizures, the
/// detector's labels and the gaps. The patient is named by id alone, and nobody who judged is named.
#[utoipa::path(get, path = "/beds/{bed}/clip.edf", tag = "exports", params(("bed" = String, Path), Clip),
    responses((status = 200, description = "EDF+", content_type = "application/octet-stream", body = Vec<u8>)))]
async fn clip(
    State(api): State<Api>,
    Named(bed): Named<String>,
    Asked(asked): Asked<Clip>,
) -> Result<Response, Problem> {
    let folder = api.record_of(&bed)?;
    let from_s = match asked.from.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds.abs() < 1e11 => seconds,
        _ => time("from", &asked.from)? as f64 / 1e6,
    };
    if !(asked.seconds >= 1.0 && asked.seconds <= LONGEST_CLIP_S) {
        let words = format!("seconds is {}; expected 1 to {LONGEST_CLIP_S}", asked.seconds);
        return Err(Problem::mistake(words));
    }
    let to_s = from_s + asked.seconds;
    let (of, judgements) = (bed.clone(), asked.judgements.unwrap_or(true));
    let known = api.read_log(move |log| {
        let mut marks = log.marks(i64::MIN, i64::MAX)?;
        marks.retain(|mark| mark.bed == of);
        Ok((log.seizures_on(&of)?, marks))
    });
    let (alarms, marks) = known.await?.0;
    let of = bed.clone();
    let made = blocking(move || -> Result<Result<(f64, Vec<u8>), u64>, ReviewError> {
        let span = RecordedSpan::open(&folder, &of, from_s, to_s)?;
        if span.clip_bytes() > MOST_CLIP_BYTES {
            return Ok(Err(span.clip_bytes()));
        }
        let notes = notes(span.patient(), &alarms, &marks, judgements);
        let (_, bytes) = span.clip(&notes).map_err(|error| match error {
            ExportError::Record(error) => ReviewError::Record(error),
            error => ReviewError::Mistake(error.to_string()),
        })?;
        Ok(Ok((span.start_s(), bytes)))
    });
    match api.of_record(&bed, (from_s, to_s), made.await?).await? {
        Ok((start_s, bytes)) => {
            let name = format!("{bed}_{}.edf", stem((start_s * 1e6) as i64));
            Ok(file("application/octet-stream", &name, bytes))
        }
        Err(bytes) => {
            let (mb, most) = (bytes >> 20, MOST_CLIP_BYTES >> 20);
            let words =
                format!("the clip would have {mb} MB; expected at most {most}: ask for fewer seconds");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, words))
        }
    }
}

/// What the log knows of a patient's time in a bed.
fn notes(patient: &str, alarms: &[Held], marks: &[Mark], judgements: bool) -> Vec<ClipNote> {
    let s = |us: i64| us as f64 / 1e6;
    let mut notes = Vec::new();
    for held in alarms.iter().filter(|held| held.patient == patient) {
        let Some((onset, raised, ended)) = held.span_us() else { continue };
        let text = format!("vigil: seizure alarm {}", held.alarm);
        notes.push(ClipNote { from_s: s(onset), to_s: Some(s(ended.unwrap_or(raised))), text });
        notes.push(ClipNote { from_s: s(raised), to_s: None, text: "vigil: alarm raised".into() });
        if let Some(record) = held.review.as_ref().filter(|_| judgements) {
            let review = &record.review;
            let kind = review.seizure_type.as_ref().map(|kind| format!(", {kind}")).unwrap_or_default();
            notes.push(ClipNote {
                from_s: s(review.onset_us.unwrap_or(onset)),
                to_s: Some(s(review.offset_us.unwrap_or(ended.unwrap_or(raised)))),
                text: format!("review: {}{kind}", review.judgement.name()),
            });
        }
    }
    for mark in marks.iter().filter(|mark| judgements && mark.patient == patient) {
        let (from_s, to_s) = (s(mark.onset_us), Some(s(mark.offset_us)));
        notes.push(ClipNote { from_s, to_s, text: "review: missed seizure".into() });
    }
    notes
}
