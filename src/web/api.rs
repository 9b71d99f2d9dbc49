//! What the handlers share, and which of them who may reach.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tokio::sync::{mpsc, watch};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use super::caller::allowed;
use super::gate::Gate;
use super::health::{Proven, healthz, metrics, readyz};
use super::live::Live;
use super::problem::Problem;
use super::{
    accounts, alarms, audit, beds, dress, exports, gate, live, openapi, page, patients, recalibration,
    reviews, second, session, signal,
};
use crate::access::Right;
use crate::alarm::entry::Entry;
use crate::alarm::log::log_path;
use crate::alarm::{AlarmLog, LogError};
use crate::config::WardConfig;
use crate::review::Recorded;
use crate::ward::alarms::ActError;
use crate::ward::request::Request as WardRequest;
use crate::ward::shared::Shared;
use crate::ward::status::BedStatus;

/// A request's body is a review or a bed's configuration: small.
pub const LARGEST_BODY: usize = 64 << 10;

/// What the handlers need.
#[derive(Clone)]
pub struct Api {
    /// What the beds share.
    pub shared: Arc<Shared>,
    /// The way to the keeper of the beds.
    pub ward: mpsc::Sender<WardRequest>,
    /// vigil.toml as it holds now.
    pub config: watch::Receiver<WardConfig>,
    /// The proof that data moves.
    pub proven: Proven,
    /// Who is let in.
    pub gate: Arc<Gate>,
    /// What pages are told while it happens.
    pub live: Live,
    /// What is known of the record's files.
    pub recorded: Arc<Recorded>,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// The log's entry.
    pub done: String,
}

impl Api {
    /// Reads the log on a thread of its own: nobody who asks keeps the desk from its work.
    ///
    /// # Errors
    /// What the log says, as a [`Problem`].
    pub async fn read_log<T: Send + 'static>(
        &self,
        read: impl FnOnce(&AlarmLog) -> Result<T, LogError> + Send + 'static,
    ) -> Result<Json<T>, Problem> {
        let path = log_path(&self.shared.state);
        let read = move || AlarmLog::open_existing(&path).and_then(|log| read(&log));
        Ok(Json(blocking(read).await??))
    }

    /// A person's act: done when it stands in the log.
    ///
    /// # Errors
    /// [`ActError`].
    pub async fn try_act(&self, entry: Entry, after: Option<i64>) -> Result<Json<Done>, ActError> {
        let done = entry.key.clone();
        self.shared.desk.act(entry, after).await?;
        Ok(Json(Done { done }))
    }

    /// The same, with the refusal as a [`Problem`].
    ///
    /// # Errors
    /// A [`Problem`].
    pub async fn act(&self, entry: Entry, after: Option<i64>) -> Result<Json<Done>, Problem> {
        Ok(self.try_act(entry, after).await?)
    }

    /// A bed as it is now.
    ///
    /// # Errors
    /// A [`Problem`] where there is no such bed.
    pub fn bed(&self, bed: &str) -> Result<BedStatus, Problem> {
        self.shared.board.get(bed).ok_or_else(|| Problem::not_found(format!("there is no bed {bed}")))
    }
}

/// Does what waits for a disk on a thread for that.
///
/// # Errors
/// A [`Problem`] where it panicked.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(&error))
}

/// Everything that the port answers to.
pub fn router(api: Api) -> Router {
    // Whoever is let in at all.
    let (session, mut doc) = under_v1(session::routes()).split_for_parts();
    let mut router =
        Router::new().route("/healthz", get(healthz)).merge(page::routes()).merge(session).merge(needing(
            Right::Watch,
            Router::new().route("/readyz", get(readyz)).route("/metrics", get(metrics)),
        ));
    for (right, routes) in [
        (Right::Watch, alarms::reading().merge(reviews::reading()).merge(beds::reading())),
        (Right::Watch, live::routes().merge(patients::reading()).merge(signal::reading())),
        (Right::Watch, session::own()),
        (Right::Acknowledge, alarms::acting()),
        (Right::Review, reviews::judging().merge(second::routes())),
        (Right::Review, audit::routes().merge(exports::routes()).merge(recalibration::routes())),
        (Right::Administer, beds::changing().merge(patients::changing()).merge(accounts::administering())),
    ] {
        let (routes, mut described) = under_v1(routes).split_for_parts();
        openapi::needs(&mut described, right);
        doc.merge(described);
        router = router.merge(needing(right, routes));
    }
    let doc = openapi::complete(doc);
    router
        .merge(needing(Right::Watch, openapi::route(&doc)))
        .fallback(|request: Request| async move {
            Problem::not_found(format!("there is nothing at {}", request.uri().path()))
        })
        .method_not_allowed_fallback(|request: Request| async move {
            let words = format!("{} does not understand {}", request.uri().path(), request.method());
            Problem::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, words).into_response()
        })
        .layer(from_fn(to_its_end))
        .layer(from_fn_with_state(api.gate.clone(), gate::let_in))
        .layer(from_fn(dress::dressed))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(api)
}

fn under_v1(routes: OpenApiRouter<Api>) -> OpenApiRouter<Api> {
    OpenApiRouter::new().nest("/api/v1", routes)
}

/// A change that was begun is done, and entered into the log, also where whoever asked for it hangs up meanwhile.
async fn to_its_end(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(error) => Problem::internal(&error).into_response(),
    }
}

fn needing(right: Right, routes: Router<Api>) -> Router<Api> {
    routes.route_layer(from_fn(move |request: Request, next: Next| allowed(right, request, next)))
}
