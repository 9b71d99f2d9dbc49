//! Sessions: who is signed in, signing in and out.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::accounts::{audit, refusal};
use super::api::{Api, Done};
use super::beds::NOT_A_MEDICAL_DEVICE;
use super::caller::{By, Caller};
use super::gate::cookie_name;
use super::input::Told;
use super::peer::Peer;
use super::problem::Problem;
use crate::access::{Admitted, Refused, Right, Role, Seen};
use crate::alarm::entry::{AccessAct, DAEMON};

/// For whoever asks.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(session, sign_in, sign_out))
}

/// For whoever is signed in.
pub fn own() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(change_password))
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
    /// What a page sends as X-CSRF-Token with each change; null where nobody is signed in.
    csrf: Option<String>,
    /// The ward's name; null where nobody is signed in.
    ward: Option<String>,
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

impl Session {
    fn of(api: &Api, caller: Option<&Caller>, csrf: Option<String>) -> Session {
        let may = |right| caller.is_some_and(|caller| caller.may(right));
        Session {
            mode: if api.gate.door.is_some() { "accounts" } else { "open" },
            signed_in: caller.is_some(),
            person: caller.and_then(|caller| caller.person.clone()),
            role: caller.map(|caller| caller.role),
            may: May {
                acknowledge: may(Right::Acknowledge),
                review: may(Right::Review),
                administer: may(Right::Administer),
                see_names: may(Right::SeeNames),
            },
            csrf,
            ward: caller.map(|_| api.config.borrow().ward.name.clone()),
            version: env!("CARGO_PKG_VERSION"),
            not_a_medical_device: NOT_A_MEDICAL_DEVICE,
        }
    }
}

/// Who is signed in, and what they may.
#[utoipa::path(get, path = "/session", tag = "session", responses((status = 200, body = Session)))]
async fn session(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    seen: Option<Extension<Seen>>,
) -> Json<Session> {
    let caller = caller.map(|caller| caller.0);
    let csrf = match caller.as_ref().map(|caller| caller.by) {
        Some(By::Session) => seen.map(|seen| seen.0.csrf),
        Some(By::Open) => Some(api.gate.csrf.clone()),
        // A program proves itself with the token.
        Some(By::Token) | None => None,
    };
    Json(Session::of(&api, caller.as_ref(), csrf))
}

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SigningIn {
    name: String,
    password: String,
}

/// Signs in. The answer's cookie is the session; its X-CSRF-Token goes with every change. Wrong name or wrong password:
/// 401, and which of them, nobody is told. After several failures: 429 with Retry-After.
#[utoipa::path(post, path = "/session", tag = "session", request_body = SigningIn,
    responses((status = 200, body = Session)))]
async fn sign_in(
    State(api): State<Api>,
    Extension(peer): Extension<Peer>,
    before: Option<Extension<Seen>>,
    Told(told): Told<SigningIn>,
) -> Result<Response, Problem> {
    let Some(door) = &api.gate.door else {
        return Err(Problem::conflict(
            "nobody signs in here: no accounts are configured (http.accounts); each act names who acts",
        ));
    };
    let from = peer.from.ip();
    match door.sign_in(&told.name, &told.password, from).await {
        Ok(admitted) => {
            // Who signs in anew in the same browser does not leave the old session behind.
            if let Some(before) = before {
                door.sign_out(&before.0.key);
            }
            let seen = &admitted.seen;
            let detail = format!("as {}", seen.role.name());
            audit(&api, &seen.name, AccessAct::SignedIn, &seen.name, Some(from), detail).await;
            let caller = Caller { person: Some(seen.name.clone()), role: seen.role, by: By::Session };
            let session = Session::of(&api, Some(&caller), Some(seen.csrf.clone()));
            Ok(([(header::SET_COOKIE, cookie(&admitted, peer.tls)?)], Json(session)).into_response())
        }
        Err(refused) => {
            if let Refused::Wrong { logged: Some(unlogged), known } = refused {
                // A name that is none may be a password that was typed in the wrong place.
                let account = if known { told.name.as_str() } else { "" };
                let mut detail =
                    if known { "wrong password, or disabled" } else { "no such account" }.to_string();
                if unlogged > 0 {
                    detail.push_str(&format!("; {unlogged} more refusals before this one were not logged"));
                }
                audit(&api, DAEMON, AccessAct::Refused, account, Some(from), detail).await;
            }
            Err(refusal(refused))
        }
    }
}

/// Signs out.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = 200, body = Done)))]
async fn sign_out(
    State(api): State<Api>,
    Extension(peer): Extension<Peer>,
    seen: Option<Extension<Seen>>,
) -> Response {
    let done = match (&api.gate.door, seen) {
        (Some(door), Some(Extension(seen))) => {
            door.sign_out(&seen.key);
            let from = Some(peer.from.ip());
            audit(&api, &seen.name, AccessAct::SignedOut, &seen.name, from, String::new()).await;
            "signed out"
        }
        _ => "nobody was signed in",
    };
    let gone = format!("{}=; Max-Age=0; {}", cookie_name(peer.tls), attributes(peer.tls));
    ([(header::SET_COOKIE, gone)], Json(Done { done: done.into() })).into_response()
}

/// The old password and the new.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Passwords {
    current: String,
    new: String,
}

/// Changes one's own password. One's other sessions end.
#[utoipa::path(put, path = "/session/password", tag = "session", request_body = Passwords,
    responses((status = 200, body = Done)))]
async fn change_password(
    State(api): State<Api>,
    Extension(peer): Extension<Peer>,
    seen: Option<Extension<Seen>>,
    Told(told): Told<Passwords>,
) -> Result<Json<Done>, Problem> {
    let (Some(door), Some(Extension(seen))) = (&api.gate.door, seen) else {
        return Err(Problem::conflict(
            "nobody is signed in with a password here, so there is none to change",
        ));
    };
    let from = peer.from.ip();
    door.change_own_password(&seen, &told.current, &told.new, from).await.map_err(
        |refused| match refused {
            // Signed in they are: 401 would send them away from the page.
            Refused::Wrong { .. } => Problem::forbidden("the current password is another one"),
            refused => refusal(refused),
        },
    )?;
    audit(&api, &seen.name, AccessAct::AccountChanged, &seen.name, Some(from), "own password".into()).await;
    Ok(Json(Done { done: "the password is changed; other sessions have ended".into() }))
}

fn cookie(admitted: &Admitted, is_tls: bool) -> Result<HeaderValue, Problem> {
    let mut text = format!("{}={}; {}", cookie_name(is_tls), admitted.secret, attributes(is_tls));
    // A display on the wall is signed in after its browser was started anew; a person signs in again.
    if admitted.seen.role == Role::Viewer {
        text.push_str(&format!("; Max-Age={}", admitted.longest.as_secs()));
    }
    HeaderValue::try_from(text).map_err(|error| Problem::internal(&error))
}

const fn attributes(is_tls: bool) -> &'static str {
    // Without TLS the port is this machine's alone, and `Secure` would keep browsers from sending the cookie back.
    if is_tls { "Path=/; Secure; HttpOnly; SameSite=Strict" } else { "Path=/; HttpOnly; SameSite=Strict" }
}
