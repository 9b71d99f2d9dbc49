//! Health and metrics: what systemd, load balancers and Prometheus ask for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::api::Api;
use crate::alarm::TechnicalKind;
use crate::ward::status::{BedStatus, Phase};

/// A proof older than this proves nothing.
const PROVEN_WITHIN: Duration = Duration::from_secs(20);

/// A bed is ready while its last verdict is this young.
const READY_WITHIN: Duration = Duration::from_secs(5);

/// When the supervisor looked, and what does not move.
type Proof = (Instant, Result<(), String>);

/// What the supervisor last found out about the daemon.
#[derive(Debug, Clone, Default)]
pub struct Proven {
    /// `None` before it looked for the first time.
    pub last: Arc<Mutex<Option<Proof>>>,
}

/// Whether data move: for whoever asks, without a word about beds.
pub async fn healthz(State(api): State<Api>) -> Response {
    let last = api.proven.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match last {
        Some((at, Ok(()))) if at.elapsed() < PROVEN_WITHIN => (StatusCode::OK, "ok\n").into_response(),
        Some((at, Ok(()))) => {
            let text = format!("the last proof is {:.0} s old\n", at.elapsed().as_secs_f64());
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
        // Why, the log says: the reason may name a bed.
        Some((_, Err(_))) => (StatusCode::SERVICE_UNAVAILABLE, "data does not move\n").into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, "not yet proven\n").into_response(),
    }
}

/// Ready is a ward in which every bed is being judged.
pub async fn readyz(State(api): State<Api>) -> Response {
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

/// Every metric, for Prometheus.
pub async fn metrics(State(api): State<Api>) -> Response {
    api.shared.metrics.inference_waiting.set(api.shared.inference.waiting() as i64);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], api.shared.metrics.text()).into_response()
}
