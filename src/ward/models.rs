//! The networks of a bed: the CNN that its patient's settings name, loaded once for all beds, and the
//! patient's autoencoder, or the shared one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use crate::alarm::entry::DetectorId;
use crate::config::{ConfigError, PatientConfig, PatientId};
use crate::detect::{Detector, Judge, JudgeError, SettingError};
use crate::model::{Autoencoder, Baseline, Classifier, ModelError};
use crate::signal::SignalConfig;
use thiserror::Error;

/// The name under which the shared autoencoder was fitted: no patient can be called so.
pub const SHARED: &str = "shared";

/// A patient who cannot be watched.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PatientError {
    /// The settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A network's file.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The two networks do not go together.
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// A setting of the detector.
    #[error(transparent)]
    Setting(#[from] SettingError),
}

/// A patient ready to be watched.
pub struct Watched {
    /// The settings.
    pub config: PatientConfig,
    /// The signal as the networks want it, with the patient's mains.
    pub signal: SignalConfig,
    /// The networks.
    pub judge: Judge,
    /// Whether the autoencoder is the shared one and not the patient's own.
    pub shared: bool,
    /// The part that remembers, at rest.
    pub detector: Detector,
}

/// In words, that a patient's EEG is smaller or larger than that of everybody with seizures whom the CNN was trained on; `None`
/// where it is not, or the network does not know.
pub fn unlike_size(classifier: &Classifier, baseline: &Baseline) -> Option<String> {
    let [least, largest] = classifier.amplitudes_uv()?;
    let own = baseline.typical_uv();
    let (how, consequence) = match own {
        own if own < least => ("smaller", "are likely to miss seizures"),
        own if own > largest => ("larger", "are likely to raise false alarms"),
        _ => return None,
    };
    Some(format!(
        "the EEG is {how} ({own:.1} uV, root mean square of a second outside seizures) than that of everybody with seizures whom the \
         CNN was trained on ({least:.1} to {largest:.1} uV): settings that are not calibrated on the patient {consequence}; \
         vigil patient calibrate chooses the patient's own"
    ))
}

impl Watched {
    /// What somebody should know of how this patient is watched: what [`unlike_size`] says, and a threshold that follows
    /// what another CNN said.
    pub fn remarks(&self) -> Vec<String> {
        self.unlike_size().into_iter().chain(self.other_level()).collect()
    }

    /// That the threshold rests on the level of another CNN.
    fn other_level(&self) -> Option<String> {
        let level = self.config.rests_on()?;
        (level.cnn != self.judge.classifier().digest()).then(|| {
            format!(
                "seizure_probability {} rests on what another CNN said of this patient's EEG than the one that lies in {:?} now; \
                 vigil patient fit asks this one",
                self.config.label.seizure_probability, self.config.cnn
            )
        })
    }

    /// What [`unlike_size`] says, where the patient has an autoencoder of their own and no settings of their own.
    fn unlike_size(&self) -> Option<String> {
        let own = self.judge.autoencoder().filter(|_| !self.shared && self.config.calibration.is_none())?;
        unlike_size(self.judge.classifier(), own.baseline())
    }

    /// What makes this detector: a rate is that of one of them.
    pub fn detector_id(&self) -> DetectorId {
        DetectorId {
            cnn: self.judge.classifier().digest().to_string(),
            autoencoder: self.judge.autoencoder().map_or("", |autoencoder| autoencoder.digest()).to_string(),
            settings: serde_json::json!({
                "label": self.config.label,
                "accumulator": self.config.accumulator,
                "signal": self.signal,
            }),
        }
    }
}

/// SHA-256 of the CNN that a patient's settings name, as it lies on disk; empty where there is none.
pub fn cnn_digest(models: &Path, patient: &PatientConfig) -> String {
    crate::model::read_weights(&cnn_path(models, &patient.cnn))
        .map_or(String::new(), |weights| weights.digest())
}

/// Where a CNN's weights lie.
pub fn cnn_path(models: &Path, name: &str) -> PathBuf {
    models.join(name).join("weights.safetensors")
}

/// Where the shared autoencoder lies.
pub fn shared_autoencoder_path(models: &Path) -> PathBuf {
    models.join(SHARED).join("autoencoder.safetensors")
}

/// CNNs in use, each loaded once.
#[derive(Default)]
pub struct Models {
    loaded: BTreeMap<PathBuf, Weak<Classifier>>,
}

impl Models {
    /// Loads everything that a patient is watched with.
    ///
    /// # Errors
    /// [`PatientError`]: what is missing or does not fit.
    pub fn watched(
        &mut self,
        patients: &Path,
        models: &Path,
        id: &PatientId,
    ) -> Result<Watched, PatientError> {
        let config = PatientConfig::load(patients, id)?;
        let classifier = self.classifier(&cnn_path(models, &config.cnn))?;
        let signal = SignalConfig { mains_hz: config.mains_hz, ..classifier.config().signal.clone() };
        let own = PatientConfig::autoencoder_path(patients, id);
        let shared = !own.is_file();
        let autoencoder = if shared {
            Autoencoder::load(&shared_autoencoder_path(models), SHARED, &signal)?
        } else {
            Autoencoder::load(&own, id.as_str(), &signal)?
        };
        let judge = Judge::new(classifier, Some(Arc::new(autoencoder)))?;
        let detector = Detector::new(config.label, config.accumulator)?;
        Ok(Watched { config, signal, judge, shared, detector })
    }

    fn classifier(&mut self, path: &Path) -> Result<Arc<Classifier>, ModelError> {
        let digest = crate::model::read_weights(path)?.digest();
        if let Some(loaded) = self.loaded.get(path).and_then(Weak::upgrade)
            && loaded.digest() == digest
        {
            return Ok(loaded);
        }
        let classifier = Arc::new(Classifier::load(path)?);
        self.loaded.insert(path.to_path_buf(), Arc::downgrade(&classifier));
        Ok(classifier)
    }
}
