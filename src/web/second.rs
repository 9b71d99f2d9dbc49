//! The second, blinded reading, and how far readers agree.
//!
//! Invariant: what a second reader is asked to read ([`to_read`]) and told when it was refused holds nothing of the first
//! judgement.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::alarms::ends;
use super::api::{Api, Done};
use super::caller::Caller;
use super::input::{Asked, Named, Told};
use super::problem::Problem;
use super::reviews::Judging;
use crate::alarm::agreement::{Agreement, agreement};
use crate::alarm::log::ToRead;

/// What reviewers may do.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(to_read)).routes(routes!(read_again)).routes(routes!(agreed))
}

/// What somebody may read a second time.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Reading {
    /// Raised from this moment on: 2026-11-24T03:00:00Z, or a day.
    from: Option<String>,
    /// Raised before this moment.
    until: Option<String>,
    /// Those of this bed.
    bed: Option<String>,
    /// Those of this patient.
    patient: Option<String>,
    /// Who reads, where nobody is signed in.
    by: Option<String>,
}

/// Alarms that others have judged once, and nobody has read a second time, in the order in which they were raised. Nothing
/// of the first judgement is told, and all judgements are among them.
#[utoipa::path(get, path = "/second-reading", tag = "reviews", params(Reading),
    responses((status = 200, body = [ToRead])))]
async fn to_read(
    State(api): State<Api>,
    caller: Caller,
    Asked(reading): Asked<Reading>,
) -> Result<Json<Vec<ToRead>>, Problem> {
    let reader = caller.named(reading.by.as_deref())?;
    api.read_log(move |log| {
        let (from, until) = ends(&reading.from, &reading.until)?;
        let mut waiting = log.to_read_again(from, until, &reader)?;
        waiting.retain(|alarm| {
            reading.bed.as_ref().is_none_or(|bed| alarm.bed == *bed)
                && reading.patient.as_ref().is_none_or(|patient| alarm.patient == *patient)
        });
        Ok(waiting)
    })
    .await
}

/// Judges an alarm a second time, as another person than its first reviewer (else 403). Where another has read it a
/// second time meanwhile, nothing is changed, and the answer (409) holds their reading as `current`. The first judgement
/// stays what rates count.
#[utoipa::path(post, path = "/alarms/{alarm}/second-review", tag = "reviews", params(("alarm" = String, Path)),
    request_body = Judging, responses((status = 200, body = Done)))]
async fn read_again(
    State(api): State<Api>,
    caller: Caller,
    Named(alarm): Named<String>,
    Told(judging): Told<Judging>,
) -> Result<Json<Done>, Problem> {
    let who = caller.named(judging.by.as_deref())?;
    let request = judging.by(who);
    let entry = request.second_entry(&alarm, &api.shared.desk.now())?;
    api.judge(alarm, entry, request.after, |held| held.second_reading).await
}

/// Whose agreement.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Of alarms raised from this moment on.
    from: Option<String>,
    /// Of alarms raised before this moment.
    until: Option<String>,
    /// Of this bed's alarms.
    bed: Option<String>,
    /// Of this patient's alarms.
    patient: Option<String>,
}

/// How far first and second readers agree: the table, Cohen's kappa with its interval, and where they differ.
#[utoipa::path(get, path = "/agreement", tag = "reviews", params(Which), responses((status = 200, body = Agreement)))]
async fn agreed(State(api): State<Api>, Asked(which): Asked<Which>) -> Result<Json<Agreement>, Problem> {
    api.read_log(move |log| {
        let (from, until) = ends(&which.from, &which.until)?;
        let mut alarms = log.alarms(from, until)?;
        alarms.retain(|alarm| {
            which.bed.as_ref().is_none_or(|bed| alarm.bed == *bed)
                && which.patient.as_ref().is_none_or(|patient| alarm.patient == *patient)
        });
        Ok(agreement(&alarms))
    })
    .await
}
