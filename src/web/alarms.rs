//! Alarms: the list, one alarm with its history, what nurses do with them, and the measured rates.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::{Api, Done};
use super::caller::Caller;
use super::input::{Asked, Named, Told};
use super::problem::Problem;
use crate::alarm::entry::{Entry, What};
use crate::alarm::log::{AlarmRecord, Held};
use crate::alarm::rate::{By, Rate, rates};
use crate::alarm::request::time;
use crate::alarm::state::AlarmKind;
use crate::alarm::{AlarmLog, LogError};

/// What everyone may read.
pub fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show)).routes(routes!(measured_rates))
}

/// What nurses may do.
pub fn acting() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(acknowledge)).routes(routes!(pause)).routes(routes!(maintenance))
}

/// A period of the wall clock.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// From this moment on: 2026-11-24T03:00:00Z, or a day.
    pub from: Option<String>,
    /// Before this moment.
    pub until: Option<String>,
}

impl Period {
    /// Both ends, in microseconds since 1970.
    ///
    /// # Errors
    /// [`LogError::Mistake`] where one is no time.
    pub fn ends(&self) -> Result<(i64, i64), LogError> {
        ends(&self.from, &self.until)
    }
}

/// Both ends of a period that a query gives, in microseconds since 1970.
///
/// # Errors
/// [`LogError::Mistake`] where one is no time.
pub fn ends(from: &Option<String>, until: &Option<String>) -> Result<(i64, i64), LogError> {
    let end = |name, text: &Option<String>, otherwise| {
        text.as_deref().map_or(Ok(otherwise), |text| time(name, text))
    };
    Ok((end("from", from, i64::MIN)?, end("until", until, i64::MAX)?))
}

/// Which alarms.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Raised from this moment on: 2026-11-24T03:00:00Z, or a day.
    from: Option<String>,
    /// Raised before this moment.
    until: Option<String>,
    /// Those alone that last, or that nobody has taken note of.
    #[serde(default)]
    open: bool,
    /// Those of this bed.
    bed: Option<String>,
    /// Those of this patient.
    patient: Option<String>,
    /// Seizure alarms, or technical ones.
    #[param(inline)]
    kind: Option<AlarmKind>,
    /// Those that nobody has judged.
    #[serde(default)]
    unreviewed: bool,
}

impl Which {
    /// The alarms, in the order in which they were raised.
    ///
    /// # Errors
    /// [`LogError`], also where an end of the period is no time.
    pub(super) fn found(&self, log: &AlarmLog) -> Result<Vec<Held>, LogError> {
        let (from, until) = ends(&self.from, &self.until)?;
        let mut alarms = if self.open { log.open_alarms()? } else { log.alarms(from, until)? };
        alarms.retain(|alarm| self.holds(alarm));
        Ok(alarms)
    }

    fn holds(&self, alarm: &Held) -> bool {
        self.bed.as_ref().is_none_or(|bed| alarm.bed == *bed)
            && self.patient.as_ref().is_none_or(|patient| alarm.patient == *patient)
            && self.kind.is_none_or(|kind| alarm.kind() == kind)
            && !(self.unreviewed && (alarm.review.is_some() || alarm.kind() != AlarmKind::Seizure))
    }
}

/// Alarms in the order in which they were raised.
#[utoipa::path(get, path = "/alarms", tag = "alarms", params(Which), responses((status = 200, body = [AlarmRecord])))]
async fn list(State(api): State<Api>, Asked(which): Asked<Which>) -> Result<Json<Vec<AlarmRecord>>, Problem> {
    let shared = api.shared.clone();
    api.read_log(move |log| {
        let found = which.found(log)?;
        // What the log holds is no later than now.
        let now = shared.desk.now();
        Ok(found.iter().map(|held| held.record(&now)).collect())
    })
    .await
}

/// One alarm and what became of it.
#[derive(Debug, Serialize, ToSchema)]
struct Shown {
    alarm: AlarmRecord,
    history: Vec<Past>,
}

/// An entry about an alarm.
#[derive(Debug, Serialize, ToSchema)]
struct Past {
    seq: i64,
    time: String,
    who: String,
    entry: What,
}

/// One alarm with its history.
#[utoipa::path(get, path = "/alarms/{alarm}", tag = "alarms", params(("alarm" = String, Path)),
    responses((status = 200, body = Shown)))]
async fn show(State(api): State<Api>, Named(alarm): Named<String>) -> Result<Json<Shown>, Problem> {
    let shared = api.shared.clone();
    api.read_log(move |log| {
        let history = log.history(&alarm)?;
        let held = Held::fold(&history).ok_or(LogError::NoAlarm { alarm })?;
        let now = shared.desk.now();
        let past = history.into_iter().map(|logged| {
            let entry = logged.entry;
            Past { seq: logged.seq, time: entry.at.text(), who: entry.who, entry: entry.what }
        });
        Ok(Shown { alarm: held.record(&now), history: past.collect() })
    })
    .await
}

/// Whose rates.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Rated {
    /// From this moment on.
    from: Option<String>,
    /// Before this moment.
    until: Option<String>,
    /// The ward's, each bed's or each patient's.
    #[param(inline)]
    by: Option<By>,
}

/// The measured false alarm rate and sensitivity, each with what it rests on.
#[utoipa::path(get, path = "/rates", tag = "alarms", params(Rated), responses((status = 200, body = [Rate])))]
async fn measured_rates(
    State(api): State<Api>,
    Asked(rated): Asked<Rated>,
) -> Result<Json<Vec<Rate>>, Problem> {
    api.read_log(move |log| {
        let (from, until) = ends(&rated.from, &rated.until)?;
        let (alarms, stretches) = (log.alarms(from, until)?, log.stretches(from, until)?);
        Ok(rates(rated.by.unwrap_or(By::Ward), &alarms, &stretches, &log.marks(from, until)?))
    })
    .await
}

/// Who acts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Acting {
    /// Who, where nobody is signed in.
    by: Option<String>,
}

/// Takes note of an alarm.
#[utoipa::path(post, path = "/alarms/{alarm}/acknowledge", tag = "alarms", params(("alarm" = String, Path)),
    request_body = Acting, responses((status = 200, body = Done)))]
async fn acknowledge(
    State(api): State<Api>,
    caller: Caller,
    Named(alarm): Named<String>,
    Told(acting): Told<Acting>,
) -> Result<Json<Done>, Problem> {
    let who = caller.named(acting.by.as_deref())?;
    api.act(Entry::of_alarm(&alarm, &api.shared.desk.now(), &who, What::Acknowledged), None).await
}

/// Who turns the sound off, and for how long.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Pausing {
    /// Who, where nobody is signed in.
    by: Option<String>,
    /// For how many seconds: at most 600.
    seconds: u32,
}

/// Turns an alarm's sound off for a stated time.
#[utoipa::path(post, path = "/alarms/{alarm}/pause", tag = "alarms", params(("alarm" = String, Path)),
    request_body = Pausing, responses((status = 200, body = Done)))]
async fn pause(
    State(api): State<Api>,
    caller: Caller,
    Named(alarm): Named<String>,
    Told(pausing): Told<Pausing>,
) -> Result<Json<Done>, Problem> {
    let who = caller.named(pausing.by.as_deref())?;
    let what = What::AudioPaused { for_s: pausing.seconds };
    api.act(Entry::of_alarm(&alarm, &api.shared.desk.now(), &who, what), None).await
}

/// Work on a bed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Maintaining {
    /// Who, where nobody is signed in.
    by: Option<String>,
    /// Whether it begins or ends.
    begins: bool,
    /// Why.
    #[serde(default)]
    note: String,
}

/// Begins or ends a bed's maintenance: what its detector says meanwhile counts for nothing.
#[utoipa::path(put, path = "/beds/{bed}/maintenance", tag = "beds", params(("bed" = String, Path)),
    request_body = Maintaining, responses((status = 200, body = Done)))]
async fn maintenance(
    State(api): State<Api>,
    caller: Caller,
    Named(bed): Named<String>,
    Told(work): Told<Maintaining>,
) -> Result<Json<Done>, Problem> {
    let who = caller.named(work.by.as_deref())?;
    api.bed(&bed)?;
    let what = What::Maintenance { begins: work.begins, note: work.note };
    api.act(Entry::of_bed(&bed, &api.shared.desk.now(), &who, what), None).await
}
