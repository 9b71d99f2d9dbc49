//! Who asks, and what they may.

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::access::{Right, Role};
use crate::alarm::request::somebody;

/// By what somebody was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The secret word: a program.
    Token,
    /// Nothing: the port is on this machine alone, and there are no accounts.
    Open,
    /// A session.
    Session,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account's name; `None` where there is no account.
    pub person: Option<String>,
    /// The role.
    pub role: Role,
    /// By what they were let in.
    pub by: By,
}

impl Caller {
    /// Whether they may.
    pub fn may(&self, right: Right) -> bool {
        self.role.may(right)
    }

    /// Who acts: the account's person, or whoever the request names where there is no account.
    ///
    /// # Errors
    /// A [`Problem`] where nobody is named, or another than who is signed in.
    pub fn named(&self, by: Option<&str>) -> Result<String, Problem> {
        match (&self.person, by) {
            (Some(person), None) => Ok(person.clone()),
            (Some(person), Some(by)) if by.trim() == person => Ok(person.clone()),
            (Some(person), Some(_)) => {
                let words =
                    format!("you are signed in as {person}: leave `by` out, nobody acts in another's name");
                Err(Problem::forbidden(words))
            }
            (None, by) => Ok(somebody(by.unwrap_or_default())?.to_string()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(nobody)
    }
}

/// Lets through who has a right.
pub async fn allowed(right: Right, request: Request, next: Next) -> Response {
    match request.extensions().get::<Caller>() {
        None => nobody().into_response(),
        Some(caller) if caller.may(right) => next.run(request).await,
        Some(caller) => {
            let words = match (caller.by, right) {
                (By::Open, Right::Administer) => {
                    "this changes beds, networks or accounts and needs the token: Authorization: Bearer ... (http.token_file)".into()
                }
                _ => format!("the role {} may not do this", caller.role.name()),
            };
            Problem::forbidden(words).into_response()
        }
    }
}

/// What is told to whom nobody knows.
pub fn nobody() -> Problem {
    Problem::unauthorised(
        "sign in first (POST /api/v1/session), or send the token: Authorization: Bearer ...",
    )
}
