//! The audit: what stands in the log of alarms, entry by entry.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::Api;
use super::input::Asked;
use super::problem::Problem;
use crate::alarm::log::{AuditPage, AuditQuery, PAGE};
use crate::alarm::request::time;

/// What reviewers may read.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(audit))
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Which {
    /// From this moment on: 2026-11-24T03:00:00Z, or a day.
    from: Option<String>,
    /// Before this moment.
    until: Option<String>,
    /// Of this person; the daemon's own are of `vigil`.
    who: Option<String>,
    /// Of this bed.
    bed: Option<String>,
    /// Of this alarm.
    alarm: Option<String>,
    /// Those before this number: the `next` of the page before.
    before: Option<i64>,
    /// So many at most: 100 where nothing is said, at most 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Every entry of the log, the latest first, a page at a time.
#[utoipa::path(get, path = "/audit", tag = "audit", params(Which), responses((status = 200, body = AuditPage)))]
async fn audit(State(api): State<Api>, Asked(which): Asked<Which>) -> Result<Json<AuditPage>, Problem> {
    api.read_log(move |log| {
        let end = |name, text: &Option<String>| text.as_deref().map(|text| time(name, text)).transpose();
        log.audit(&AuditQuery {
            from_us: end("from", &which.from)?,
            until_us: end("until", &which.until)?,
            who: which.who,
            bed: which.bed,
            alarm: which.alarm,
            before: which.before,
            limit: which.limit.unwrap_or(PAGE),
        })
    })
    .await
}
