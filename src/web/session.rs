//! Sessions: who is signed in, signing in and out.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::Api;
use super::beds::NOT_A_MEDICAL_DEVICE;
use super::caller::Caller;
use crate::access::{Right, Role};

/// For whoever asks.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(session))
}

/// Who is signed in, and what they may.
#[derive(Debug, Serialize, ToSchema)]
struct Session {
    /// `open`: on this machine alone, without accounts; `accounts`: somebody must sign in.
    mode: &'static str,
    signed_in: bool,
    /// Who; null without accounts: then each act names who acts.
    person: Option<String>,
    role: Option<Role>,
    may: May,
    /// What a page sends as X-CSRF-Token with each change.
    csrf: Option<String>,
    ward: String,
    version: &'static str,
    not_a_medical_device: &'static str,
}

/// Rights.
#[derive(Debug, Default, Serialize, ToSchema)]
struct May {
    acknowledge: bool,
    review: bool,
    administer: bool,
    see_names: bool,
}

/// Who is signed in, and what they may.
#[utoipa::path(get, path = "/session", tag = "session", responses((status = 200, body = Session)))]
async fn session(State(api): State<Api>, caller: Option<axum::Extension<Caller>>) -> Json<Session> {
    let caller = caller.map(|caller| caller.0);
    let may = |right| caller.as_ref().is_some_and(|caller| caller.may(right));
    Json(Session {
        mode: "open",
        signed_in: caller.is_some(),
        person: caller.as_ref().and_then(|caller| caller.person.clone()),
        role: caller.as_ref().map(|caller| caller.role),
        may: May {
            acknowledge: may(Right::Acknowledge),
            review: may(Right::Review),
            administer: may(Right::Administer),
            see_names: may(Right::SeeNames),
        },
        csrf: Some(api.gate.csrf.clone()),
        ward: api.config.borrow().ward.name.clone(),
        version: env!("CARGO_PKG_VERSION"),
        not_a_medical_device: NOT_A_MEDICAL_DEVICE,
    })
}
