//! Recorded EEG and what the detector made of it.

use std::path::PathBuf;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, SemaphorePermit};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::{Api, blocking};
use super::input::{Asked, Named};
use super::patients::patient_id;
use super::problem::Problem;
use crate::alarm::LogError;
use crate::alarm::log::Held;
use crate::config::PatientConfig;
use crate::explain::ExplanationReport;
use crate::model::Autoencoder;
use crate::review::{
    AlarmSecond, Cuts, EegPage, EegRequest, PageMontage, RecordedStretch, ReviewError, Traces, TrendPage,
    eeg_page, explain_alarm, traces, trend_page,
};
use crate::ward::{Models, shared_autoencoder_path};

/// Who asks the networks what an alarm rests on: one at a time, so that pages do not keep the beds from the processor.
static EXPLAINING: Semaphore = Semaphore::const_new(1);

/// For how long one waits for its turn. Explaining takes seconds: who waits longer is told, and asks again.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many wait at one time; more are told at once.
static WAITING: Semaphore = Semaphore::const_new(2);

/// When those who are told may ask again, in seconds.
const AGAIN_S: u64 = 5;

/// What everyone may read.
pub fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(recorded))
        .routes(routes!(eeg))
        .routes(routes!(verdicts))
        .routes(routes!(trend))
        .routes(routes!(explanation))
}

impl From<ReviewError> for Problem {
    fn from(error: ReviewError) -> Problem {
        match error {
            error if error.is_absence() => Problem::not_found(error.to_string()),
            ReviewError::Mistake(words) => Problem::mistake(words),
            // A damaged file is told as what it is; it is no fault of this program.
            error => Problem::new(axum::http::StatusCode::CONFLICT, error.to_string()),
        }
    }
}

impl Api {
    /// The folder of the record, for a bed's name that leads nowhere else.
    ///
    /// # Errors
    /// A [`Problem`] where the name is none.
    pub fn record_of(&self, bed: &str) -> Result<PathBuf, Problem> {
        // A bed that was removed has a record still; its name is a folder's.
        crate::config::PatientId::new(bed)
            .map_err(|_| Problem::not_found(format!("there is no bed {bed:?}")))
            .map(|_| self.shared.record_folder.clone())
    }
}

/// Stretches of time that are on record of a bed, one for each file.
#[utoipa::path(get, path = "/beds/{bed}/recorded", tag = "signal", params(("bed" = String, Path)),
    responses((status = 200, body = [RecordedStretch])))]
async fn recorded(
    State(api): State<Api>,
    Named(bed): Named<String>,
) -> Result<Json<Vec<RecordedStretch>>, Problem> {
    let (folder, known) = (api.record_of(&bed)?, api.recorded.clone());
    Ok(Json(blocking(move || known.of(&folder, &bed)).await??))
}

/// A page of EEG.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Page {
    /// Its beginning, in seconds since 1970.
    from: f64,
    /// Its length: at most 120 s.
    #[param(minimum = 0.1, maximum = 120)]
    seconds: f64,
    #[param(inline)]
    montage: Option<PageMontage>,
    /// What is slower is taken away, in hertz; 0 for nothing.
    #[param(minimum = 0, maximum = 60)]
    low_cut: Option<f64>,
    /// What is faster is taken away, in hertz; 0 for nothing.
    #[param(minimum = 0, maximum = 1000)]
    high_cut: Option<f64>,
    /// The mains, in hertz; 0 for no notch.
    #[param(minimum = 0, maximum = 400)]
    notch: Option<f64>,
}

/// A page of EEG out of the record, also while it grows.
#[utoipa::path(get, path = "/beds/{bed}/eeg", tag = "signal", params(("bed" = String, Path), Page),
    responses((status = 200, body = EegPage)))]
async fn eeg(
    State(api): State<Api>,
    Named(bed): Named<String>,
    Asked(page): Asked<Page>,
) -> Result<Json<EegPage>, Problem> {
    let folder = api.record_of(&bed)?;
    let cut = |hz: Option<f64>| hz.filter(|hz| *hz != 0.0);
    let request = EegRequest {
        from_s: page.from,
        seconds: page.seconds,
        montage: page.montage.unwrap_or(PageMontage::Recorded),
        cuts: Cuts { low_hz: cut(page.low_cut), high_hz: cut(page.high_cut), notch_hz: cut(page.notch) },
    };
    let (period, of) = ((page.from, page.from + page.seconds), bed.clone());
    let found = blocking(move || eeg_page(&folder, &of, &request)).await?;
    api.of_record(&bed, period, found).await.map(Json)
}

/// A stretch of time.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// Its beginning, in seconds since 1970.
    pub from: f64,
    /// Its length in seconds.
    #[param(minimum = 0.1)]
    pub seconds: f64,
}

/// What the detector said of each second: at most two hours.
#[utoipa::path(get, path = "/beds/{bed}/verdicts", tag = "signal", params(("bed" = String, Path), Stretch),
    responses((status = 200, body = Traces)))]
async fn verdicts(
    State(api): State<Api>,
    Named(bed): Named<String>,
    Asked(stretch): Asked<Stretch>,
) -> Result<Json<Traces>, Problem> {
    let folder = api.record_of(&bed)?;
    let patient = api.shared.board.get(&bed).map(|bed| bed.patient);
    let ward = api.config.borrow().ward.clone();
    let (patients, models) = (ward.patients, ward.models);
    let (period, of) = ((stretch.from, stretch.from + stretch.seconds), bed.clone());
    let found = blocking(move || {
        let mut found = traces(&folder, &of, stretch.from, stretch.seconds)?;
        // The lines are those of the settings in use; whoever looks at other days sees today's.
        if let Some(id) = patient.and_then(|id| crate::config::PatientId::new(&id).ok())
            && let Ok(config) = PatientConfig::load(&patients, &id)
        {
            found.seizure_probability = Some(config.label.seizure_probability);
            found.alarm_threshold = Some(config.accumulator.threshold);
            let own = PatientConfig::autoencoder_path(&patients, &id);
            let weights = if own.is_file() { own } else { shared_autoencoder_path(&models) };
            found.ae_threshold = Autoencoder::threshold_of(&weights).ok();
        }
        Ok::<_, ReviewError>(found)
    });
    api.of_record(&bed, period, found.await?).await.map(Json)
}

/// A trend.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Hours {
    /// Its beginning, in seconds since 1970.
    from: f64,
    /// Its length in seconds: at most two days.
    #[param(minimum = 0.1, maximum = 172800)]
    seconds: f64,
    /// Into how many columns it is put together: at most 4000.
    #[param(minimum = 1, maximum = 4000)]
    columns: Option<usize>,
}

/// The trend over hours: spectrum and amplitude of each hemisphere, asymmetry, probability of a seizure.
#[utoipa::path(get, path = "/beds/{bed}/trend", tag = "signal", params(("bed" = String, Path), Hours),
    responses((status = 200, body = TrendPage)))]
async fn trend(
    State(api): State<Api>,
    Named(bed): Named<String>,
    Asked(hours): Asked<Hours>,
) -> Result<Json<TrendPage>, Problem> {
    let folder = api.record_of(&bed)?;
    let columns = hours.columns.unwrap_or(1200);
    let (period, of) = ((hours.from, hours.from + hours.seconds), bed.clone());
    let found = blocking(move || trend_page(&folder, &of, hours.from, hours.seconds, columns)).await?;
    api.of_record(&bed, period, found).await.map(Json)
}

/// What an alarm rests on.
#[derive(Debug, Serialize, ToSchema)]
struct Explained {
    /// When the explained second began, in seconds since 1970.
    time_s: f64,
    #[serde(flatten)]
    explanation: ExplanationReport,
}

/// What an alarm rests on: the second of its run that looked most like a seizure, its parts left out in turn. Judged with
/// the networks and settings in use now. One is explained at a time and few wait; the others are told so: 503 with
/// Retry-After.
#[utoipa::path(get, path = "/alarms/{alarm}/explanation", tag = "signal", params(("alarm" = String, Path)),
    responses((status = 200, body = Explained)))]
async fn explanation(
    State(api): State<Api>,
    Named(alarm): Named<String>,
) -> Result<Json<Explained>, Problem> {
    let Json(held) =
        api.read_log(move |log| Held::fold(&log.history(&alarm)?).ok_or(LogError::NoAlarm { alarm })).await?;
    let (Some((timeline, raised_second)), Some(onset_us)) = (held.second, held.onset_us) else {
        return Err(Problem::mistake(format!("{} is no seizure alarm; expected one", held.alarm)));
    };
    let onset_s = onset_us as f64 / 1e6;
    let second = AlarmSecond { timeline, raised_second, onset_s, raised_s: onset_s + 120.0 };
    let (folder, id) = (api.record_of(&held.bed)?, patient_id(&held.patient)?);
    let ward = api.config.borrow().ward.clone();
    let bed = held.bed.clone();
    let turn = turn().await?;
    let explained = blocking(move || {
        // The turn goes with the work: who hangs up meanwhile makes no room for another.
        let _turn = turn;
        let mut watched = Models::default()
            .watched(&ward.patients, &ward.models, &id)
            .map_err(|error| ReviewError::Mistake(error.to_string()))?;
        let (signal, rule) = (watched.signal.clone(), watched.config.label);
        explain_alarm(&folder, &held.bed, second, &signal, &mut watched.judge, rule)
    });
    let (time_s, explanation) = api.of_record(&bed, (onset_s, onset_s + 1.0), explained.await?).await?;
    Ok(Json(Explained { time_s, explanation }))
}

/// A turn to ask the networks.
async fn turn() -> Result<SemaphorePermit<'static>, Problem> {
    let busy = || {
        let words = "other alarms are being explained at this moment; detection goes first. Ask again in a few seconds";
        Problem::unavailable(words).retry_after(AGAIN_S)
    };
    let _place = WAITING.try_acquire().map_err(|_| busy())?;
    match tokio::time::timeout(PATIENCE, EXPLAINING.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => Err(busy()),
    }
}
