//! The ward and its beds: as they are, and changes to them.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tokio::sync::oneshot;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::Api;
use super::input::{Named, Told};
use super::problem::Problem;
use crate::config::BedConfig;
use crate::ward::request::{Answer, Request};
use crate::ward::status::BedStatus;

/// What everyone may read.
pub fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(ward)).routes(routes!(beds)).routes(routes!(bed))
}

/// What administrators may change.
pub fn changing() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(put_bed, delete_bed)).routes(routes!(reload))
}

/// The ward.
#[derive(Debug, Serialize, ToSchema)]
struct Ward {
    /// Its name.
    ward: String,
    /// Of the program.
    version: &'static str,
    /// Seconds since the daemon started.
    uptime_s: f64,
    /// How many beds.
    beds: usize,
    /// Verdicts since the daemon started.
    verdicts: u64,
    latency_ms: Latency,
    not_a_medical_device: &'static str,
}

/// From a window's last sample to its verdict, in milliseconds.
#[derive(Debug, Serialize, ToSchema)]
struct Latency {
    p50: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

/// What the page and the API say of themselves.
pub const NOT_A_MEDICAL_DEVICE: &str = "research and secondary notification only";

/// The ward as a whole.
#[utoipa::path(get, path = "/ward", tag = "beds", responses((status = 200, body = Ward)))]
async fn ward(State(api): State<Api>) -> Json<Ward> {
    let (verdicts, latencies) = api.shared.latencies.quantiles_ms(&[0.5, 0.99, 1.0]);
    let ward = api.config.borrow().ward.name.clone();
    let [p50, p99, max] = [0, 1, 2].map(|place| latencies.get(place).copied());
    Json(Ward {
        ward,
        version: env!("CARGO_PKG_VERSION"),
        uptime_s: api.shared.since_start_s(),
        beds: api.shared.board.all().len(),
        verdicts,
        latency_ms: Latency { p50, p99, max },
        not_a_medical_device: NOT_A_MEDICAL_DEVICE,
    })
}

/// Every bed as it is now.
#[utoipa::path(get, path = "/beds", tag = "beds", responses((status = 200, body = [BedStatus])))]
async fn beds(State(api): State<Api>) -> Json<Vec<BedStatus>> {
    Json(api.shared.board.all().into_iter().map(|bed| with_maintenance(&api, bed)).collect())
}

/// One bed as it is now.
#[utoipa::path(get, path = "/beds/{bed}", tag = "beds", params(("bed" = String, Path)),
    responses((status = 200, body = BedStatus)))]
async fn bed(State(api): State<Api>, Named(bed): Named<String>) -> Result<Json<BedStatus>, Problem> {
    Ok(Json(with_maintenance(&api, api.bed(&bed)?)))
}

fn with_maintenance(api: &Api, mut bed: BedStatus) -> BedStatus {
    bed.maintenance = api.shared.desk.maintained_by(&bed.bed);
    bed
}

/// What was done, in words.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changed {
    done: Vec<String>,
}

/// Adds a bed, or changes it; `name` may be left out of the body, a `[[bed]]` section of vigil.toml as JSON.
#[utoipa::path(put, path = "/beds/{bed}", tag = "beds", params(("bed" = String, Path)),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses((status = 200, body = Changed)))]
async fn put_bed(
    State(api): State<Api>,
    Named(bed): Named<String>,
    Told(mut value): Told<serde_json::Value>,
) -> Result<Json<Changed>, Problem> {
    if let Some(object) = value.as_object_mut() {
        object.entry("name").or_insert_with(|| bed.clone().into());
    }
    let config: BedConfig = serde_json::from_value(value)
        .map_err(|error| Problem::mistake(format!("no configuration of a bed: {error}")))?;
    if config.name != bed {
        return Err(Problem::mistake(format!("the body names bed {}, the address {bed}", config.name)));
    }
    let (answer, wait) = oneshot::channel();
    ask(&api, Request::Put(Box::new(config), answer), wait).await
}

/// Removes a bed.
#[utoipa::path(delete, path = "/beds/{bed}", tag = "beds", params(("bed" = String, Path)),
    responses((status = 200, body = Changed)))]
async fn delete_bed(State(api): State<Api>, Named(bed): Named<String>) -> Result<Json<Changed>, Problem> {
    let (answer, wait) = oneshot::channel();
    ask(&api, Request::Remove(bed, answer), wait).await
}

/// Reads vigil.toml again.
#[utoipa::path(post, path = "/reload", tag = "beds", responses((status = 200, body = Changed)))]
async fn reload(State(api): State<Api>) -> Result<Json<Changed>, Problem> {
    let (answer, wait) = oneshot::channel();
    ask(&api, Request::Reload(answer), wait).await
}

async fn ask(api: &Api, request: Request, wait: oneshot::Receiver<Answer>) -> Result<Json<Changed>, Problem> {
    let stopping = || Problem::unavailable("the daemon is stopping; try again when it runs");
    api.ward.send(request).await.map_err(|_| stopping())?;
    let done = wait.await.map_err(|_| stopping())??;
    Ok(Json(Changed { done }))
}
