//! The gate: who is let in, by what, before any handler runs.
//!
//! Three ways in: the token of programs, a session, and, where there are no accounts, simply being on this machine. Each
//! change by a page is proved twice: by the browser's own words on where it comes from, and by a token that only our page
//! was told.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::caller::{By, Caller};
use super::peer::Peer;
use super::problem::Problem;
use crate::access::{Doorkeeper, Role, Seen, same};
use crate::config::is_this_machine;

/// The header in which a page proves that it was served by us.
pub const CSRF: &str = "x-csrf-token";

/// Where somebody signs in: there is no session yet to prove anything with.
const SIGNING_IN: &str = "/api/v1/session";

/// What is answered whoever asks, by whatever name: it says nothing.
const HEALTH: &str = "/healthz";

/// Who is let in.
pub struct Gate {
    /// The secret word of programs.
    pub token: Option<Arc<str>>,
    /// What a page on this machine proves itself with, where there are no accounts.
    pub csrf: String,
    /// Who signs people in, where there are accounts.
    pub door: Option<Arc<Doorkeeper>>,
    /// Names by which browsers reach us, besides addresses.
    pub names: Vec<String>,
}

/// Finds out who asks.
pub async fn let_in(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    if request.uri().path() != HEALTH
        && let Err(problem) = gate.is_for_us(&request, peer).and_then(|()| not_from_elsewhere(&request))
    {
        return problem.into_response();
    }
    match gate.caller(&request, peer) {
        Ok(Some((caller, session))) => {
            if let Some(session) = session {
                request.extensions_mut().insert(session);
            }
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(None) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

impl Gate {
    /// Whether a request names us. A foreign page whose name was made to lead here (DNS rebinding) names itself.
    fn is_for_us(&self, request: &Request, peer: Option<Peer>) -> Result<(), Problem> {
        let Some(host) = host_of(request) else {
            return Err(Problem::mistake("the request has no Host header, or more than one; expected one"));
        };
        let name = without_port(host);
        let known = match name.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => {
                is_this_machine(address)
                    || peer.is_some_and(|peer| peer.at.ip().to_canonical() == address.to_canonical())
            }
            Err(_) => name.eq_ignore_ascii_case("localhost"),
        };
        if known || self.names.iter().any(|known| known.eq_ignore_ascii_case(name.trim_matches(['[', ']']))) {
            return Ok(());
        }
        let words = format!(
            "{name:?} is no name of this port; if it is one, put it into `names` of [http] in vigil.toml"
        );
        Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, words))
    }

    fn caller(
        &self,
        request: &Request,
        peer: Option<Peer>,
    ) -> Result<Option<(Caller, Option<Seen>)>, Problem> {
        let (method, headers) = (request.method(), request.headers());
        if let Some(given) = headers.get(header::AUTHORIZATION) {
            let given = given.to_str().ok().and_then(|given| given.strip_prefix("Bearer "));
            return match (given, &self.token) {
                (Some(given), Some(token)) if same(given.trim().as_bytes(), token.as_bytes()) => {
                    Ok(Some((Caller { person: None, role: Role::Administrator, by: By::Token }, None)))
                }
                (_, None) => Err(Problem::forbidden(
                    "nothing can be changed with a token: none is configured (http.token_file)",
                )),
                _ => Err(Problem::unauthorised("this is not the token: Authorization: Bearer ...")),
            };
        }
        let signs_in = *method == Method::POST && request.uri().path() == SIGNING_IN;
        let Some(door) = &self.door else {
            if !method.is_safe() && !signs_in {
                proved(headers, &self.csrf)?;
            }
            return Ok(Some((Caller { person: None, role: Role::Reviewer, by: By::Open }, None)));
        };
        let is_tls = peer.is_some_and(|peer| peer.tls);
        let Some(session) = cookie(headers, cookie_name(is_tls)).and_then(|secret| door.find(secret)) else {
            return Ok(None);
        };
        if !method.is_safe() && !signs_in {
            proved(headers, &session.csrf)?;
        }
        let caller = Caller { person: Some(session.name.clone()), role: session.role, by: By::Session };
        Ok(Some((caller, Some(session))))
    }
}

/// The name that a request gives us.
fn host_of(request: &Request) -> Option<&str> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.as_str());
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty() => {
            // An address of IPv6 has colons of its own, and brackets where a port follows.
            if name.contains(':') && !name.ends_with(']') { host } else { name }
        }
        _ => host,
    }
}

/// What a browser says of where a request comes from: nothing of a foreign page is taken, and none is told anything.
fn not_from_elsewhere(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let guarded = request.uri().path().starts_with("/api/") || !request.method().is_safe();
    let words = "this comes from another site's page; vigil answers its own page alone";
    if let Some(site) = headers.get("sec-fetch-site")
        && guarded
        && !matches!(site.as_bytes(), b"same-origin" | b"none")
    {
        return Err(Problem::forbidden(words));
    }
    if let Some(origin) = headers.get(header::ORIGIN)
        && guarded
    {
        let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        let host = host_of(request).unwrap_or_default();
        if !origin.is_some_and(|(_, from)| from.eq_ignore_ascii_case(host)) {
            return Err(Problem::forbidden(words));
        }
    }
    Ok(())
}

fn proved(headers: &HeaderMap, csrf: &str) -> Result<(), Problem> {
    match headers.get(CSRF) {
        Some(given) if same(given.as_bytes(), csrf.as_bytes()) => Ok(()),
        _ => Err(Problem::unauthorised(
            "this needs the token (Authorization: Bearer ...), or a page's X-CSRF-Token (GET /api/v1/session)",
        )),
    }
}

/// The cookie's name: over TLS one that a browser takes from us alone, for this host alone (RFC 6265bis, 4.1.3.2).
pub const fn cookie_name(is_tls: bool) -> &'static str {
    if is_tls { "__Host-vigil" } else { "vigil" }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = all.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}
