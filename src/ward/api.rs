//! Health, metrics and the API, over HTTP.
//!
//! Everything may be read. What changes something needs the secret word, as `Authorization: Bearer …`;
//! where none is configured, nothing can be changed over the network.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};

use super::alarm_api;
use super::request::{Answer, Refused, Request};
use super::shared::{Shared, time_text};
use super::status::{BedStatus, Phase};
use crate::alarm::TechnicalKind;
use crate::config::versions::{switch_to, switches, version_in_use, versions};
use crate::config::{BedConfig, ConfigError, PatientId, WardConfig};

/// A proof older than this proves nothing.
const PROVEN_WITHIN: Duration = Duration::from_secs(20);

/// A bed is ready while its last verdict is this young.
const READY_WITHIN: Duration = Duration::from_secs(5);

/// A request's body is a bed's configuration: small.
const LARGEST_BODY: usize = 64 << 10;

/// When the supervisor looked, and what does not move.
type Proof = (Instant, Result<(), String>);

/// What the supervisor last found out about the daemon.
#[derive(Debug, Clone, Default)]
pub struct Proven {
    /// `None` before it looked for the first time.
    pub last: Arc<Mutex<Option<Proof>>>,
}

/// What the API needs.
#[derive(Clone)]
pub struct Api {
    /// What the beds share.
    pub shared: Arc<Shared>,
    /// The way to the keeper of the beds.
    pub ward: mpsc::Sender<Request>,
    /// vigil.toml as it holds now.
    pub config: watch::Receiver<WardConfig>,
    /// The secret word.
    pub token: Option<Arc<str>>,
    /// The proof that data moves.
    pub proven: Proven,
}

/// Serves until `stop` says so.
///
/// # Errors
/// What the operating system says.
pub async fn serve(
    listener: TcpListener,
    api: Api,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/api/ward", get(ward))
        .route("/api/beds", get(beds))
        .route("/api/beds/{bed}", get(bed).put(put_bed).delete(delete_bed))
        .route("/api/reload", post(reload))
        .route("/api/patients/{id}/versions", get(patient_versions))
        .route("/api/patients/{id}/version", put(switch_version))
        .merge(alarm_api::routes())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(api);
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

async fn healthz(State(api): State<Api>) -> Response {
    let last = api.proven.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match last {
        Some((at, Ok(()))) if at.elapsed() < PROVEN_WITHIN => (StatusCode::OK, "ok\n").into_response(),
        Some((at, Ok(()))) => {
            let text = format!("the last proof is {:.0} s old\n", at.elapsed().as_secs_f64());
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
        Some((_, Err(reason))) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, "not yet proven\n").into_response(),
    }
}

/// Ready is a ward in which every bed is being judged.
async fn readyz(State(api): State<Api>) -> Response {
    let waiting: Vec<serde_json::Value> = api
        .shared
        .board
        .all()
        .iter()
        .filter_map(|status| Some(json!({ "bed": status.bed, "why": not_ready(status)? })))
        .collect();
    let code = if waiting.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(json!({ "ready": waiting.is_empty(), "waiting_for": waiting }))).into_response()
}

fn not_ready(status: &BedStatus) -> Option<String> {
    match status.phase {
        Phase::Ended => None,
        Phase::Connecting | Phase::Unusable => {
            Some(status.reason.clone().unwrap_or_else(|| "not connected yet".into()))
        }
        Phase::Watching if status.judged.is_some_and(|at| at.elapsed() < READY_WITHIN) => None,
        Phase::Watching => Some(match status.technical.get(&TechnicalKind::NoSignal) {
            Some(detail) => detail.clone(),
            None => "no verdict yet".to_string(),
        }),
    }
}

async fn metrics(State(api): State<Api>) -> Response {
    api.shared.metrics.inference_waiting.set(api.shared.inference.waiting() as i64);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], api.shared.metrics.text()).into_response()
}

async fn ward(State(api): State<Api>) -> Json<serde_json::Value> {
    let (verdicts, latencies) = api.shared.latencies.quantiles_ms(&[0.5, 0.99, 1.0]);
    let name = api.config.borrow().ward.name.clone();
    Json(json!({
        "ward": name,
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_s": api.shared.since_start_s(),
        "beds": api.shared.board.all().len(),
        "verdicts": verdicts,
        "latency_ms": { "p50": latencies.first(), "p99": latencies.get(1), "max": latencies.get(2) },
        "not_a_medical_device": "research and secondary notification only",
    }))
}

async fn beds(State(api): State<Api>) -> Json<Vec<BedStatus>> {
    Json(api.shared.board.all())
}

async fn bed(State(api): State<Api>, Path(bed): Path<String>) -> Response {
    match api.shared.board.get(&bed) {
        Some(status) => Json(status).into_response(),
        None => refused(&Refused::NoSuchBed(bed)),
    }
}

async fn put_bed(
    State(api): State<Api>,
    Path(bed): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    if let Some(refusal) = unauthorised(&api, &headers) {
        return refusal;
    }
    let mut value: serde_json::Value = match serde_json::from_str(&body) {
        Ok(value) => value,
        Err(error) => return refused(&Refused::Mistake(format!("the body is no JSON: {error}"))),
    };
    if let Some(object) = value.as_object_mut() {
        object.entry("name").or_insert_with(|| bed.clone().into());
    }
    match serde_json::from_value::<BedConfig>(value) {
        Ok(config) if config.name == bed => {
            let (answer, wait) = oneshot::channel();
            ask(&api, Request::Put(Box::new(config), answer), wait).await
        }
        Ok(config) => {
            refused(&Refused::Mistake(format!("the body names bed {}, the address {bed}", config.name)))
        }
        Err(error) => refused(&Refused::Mistake(format!("no configuration of a bed: {error}"))),
    }
}

async fn delete_bed(State(api): State<Api>, Path(bed): Path<String>, headers: HeaderMap) -> Response {
    if let Some(refusal) = unauthorised(&api, &headers) {
        return refusal;
    }
    let (answer, wait) = oneshot::channel();
    ask(&api, Request::Remove(bed, answer), wait).await
}

async fn reload(State(api): State<Api>, headers: HeaderMap) -> Response {
    if let Some(refusal) = unauthorised(&api, &headers) {
        return refusal;
    }
    let (answer, wait) = oneshot::channel();
    ask(&api, Request::Reload(answer), wait).await
}

async fn patient_versions(State(api): State<Api>, Path(id): Path<String>) -> Response {
    let patients = api.config.borrow().ward.patients.clone();
    let Ok(id) = PatientId::new(&id) else { return refused(&Refused::Mistake(format!("{id:?} is no id"))) };
    let comparisons: Vec<serde_json::Value> = versions(&patients, &id)
        .into_iter()
        .map(|version| {
            let path =
                crate::config::versions::version_folder(&patients, &id, version).join("comparison.json");
            let comparison: Option<serde_json::Value> =
                std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
            json!({ "version": version, "comparison": comparison })
        })
        .collect();
    Json(json!({
        "patient": id.as_str(),
        "in_use": version_in_use(&patients, &id),
        "versions": comparisons,
        "switches": switches(&patients, &id),
    }))
    .into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SwitchTo {
    version: u32,
    by: String,
}

async fn switch_version(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    if let Some(refusal) = unauthorised(&api, &headers) {
        return refusal;
    }
    let wanted: SwitchTo = match serde_json::from_str(&body) {
        Ok(wanted) => wanted,
        Err(error) => {
            let expected = "expected {\"version\": 1, \"by\": \"who switches\"}";
            return refused(&Refused::Mistake(format!("{error}; {expected}")));
        }
    };
    let Ok(id) = PatientId::new(&id) else { return refused(&Refused::Mistake(format!("{id:?} is no id"))) };
    let patients = api.config.borrow().ward.patients.clone();
    let (time, patient) = (time_text(api.shared.unix_now()), id.clone());
    let switched = tokio::task::spawn_blocking(move || {
        switch_to(&patients, &patient, wanted.version, &time, &wanted.by)
    })
    .await;
    match switched {
        Ok(Ok(switch)) => {
            let _ = api.ward.send(Request::ModelsChanged { patient: id }).await;
            Json(switch).into_response()
        }
        Ok(Err(error @ ConfigError::NoVersion { .. })) => refused(&Refused::Mistake(error.to_string())),
        Ok(Err(error)) => refused(&Refused::Failed(error.to_string())),
        Err(error) => refused(&Refused::Failed(error.to_string())),
    }
}

async fn ask(api: &Api, request: Request, wait: oneshot::Receiver<Answer>) -> Response {
    if api.ward.send(request).await.is_err() {
        return refused(&Refused::Failed("the daemon is stopping".into()));
    }
    match wait.await {
        Ok(Ok(done)) => Json(json!({ "done": done })).into_response(),
        Ok(Err(refusal)) => refused(&refusal),
        Err(_) => refused(&Refused::Failed("the daemon is stopping".into())),
    }
}

fn refused(refusal: &Refused) -> Response {
    let (code, words) = match refusal {
        Refused::Mistake(words) => (StatusCode::BAD_REQUEST, words.clone()),
        Refused::NoSuchBed(bed) => (StatusCode::NOT_FOUND, format!("there is no bed {bed}")),
        Refused::Failed(words) => (StatusCode::INTERNAL_SERVER_ERROR, words.clone()),
    };
    (code, Json(json!({ "error": words }))).into_response()
}

pub(super) fn unauthorised(api: &Api, headers: &HeaderMap) -> Option<Response> {
    let Some(token) = &api.token else {
        let words = "nothing can be changed over the network: no token is configured (http.token_file)";
        return Some((StatusCode::FORBIDDEN, Json(json!({ "error": words }))).into_response());
    };
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if given.is_some_and(|given| same(given.trim().as_bytes(), token.as_bytes())) {
        return None;
    }
    let words = "this needs the token: Authorization: Bearer ...";
    Some((StatusCode::UNAUTHORIZED, Json(json!({ "error": words }))).into_response())
}

/// Compares without telling by its time how much was right.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}
