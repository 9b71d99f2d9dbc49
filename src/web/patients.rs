//! Patients: who lies where, and which autoencoder judges them.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::{Api, blocking};
use super::caller::Caller;
use super::input::{Named, Told};
use super::problem::Problem;
use crate::access::Right;
use crate::config::versions::{Switch, switch_to, switches, version_folder, version_in_use, versions};
use crate::config::{ConfigError, PatientConfig, PatientId};
use crate::ward::cnn_digest;
use crate::ward::lifecycle::SETTINGS;
use crate::ward::request::Request;
use crate::ward::shared::time_text;

/// What everyone may read.
pub fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(patients)).routes(routes!(patient_versions))
}

/// What administrators may change.
pub fn changing() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(switch_version))
}

/// A patient who lies in a bed.
#[derive(Debug, Serialize, ToSchema)]
struct Patient {
    /// The id.
    patient: String,
    /// The name, where there is one and the role may see it.
    name: Option<String>,
    /// Their beds.
    beds: Vec<String>,
}

/// The patients of the beds.
#[utoipa::path(get, path = "/patients", tag = "patients", responses((status = 200, body = [Patient])))]
async fn patients(State(api): State<Api>, caller: Caller) -> Result<Json<Vec<Patient>>, Problem> {
    let mut beds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for bed in api.shared.board.all() {
        beds.entry(bed.patient).or_default().push(bed.bed);
    }
    let folder = api.config.borrow().ward.patients.clone();
    let named = caller.may(Right::SeeNames);
    let name = move |id: &str| {
        let id = PatientId::new(id).ok().filter(|_| named)?;
        Some(PatientConfig::load(&folder, &id).ok()?.name?.as_str().to_string())
    };
    let found = move || {
        beds.into_iter().map(|(patient, beds)| Patient { name: name(&patient), patient, beds }).collect()
    };
    Ok(Json(blocking(found).await?))
}

/// A patient's autoencoders.
#[derive(Debug, Serialize, ToSchema)]
struct Versions {
    patient: String,
    /// The one in use; 0 is the shared one.
    in_use: Option<u32>,
    versions: Vec<Version>,
    switches: Vec<Switch>,
}

/// One of them.
#[derive(Debug, Serialize, ToSchema)]
struct Version {
    version: u32,
    /// How it compares with the one before.
    comparison: Option<serde_json::Value>,
}

/// A patient's autoencoders, the one in use, and who switched when.
#[utoipa::path(get, path = "/patients/{patient}/versions", tag = "patients", params(("patient" = String, Path)),
    responses((status = 200, body = Versions)))]
async fn patient_versions(
    State(api): State<Api>,
    Named(id): Named<String>,
) -> Result<Json<Versions>, Problem> {
    let patients = api.config.borrow().ward.patients.clone();
    let id = patient_id(&id)?;
    let found = move || {
        let version = |version| {
            let path = version_folder(&patients, &id, version).join("comparison.json");
            let text = std::fs::read(path).ok();
            Version { version, comparison: text.and_then(|bytes| serde_json::from_slice(&bytes).ok()) }
        };
        Versions {
            in_use: version_in_use(&patients, &id),
            versions: versions(&patients, &id).into_iter().map(version).collect(),
            switches: switches(&patients, &id),
            patient: id.to_string(),
        }
    };
    Ok(Json(blocking(found).await?))
}

/// Which autoencoder shall judge.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SwitchTo {
    /// Number of the version; 0 is the shared one.
    version: u32,
    /// Who, where nobody is signed in.
    by: Option<String>,
}

/// Puts another of a patient's autoencoders into use.
#[utoipa::path(put, path = "/patients/{patient}/version", tag = "patients", params(("patient" = String, Path)),
    request_body = SwitchTo, responses((status = 200, body = Switch)))]
async fn switch_version(
    State(api): State<Api>,
    caller: Caller,
    Named(id): Named<String>,
    Told(wanted): Told<SwitchTo>,
) -> Result<Json<Switch>, Problem> {
    let by = caller.named(wanted.by.as_deref())?;
    let id = patient_id(&id)?;
    let ward = api.config.borrow().ward.clone();
    let (patients, models) = (ward.patients, ward.models);
    let (time, patient) = (time_text(api.shared.unix_now()), id.clone());
    let _one = SETTINGS.lock().await;
    let switched = blocking(move || {
        let cnn = cnn_digest(&models, &PatientConfig::load(&patients, &patient)?);
        switch_to(&patients, &patient, wanted.version, &cnn, &time, &by)
    });
    match switched.await? {
        Ok(switch) => {
            let _ = api.ward.send(Request::ModelsChanged { patient: id }).await;
            Ok(Json(switch))
        }
        Err(error @ ConfigError::NoVersion { .. }) => Err(Problem::mistake(error.to_string())),
        Err(error) => Err(Problem::unavailable(error.to_string())),
    }
}

/// A patient's id out of an address.
///
/// # Errors
/// A [`Problem`] where it is none.
pub fn patient_id(id: &str) -> Result<PatientId, Problem> {
    PatientId::new(id).map_err(|error| Problem::mistake(error.to_string()))
}
