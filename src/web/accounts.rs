//! Accounts, as administrators see and change them on the page; and what of it stands in the log.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::{Api, Done};
use super::caller::{By, Caller};
use super::input::{Named, Told};
use super::peer::Peer;
use super::problem::Problem;
use crate::access::{Account, AccountsError, Change, Doorkeeper, Refused, Role};
use crate::alarm::entry::{AccessAct, Entry, What};
use crate::ward::shared::time_text;

/// Nobody is kept waiting longer by a disk that pauses.
const LOGGED_WITHIN: Duration = Duration::from_secs(2);

/// What administrators may do.
pub fn administering() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(accounts, add)).routes(routes!(alter, remove))
}

/// An account, without what is kept of its password.
#[derive(Debug, Serialize, ToSchema)]
struct Shown {
    name: String,
    role: Role,
    /// Whether they may not sign in.
    disabled: bool,
    /// Since when, RFC 3339.
    created: String,
    /// When they signed in last, RFC 3339.
    last_sign_in: Option<String>,
    /// How many sessions they have now.
    sessions: usize,
}

/// Every account.
#[utoipa::path(get, path = "/accounts", tag = "accounts", responses((status = 200, body = [Shown])))]
async fn accounts(State(api): State<Api>) -> Result<Json<Vec<Shown>>, Problem> {
    let door = door(&api)?;
    let Json(last) = api
        .read_log(|log| {
            let mut last: BTreeMap<String, String> = BTreeMap::new();
            for logged in log.of_kind("access")? {
                if let What::Access { act: AccessAct::SignedIn, account, .. } = logged.entry.what {
                    last.insert(account, logged.entry.at.text());
                }
            }
            Ok(last)
        })
        .await?;
    let accounts = door.accounts();
    let shown = accounts.all().iter().map(|account| Shown {
        name: account.name.clone(),
        role: account.role,
        disabled: account.disabled,
        created: account.created.clone(),
        last_sign_in: last.get(&account.name).cloned(),
        sessions: door.sessions_of(&account.name),
    });
    Ok(Json(shown.collect()))
}

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Adding {
    /// 1 to 64 letters, digits, `.`, `-`, `_`.
    name: String,
    role: Role,
    /// At least 12 letters.
    password: String,
}

/// Adds an account.
#[utoipa::path(post, path = "/accounts", tag = "accounts", request_body = Adding,
    responses((status = 200, body = Done)))]
async fn add(
    State(api): State<Api>,
    caller: Caller,
    Extension(peer): Extension<Peer>,
    Told(adding): Told<Adding>,
) -> Result<Json<Done>, Problem> {
    let door = door(&api)?;
    let Adding { name, role, password } = adding;
    let created = time_text(api.shared.unix_now());
    let account = Account { name: name.clone(), role, password: String::new(), disabled: false, created };
    door.add(account, &password).await.map_err(refusal)?;
    let detail = format!("as {}", role.name());
    audit(&api, acts(&caller), AccessAct::AccountAdded, &name, Some(peer.from.ip()), detail).await;
    Ok(Json(Done { done: format!("account {name} is added") }))
}

/// What is to be changed; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Altering {
    role: Option<Role>,
    /// At least 12 letters.
    password: Option<String>,
    disabled: Option<bool>,
}

/// Changes an account. Its sessions end where role or password are others, or it is disabled.
#[utoipa::path(put, path = "/accounts/{name}", tag = "accounts", params(("name" = String, Path)),
    request_body = Altering, responses((status = 200, body = Done)))]
async fn alter(
    State(api): State<Api>,
    caller: Caller,
    Extension(peer): Extension<Peer>,
    Named(name): Named<String>,
    Told(altering): Told<Altering>,
) -> Result<Json<Done>, Problem> {
    let door = door(&api)?;
    let Altering { role, password, disabled } = altering;
    let told = [
        role.map(|role| format!("role {}", role.name())),
        password.as_ref().map(|_| "password".to_string()),
        disabled.map(|disabled| if disabled { "disabled" } else { "enabled" }.to_string()),
    ];
    let detail = told.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if detail.is_empty() {
        return Err(Problem::mistake("nothing to change; expected role, password or disabled"));
    }
    let change = Change { role, disabled, password: None };
    door.alter(name.clone(), change, password.as_deref()).await.map_err(refusal)?;
    audit(&api, acts(&caller), AccessAct::AccountChanged, &name, Some(peer.from.ip()), detail.clone()).await;
    Ok(Json(Done { done: format!("account {name}: {detail}") }))
}

/// Removes an account and ends its sessions.
#[utoipa::path(delete, path = "/accounts/{name}", tag = "accounts", params(("name" = String, Path)),
    responses((status = 200, body = Done)))]
async fn remove(
    State(api): State<Api>,
    caller: Caller,
    Extension(peer): Extension<Peer>,
    Named(name): Named<String>,
) -> Result<Json<Done>, Problem> {
    door(&api)?.remove(name.clone()).await.map_err(refusal)?;
    audit(&api, acts(&caller), AccessAct::AccountRemoved, &name, Some(peer.from.ip()), String::new()).await;
    Ok(Json(Done { done: format!("account {name} is removed") }))
}

fn door(api: &Api) -> Result<&Arc<Doorkeeper>, Problem> {
    api.gate.door.as_ref().ok_or_else(|| {
        Problem::conflict(
            "no file of accounts is configured; set `accounts` in [http] of vigil.toml, then restart",
        )
    })
}

fn acts(caller: &Caller) -> &str {
    match (&caller.person, caller.by) {
        (Some(person), _) => person,
        (None, By::Token) => "the token",
        (None, _) => "this machine",
    }
}

/// Writes into the log who came, went, was refused, or changed an account; waits until it stands there, as far as the
/// disk lets it.
pub async fn audit(
    api: &Api,
    who: &str,
    act: AccessAct,
    account: &str,
    from: Option<IpAddr>,
    detail: String,
) {
    let from = from.map(|from| from.to_canonical().to_string()).unwrap_or_default();
    let what = What::Access { act, account: account.to_string(), from, detail };
    api.shared.desk.announce(Entry::of_bed("", &api.shared.desk.now(), who, what));
    let _ = tokio::time::timeout(LOGGED_WITHIN, api.shared.desk.flush()).await;
}

/// What is told of a refusal.
pub fn refusal(refused: Refused) -> Problem {
    let words = refused.to_string();
    match refused {
        Refused::Wrong { .. } => Problem::unauthorised(words),
        Refused::TooMany { wait } => {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, words).retry_after(wait.as_secs() + 1)
        }
        Refused::Busy => Problem::unavailable(words).retry_after(5),
        Refused::Password(_) => Problem::mistake(words),
        Refused::Accounts(error) => match error {
            AccountsError::NoAccount { .. } => Problem::not_found(words),
            AccountsError::BadName { .. } => Problem::mistake(words),
            AccountsError::Exists { .. } | AccountsError::LastAdministrator { .. } => {
                Problem::conflict(words)
            }
            AccountsError::Busy { .. } => Problem::unavailable(words).retry_after(1),
            _ => Problem::unavailable(words),
        },
        Refused::Failed(words) => Problem::internal(&words),
    }
}
