//! From the shared autoencoder to the patient's own.
//!
//! The fit runs in a process of its own at the lowest priority, one at a time, so that no bed waits for
//! it; it reads the gathered seconds from the record. What it leaves is a version in the patient's
//! folder with a comparison of old and new. Whether it takes over at once is configured.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::baseline::Span;
use super::models::cnn_digest;
use super::request::Request;
use crate::config::versions::switch_to;
use crate::config::{BaselineConfig, PatientConfig, PatientId, Switching, WardConfig};
use crate::durable;

/// Who writes a patient's settings while the daemon runs: one at a time.
pub static SETTINGS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A fit that failed is tried again after this long.
const AGAIN: Duration = Duration::from_secs(600);

/// A fit that takes longer has gone wrong.
const LONGEST: Duration = Duration::from_secs(6 * 3600);

/// A bed has gathered enough.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitRequest {
    /// The bed.
    pub bed: String,
    /// Its patient's id.
    #[serde(with = "id_as_text")]
    pub patient: PatientId,
    /// Which count the frames' numbers are of.
    pub timeline: u64,
    /// What it gathered.
    pub spans: Vec<Span>,
}

/// Old and new autoencoder on the same seconds, which neither was fitted on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The version that was made.
    pub version: u32,
    /// Seconds that it was fitted on.
    pub fitted_s: usize,
    /// Seconds that both judged: the end of the gathered time, left out of this fit.
    pub compared_s: usize,
    /// SHA-256 of the old one.
    pub old: String,
    /// SHA-256 of the new one.
    pub new: String,
    /// Seconds that the old one flags.
    pub old_flagged: usize,
    /// Seconds that the new one flags.
    pub new_flagged: usize,
    /// The seizure probability that makes a seizure second: as it is, and with the new one in use.
    pub seizure_probability: [f32; 2],
}

/// Serves requests, one after the other, until the last bed is gone.
pub async fn fit_all(
    mut requests: mpsc::Receiver<FitRequest>,
    config: tokio::sync::watch::Receiver<WardConfig>,
    config_path: PathBuf,
    ward: mpsc::WeakSender<Request>,
) {
    while let Some(request) = requests.recv().await {
        let current = config.borrow().clone();
        let bed = request.bed.clone();
        tracing::info!(%bed, spans = request.spans.len(), "fitting the patient's own autoencoder");
        match fit(&request, &current, &config_path).await {
            Ok(comparison) => {
                tracing::info!(
                    %bed,
                    version = comparison.version,
                    compared_s = comparison.compared_s,
                    old_flagged = comparison.old_flagged,
                    new_flagged = comparison.new_flagged,
                    seizure_probability_now = %comparison.seizure_probability[0],
                    seizure_probability_then = %comparison.seizure_probability[1],
                    "the patient's own autoencoder is fitted"
                );
                take_over(&request, &comparison, &current, &ward).await;
            }
            Err(reason) => {
                tracing::error!(%bed, reason, "the patient's own autoencoder could not be fitted");
                // The bed goes on under the shared one, and asks again later.
                let ward = ward.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(AGAIN).await;
                    if let Some(ward) = ward.upgrade() {
                        let _ = ward.send(Request::FitAgain { bed }).await;
                    }
                });
            }
        }
    }
}

async fn take_over(
    request: &FitRequest,
    comparison: &Comparison,
    config: &WardConfig,
    ward: &mpsc::WeakSender<Request>,
) {
    let BaselineConfig { switch, .. } = config.baseline;
    if switch == Switching::ByPerson {
        tracing::warn!(
            bed = request.bed.as_str(),
            version = comparison.version,
            "a new autoencoder waits for a person: vigil patient switch, or the API"
        );
        return;
    }
    let (patients, id, version) = (config.ward.patients.clone(), request.patient.clone(), comparison.version);
    let time = super::shared::time_text(now_s());
    let models = config.ward.models.clone();
    let _one = SETTINGS.lock().await;
    let switched = tokio::task::spawn_blocking(move || {
        let settings = PatientConfig::load(&patients, &id).map_err(|e| e.to_string())?;
        let cnn = cnn_digest(&models, &settings);
        switch_to(&patients, &id, version, &cnn, &time, "automatic, after the fit").map_err(|e| e.to_string())
    })
    .await;
    match switched {
        Ok(Ok(_)) => {
            if let Some(ward) = ward.upgrade() {
                let _ = ward.send(Request::ModelsChanged { patient: request.patient.clone() }).await;
            }
        }
        Ok(Err(reason)) => tracing::error!(bed = request.bed.as_str(), reason, "the switch failed"),
        Err(error) => tracing::error!(bed = request.bed.as_str(), %error, "the switch failed"),
    }
}

/// Runs `vigil patient adapt` on a request and reads what it says.
async fn fit(request: &FitRequest, config: &WardConfig, config_path: &Path) -> Result<Comparison, String> {
    let path = config.ward.state.join("beds").join(format!("{}.fit.json", request.bed));
    let text = serde_json::to_vec(request).map_err(|error| error.to_string())?;
    durable::replace_file(&path, |file| file.write_all(&text))
        .map_err(|error: std::io::Error| format!("cannot write {}: {error}", path.display()))?;
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let child = tokio::process::Command::new(program)
        .args(["patient", "adapt"])
        .arg("--config")
        .arg(config_path)
        .arg("--request")
        .arg(&path)
        .env("RAYON_NUM_THREADS", "1")
        .env_remove("NOTIFY_SOCKET")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("cannot start the fit: {error}"))?;
    let output = tokio::time::timeout(LONGEST, child.wait_with_output())
        .await
        .map_err(|_| format!("not done after {} hours", LONGEST.as_secs() / 3600))?
        .map_err(|error| error.to_string())?;
    let _ = std::fs::remove_file(&path);
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}: {}", output.status, said.trim()));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let last = said.lines().last().unwrap_or_default();
    serde_json::from_str(last).map_err(|error| format!("an unexpected answer, {last:?}: {error}"))
}

fn now_s() -> f64 {
    jiff::Timestamp::now().as_millisecond() as f64 / 1e3
}

mod id_as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::config::PatientId;

    pub fn serialize<S: Serializer>(id: &PatientId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(id.as_str())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PatientId, D::Error> {
        PatientId::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
