//! Re-calibration: what other settings would have done to a patient's last days, and their acceptance.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::{Api, blocking};
use super::caller::Caller;
use super::input::{Asked, Named, Told};
use super::patients::patient_id;
use super::problem::Problem;
use crate::alarm::AlarmLog;
use crate::alarm::entry::{Entry, What};
use crate::alarm::log::log_path;
use crate::calibrate::{
    AlarmSettings, GatherError, Period, Preview, Proposal, ProposalError, TriedSettings, Wanted, preview,
};
use crate::config::PatientConfig;
use crate::ward::lifecycle::SETTINGS;
use crate::ward::request::Request;

/// Who runs a preview: one at a time, so that pages do not keep the beds from the processor.
static LOOKING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// What reviewers may do.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(look)).routes(routes!(accept))
}

/// What is to be tried. Without any setting, the settings that find most known seizures within the wanted rate are chosen.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Tried {
    /// How many of the last days: 7 where nothing is said.
    days: Option<f64>,
    /// False alarms an hour that are acceptable: 1 where nothing is said.
    #[param(minimum = 0)]
    wanted_per_hour: Option<f64>,
    /// Try this: a second is a seizure second where the probability of a seizure reaches it.
    seizure_probability: Option<f32>,
    /// Try this: where an alarm is raised.
    threshold: Option<f32>,
    /// Try this: the accumulator's highest value; twice the threshold, where only that is given.
    cap: Option<f32>,
    /// Try this: what a seizure second adds.
    gain: Option<f32>,
    /// Try this: what an abnormal second takes.
    decay_abnormal: Option<f32>,
    /// Try this: what a non-seizure second takes.
    decay_normal: Option<f32>,
    /// Try this: seconds after an alarm's end in which none is raised.
    refractory_s: Option<u64>,
    /// Try this: a gap of more seconds empties the accumulator.
    gap_reset_s: Option<u64>,
}

impl Tried {
    fn wanted(&self) -> Result<Wanted, Problem> {
        let per_hour = self.wanted_per_hour.unwrap_or(1.0);
        if !(per_hour >= 0.0 && per_hour.is_finite()) {
            return Err(Problem::mistake(format!("wanted_per_hour is {per_hour}; expected 0 or more")));
        }
        let tried = TriedSettings {
            seizure_probability: self.seizure_probability,
            threshold: self.threshold,
            cap: self.cap,
            gain: self.gain,
            decay_abnormal: self.decay_abnormal,
            decay_normal: self.decay_normal,
            refractory_s: self.refractory_s,
            gap_reset_s: self.gap_reset_s,
        };
        Ok(Wanted { per_hour, tried })
    }
}

/// What other settings would have done to a patient's last days: alarms gained and lost. Nothing is changed. Where there is
/// too little to choose by, `refused` says what is needed.
#[utoipa::path(get, path = "/patients/{patient}/recalibration", tag = "re-calibration",
    params(("patient" = String, Path), Tried), responses((status = 200, body = Preview)))]
async fn look(
    State(api): State<Api>,
    Named(id): Named<String>,
    Asked(tried): Asked<Tried>,
) -> Result<Json<Preview>, Problem> {
    let (id, wanted) = (patient_id(&id)?, tried.wanted()?);
    let days = tried.days.unwrap_or(7.0);
    let patients = api.config.borrow().ward.patients.clone();
    let (folder, path) = (api.shared.record_folder.clone(), log_path(&api.shared.state));
    let now_s = api.shared.unix_now();
    // Waited for here, where that holds no thread; the turn goes with the work, whoever hangs up meanwhile.
    let one = LOOKING.lock().await;
    let looked = move || -> Result<Preview, Problem> {
        let _one = one;
        let config = PatientConfig::load(&patients, &id).map_err(ProposalError::from)?;
        let log = AlarmLog::open_existing(&path)?;
        let period = Period::gather(&folder, &log, id.as_str(), days, now_s)?;
        preview(&id, &config, &period, &wanted).map_err(|error| Problem::mistake(error.to_string()))
    };
    Ok(Json(blocking(looked).await??))
}

/// An acceptance.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Accepting {
    /// Who, where nobody is signed in.
    by: Option<String>,
    /// The `proposal` of the preview.
    proposal: String,
    /// What there is to say of it.
    #[serde(default)]
    note: String,
}

/// What was accepted.
#[derive(Debug, Serialize, ToSchema)]
struct Accepted {
    /// The log's entry.
    done: String,
    /// The patient.
    patient: String,
    /// The settings that hold from here on.
    settings: AlarmSettings,
    /// The beds that take them.
    beds: Vec<String>,
}

/// Accepts the settings of a preview. Where the patient's settings are others by now, nothing is changed, and the answer
/// (409) holds them as `current`.
#[utoipa::path(post, path = "/patients/{patient}/recalibration", tag = "re-calibration",
    params(("patient" = String, Path)), request_body = Accepting, responses((status = 200, body = Accepted)))]
async fn accept(
    State(api): State<Api>,
    caller: Caller,
    Named(id): Named<String>,
    Told(accepting): Told<Accepting>,
) -> Result<Json<Accepted>, Problem> {
    let who = caller.named(accepting.by.as_deref())?;
    let id = patient_id(&id)?;
    let proposal = Proposal::read(&accepting.proposal)?;
    let patients = api.config.borrow().ward.patients.clone();
    let _one = SETTINGS.lock().await;
    let (read, of, folder) = (proposal.clone(), id.clone(), patients.clone());
    let changed = blocking(move || read.apply(&folder, &of)).await??;
    // First the log: settings that nobody is known to have accepted do not come to hold.
    let what = |proposal: &Proposal, note: &str| What::Recalibrated(proposal.accepted(note));
    let entry = |what: What| Entry::of_bed("", &api.shared.desk.now(), &who, what).on("", id.as_str());
    let Json(logged) = api.act(entry(what(&proposal, &accepting.note)), None).await?;
    let (of, folder) = (id.clone(), patients);
    if let Err(error) = blocking(move || changed.save(&folder, &of)).await? {
        let back = Proposal { from: proposal.to, to: proposal.from, ..proposal.clone() };
        let words = format!("taken back, since it could not be written: {error}");
        let _ = api.act(entry(what(&back, &words)), None).await;
        return Err(Problem::unavailable(format!("{error}; the settings stay as they were")));
    }
    let _ = api.ward.send(Request::ModelsChanged { patient: id.clone() }).await;
    let beds = api.shared.board.all().into_iter().filter(|bed| bed.patient == id.as_str());
    Ok(Json(Accepted {
        done: logged.done,
        patient: id.to_string(),
        settings: proposal.to,
        beds: beds.map(|bed| bed.bed).collect(),
    }))
}

impl From<GatherError> for Problem {
    fn from(error: GatherError) -> Problem {
        match error {
            GatherError::Log(error) => error.into(),
            GatherError::NotRecorded { .. } => Problem::not_found(error.to_string()),
            GatherError::Days(_) => Problem::mistake(error.to_string()),
            error => Problem::unavailable(error.to_string()),
        }
    }
}

impl From<ProposalError> for Problem {
    fn from(error: ProposalError) -> Problem {
        let words = error.to_string();
        match error {
            ProposalError::None(_) | ProposalError::OtherPatient { .. } => Problem::mistake(words),
            ProposalError::Outdated { now, .. } => {
                Problem::new(StatusCode::CONFLICT, words).with("current", now.value())
            }
            ProposalError::Config(crate::config::ConfigError::NoPatient { .. }) => Problem::not_found(words),
            ProposalError::Config(_) => Problem::unavailable(words),
        }
    }
}
