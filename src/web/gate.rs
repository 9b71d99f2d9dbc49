//! The gate: who is let in, by what, before any handler runs.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::caller::{By, Caller};
use super::problem::Problem;
use crate::access::Role;

/// The header in which a page proves that it was served by us.
pub const CSRF: &str = "x-csrf-token";

/// Who is let in.
pub struct Gate {
    /// The secret word of programs.
    pub token: Option<Arc<str>>,
    /// What a page on this machine proves itself with, where there are no accounts.
    pub csrf: String,
}

/// Finds out who asks.
pub async fn let_in(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    match gate.caller(request.method(), request.headers()) {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(None) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

impl Gate {
    fn caller(&self, method: &Method, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
        if let Some(given) = headers.get(header::AUTHORIZATION) {
            let given = given.to_str().ok().and_then(|given| given.strip_prefix("Bearer "));
            return match (given, &self.token) {
                (Some(given), Some(token)) if same(given.trim().as_bytes(), token.as_bytes()) => {
                    Ok(Some(Caller { person: None, role: Role::Administrator, by: By::Token }))
                }
                (_, None) => Err(Problem::forbidden(
                    "nothing can be changed with a token: none is configured (http.token_file)",
                )),
                _ => Err(Problem::unauthorised("this is not the token: Authorization: Bearer ...")),
            };
        }
        if !method.is_safe()
            && !headers.get(CSRF).is_some_and(|given| same(given.as_bytes(), self.csrf.as_bytes()))
        {
            return Err(Problem::unauthorised(
                "this needs the token (Authorization: Bearer ...), or a page's X-CSRF-Token (GET /api/v1/session)",
            ));
        }
        Ok(Some(Caller { person: None, role: Role::Reviewer, by: By::Open }))
    }
}

/// Compares without telling by its time how much was right.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}
