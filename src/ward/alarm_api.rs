//! Alarms over HTTP: the list, one alarm with its history, what people do with them, and the measured rates.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::alarms::ActError;
use super::api::{Api, unauthorised};
use super::shared::Shared;
use crate::alarm::entry::{Entry, What};
use crate::alarm::log::{Held, log_path};
use crate::alarm::moment::Moment;
use crate::alarm::rate::{By, rates};
use crate::alarm::request::{MissedRequest, ReviewRequest, WithdrawRequest, somebody, time};
use crate::alarm::{AlarmLog, LogError};

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/api/alarms", get(list))
        .route("/api/alarms/rate", get(rate))
        .route("/api/alarms/{alarm}", get(show))
        .route("/api/alarms/{alarm}/acknowledge", post(acknowledge))
        .route("/api/alarms/{alarm}/pause", post(pause))
        .route("/api/alarms/{alarm}/review", post(review))
        .route("/api/missed", get(marks).post(missed))
        .route("/api/missed/withdraw", post(withdraw))
        .route("/api/beds/{bed}/maintenance", put(maintenance))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Period {
    from: Option<String>,
    until: Option<String>,
    #[serde(default)]
    open: bool,
    by: Option<String>,
}

impl Period {
    fn ends(&self) -> Result<(i64, i64), LogError> {
        let end = |name, text: &Option<String>, otherwise| {
            text.as_deref().map_or(Ok(otherwise), |text| time(name, text))
        };
        Ok((end("from", &self.from, i64::MIN)?, end("until", &self.until, i64::MAX)?))
    }
}

async fn list(State(api): State<Api>, Query(period): Query<Period>) -> Response {
    let now = api.shared.desk.now();
    read(&api.shared, move |log| {
        let (from, until) = period.ends()?;
        let alarms = if period.open { log.open_alarms()? } else { log.alarms(from, until)? };
        let records: Vec<_> = alarms.iter().map(|held| held.record(&now)).collect();
        Ok(json!(records))
    })
    .await
}

async fn show(State(api): State<Api>, Path(alarm): Path<String>) -> Response {
    let now = api.shared.desk.now();
    read(&api.shared, move |log| {
        let history = log.history(&alarm)?;
        let held = Held::fold(&history).ok_or(LogError::NoAlarm { alarm })?;
        let history: Vec<_> = history
            .iter()
            .map(|logged| {
                let entry = &logged.entry;
                json!({ "seq": logged.seq, "time": entry.at.text(), "who": entry.who, "entry": entry.what })
            })
            .collect();
        Ok(json!({ "alarm": held.record(&now), "history": history }))
    })
    .await
}

async fn rate(State(api): State<Api>, Query(period): Query<Period>) -> Response {
    read(&api.shared, move |log| {
        let (from, until) = period.ends()?;
        let by = match period.by.as_deref() {
            None | Some("ward") => By::Ward,
            Some("bed") => By::Bed,
            Some("patient") => By::Patient,
            Some(other) => {
                let words = format!("by is {other:?}; expected ward, bed or patient");
                return Err(LogError::Mistake(words));
            }
        };
        let (alarms, stretches) = (log.alarms(from, until)?, log.stretches(from, until)?);
        Ok(json!(rates(by, &alarms, &stretches, &log.marks(from, until)?)))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    by: String,
}

async fn acknowledge(
    State(api): State<Api>,
    Path(alarm): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    act(&api, &headers, &body, "{\"by\": \"who acknowledges\"}", |request: Person| {
        let now = api.shared.desk.now();
        Ok((Entry::of_alarm(&alarm, &now, somebody(&request.by)?, What::Acknowledged), None))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pause {
    by: String,
    seconds: u32,
}

async fn pause(
    State(api): State<Api>,
    Path(alarm): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    act(&api, &headers, &body, "{\"by\": \"who pauses\", \"seconds\": 120}", |request: Pause| {
        let now = api.shared.desk.now();
        let what = What::AudioPaused { for_s: request.seconds };
        Ok((Entry::of_alarm(&alarm, &now, somebody(&request.by)?, what), None))
    })
    .await
}

async fn review(
    State(api): State<Api>,
    Path(alarm): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let expected = "{\"by\": \"who\", \"judgement\": \"seizure\" or \"false-alarm\" or \"uncertain\", \"note\": \"...\"}";
    act(&api, &headers, &body, expected, |request: ReviewRequest| {
        Ok((request.entry(&alarm, &api.shared.desk.now())?, request.after))
    })
    .await
}

async fn marks(State(api): State<Api>, Query(period): Query<Period>) -> Response {
    read(&api.shared, move |log| {
        let (from, until) = period.ends()?;
        Ok(json!(log.marks(from, until)?))
    })
    .await
}

async fn missed(State(api): State<Api>, headers: HeaderMap, body: String) -> Response {
    let expected = "{\"by\": \"who\", \"bed\": \"emu-01\", \"onset\": \"2026-11-24T03:00:00Z\", \"offset\": \"2026-11-24T03:01:00Z\"}";
    let entry = |request: MissedRequest, log: &AlarmLog, now: &Moment| request.entry(log, now);
    act_after_reading(&api, &headers, &body, expected, entry).await
}

async fn withdraw(State(api): State<Api>, headers: HeaderMap, body: String) -> Response {
    let entry = |request: WithdrawRequest, log: &AlarmLog, now: &Moment| request.entry(log, now);
    act_after_reading(&api, &headers, &body, "{\"by\": \"who\", \"mark\": \"which\"}", entry).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Maintenance {
    by: String,
    begins: bool,
    #[serde(default)]
    note: String,
}

async fn maintenance(
    State(api): State<Api>,
    Path(bed): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    act(&api, &headers, &body, "{\"by\": \"who\", \"begins\": true}", |request: Maintenance| {
        if api.shared.board.get(&bed).is_none() {
            return Err(LogError::Mistake(format!("there is no bed {bed}")));
        }
        let what = What::Maintenance { begins: request.begins, note: request.note };
        Ok((Entry::of_bed(&bed, &api.shared.desk.now(), somebody(&request.by)?, what), None))
    })
    .await
}

/// A person's act: allowed, understood, then done.
async fn act<T: for<'de> Deserialize<'de>>(
    api: &Api,
    headers: &HeaderMap,
    body: &str,
    expected: &str,
    entry: impl FnOnce(T) -> Result<(Entry, Option<i64>), LogError>,
) -> Response {
    match understood(api, headers, body, expected) {
        Ok(request) => done(api, entry(request)).await,
        Err(refusal) => *refusal,
    }
}

/// The same, of what the log must be asked about first: on a thread of its own.
async fn act_after_reading<T: for<'de> Deserialize<'de> + Send + 'static>(
    api: &Api,
    headers: &HeaderMap,
    body: &str,
    expected: &str,
    entry: impl FnOnce(T, &AlarmLog, &Moment) -> Result<Entry, LogError> + Send + 'static,
) -> Response {
    let request: T = match understood(api, headers, body, expected) {
        Ok(request) => request,
        Err(refusal) => return *refusal,
    };
    let (path, now) = (log_path(&api.shared.state), api.shared.desk.now());
    let read = tokio::task::spawn_blocking(move || {
        AlarmLog::open_existing(&path).and_then(|log| entry(request, &log, &now))
    });
    match read.await {
        Ok(entry) => done(api, entry.map(|entry| (entry, None))).await,
        Err(error) => refused(&LogError::Mistake(error.to_string())),
    }
}

fn understood<T: for<'de> Deserialize<'de>>(
    api: &Api,
    headers: &HeaderMap,
    body: &str,
    expected: &str,
) -> Result<T, Box<Response>> {
    if let Some(refusal) = unauthorised(api, headers) {
        return Err(Box::new(refusal));
    }
    serde_json::from_str(body)
        .map_err(|error| Box::new(refused(&LogError::Mistake(format!("{error}; expected {expected}")))))
}

async fn done(api: &Api, entry: Result<(Entry, Option<i64>), LogError>) -> Response {
    let (entry, after) = match entry {
        Ok(entry) => entry,
        Err(error) => return refused(&error),
    };
    let key = entry.key.clone();
    match api.shared.desk.act(entry, after).await {
        Ok(()) => Json(json!({ "done": key })).into_response(),
        Err(ActError::Refused(error)) => refused(&error),
        Err(error @ ActError::Stopping) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": error.to_string() }))).into_response()
        }
    }
}

/// Reads the log on a thread of its own: nobody who asks keeps the desk from its work.
async fn read(
    shared: &Arc<Shared>,
    read: impl FnOnce(&AlarmLog) -> Result<serde_json::Value, LogError> + Send + 'static,
) -> Response {
    let path = log_path(&shared.state);
    let done = tokio::task::spawn_blocking(move || AlarmLog::open_existing(&path).and_then(|log| read(&log)));
    match done.await {
        Ok(Ok(value)) => Json(value).into_response(),
        Ok(Err(error)) => refused(&error),
        Err(error) => refused(&LogError::Mistake(error.to_string())),
    }
}

fn refused(error: &LogError) -> Response {
    let code = match error {
        LogError::NoAlarm { .. } => StatusCode::NOT_FOUND,
        LogError::Refused { .. } | LogError::ReviewedMeanwhile { .. } => StatusCode::CONFLICT,
        LogError::Mistake(_) => StatusCode::BAD_REQUEST,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    (code, Json(json!({ "error": error.to_string() }))).into_response()
}
