//! What comes in, read with our own words for what is wrong with it.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use super::api::LARGEST_BODY;
use super::problem::Problem;

/// How long a body may take: it is small.
const BODY_WITHIN: Duration = Duration::from_secs(10);

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
        // A form of a foreign page can send anything but this without asking us first.
        if !is_json(request.headers()) {
            let words = "the body is not said to be JSON; expected Content-Type: application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, words));
        }
        let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        if length
            .and_then(|length| length.parse().ok())
            .is_some_and(|length: u64| length > LARGEST_BODY as u64)
        {
            return Err(too_large());
        }
        let reading = tokio::time::timeout(BODY_WITHIN, Bytes::from_request(request, state));
        let Ok(read) = reading.await else {
            let words = format!("the body did not come within {} s", BODY_WITHIN.as_secs());
            return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, words));
        };
        let bytes = read.map_err(|error: BytesRejection| {
            if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
                return too_large();
            }
            Problem::mistake(format!("the body: {}", error.body_text()))
        })?;
        serde_json::from_slice(&bytes).map(Told).map_err(|error| {
            let what = if error.is_data() { "the body" } else { "the body is no JSON" };
            Problem::mistake(format!("{what}: {error}; /api/v1/openapi.json says what is expected"))
        })
    }
}

fn too_large() -> Problem {
    let words = format!("the body is too large; expected at most {LARGEST_BODY} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, words)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}
