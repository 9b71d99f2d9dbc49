//! What comes in, read with our own words for what is wrong with it.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The query of an address.
pub struct Asked<T>(pub T);

/// What stands in the path.
pub struct Named<T>(pub T);

/// A JSON body.
pub struct Told<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let told =
            |error: QueryRejection| Problem::mistake(format!("the address's query: {}", error.body_text()));
        Query::from_request_parts(parts, state).await.map(|Query(value)| Asked(value)).map_err(told)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let told =
            |error: PathRejection| Problem::mistake(format!("the address's path: {}", error.body_text()));
        Path::from_request_parts(parts, state).await.map(|Path(value)| Named(value)).map_err(told)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await.map_err(|error: BytesRejection| {
            if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
                let words =
                    format!("the body is too large; expected at most {} bytes", super::api::LARGEST_BODY);
                return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, words);
            }
            Problem::mistake(format!("the body: {}", error.body_text()))
        })?;
        serde_json::from_slice(&bytes).map(Told).map_err(|error| {
            Problem::mistake(format!("the body: {error}; /api/v1/openapi.json says what is expected"))
        })
    }
}
