//! The API's description, made from the handlers themselves.

use axum::Router;
use axum::http::header;
use axum::routing::get;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use super::api::Api;
use super::problem::Problem;
use crate::access::Right;

/// Title, version, and the problem that every operation may answer with.
pub fn complete(mut doc: OpenApi) -> OpenApi {
    doc.info.title = "vigil".into();
    doc.info.version = env!("CARGO_PKG_VERSION").into();
    doc.info.description = Some(format!(
        "A ward's beds, alarms, reviews and recorded EEG. Not a medical device: {}. What changes something needs a \
         session and its X-CSRF-Token, or the token as Authorization: Bearer.",
        super::beds::NOT_A_MEDICAL_DEVICE
    ));
    doc.info.license = None;
    doc.info.contact = None;
    let problem = ResponseBuilder::new()
        .description("a problem: what, where, what was expected, what to do")
        .content(
            "application/problem+json",
            ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name(Problem::name())))).build(),
        )
        .build();
    doc.components
        .get_or_insert_with(Default::default)
        .schemas
        .insert(Problem::name().to_string(), Problem::schema());
    for item in doc.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            answers_with(operation, &problem);
        }
    }
    doc
}

/// What is needed for operations: `x-right` of each. One without it is for whoever asks.
pub fn needs(doc: &mut OpenApi, right: Right) {
    for item in doc.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            let extensions = ExtensionsBuilder::new().add("x-right", right.name()).build();
            operation.extensions.get_or_insert_default().merge(extensions);
        }
    }
}

fn answers_with(operation: &mut Operation, problem: &utoipa::openapi::Response) {
    operation.responses.responses.insert("default".into(), RefOr::T(problem.clone()));
}

/// Where it can be read.
pub fn route(doc: &OpenApi) -> Router<Api> {
    let text: axum::body::Bytes = doc.to_json().unwrap_or_default().into();
    let answer = move || async move { ([(header::CONTENT_TYPE, "application/json")], text) };
    Router::new().route("/api/v1/openapi.json", get(answer))
}
