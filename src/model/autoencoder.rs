//! The patient's autoencoder: how unlike this patient's usual EEG a second is.

use std::path::Path;

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::tanh;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::config::AutoencoderConfig;
use super::device::compute_device;
use super::error::ModelError;
use super::store::{must_agree, read_weights, write_weights};
use crate::eeg::DERIVATIONS;
use crate::signal::SignalConfig;

/// The layers: vector, hidden, code, hidden, vector. The code is linear, the hidden layers are tanh.
#[derive(Module, Debug)]
pub struct AutoencoderNet {
    encode: Vec<Linear>,
    decode: Vec<Linear>,
}

impl AutoencoderNet {
    /// Fresh weights for vectors of `DERIVATIONS * points_per_second` numbers.
    pub fn new(config: &AutoencoderConfig, device: &Device) -> AutoencoderNet {
        let points = DERIVATIONS * config.points_per_second;
        let layer = |from, to| LinearConfig::new(from, to).init(device);
        AutoencoderNet {
            encode: vec![layer(points, config.hidden), layer(config.hidden, config.code)],
            decode: vec![layer(config.code, config.hidden), layer(config.hidden, points)],
        }
    }

    /// The reconstruction of `[batch, points]`, of the same shape.
    pub fn forward(&self, vectors: Tensor<2>) -> Tensor<2> {
        let code = self.encode[1].forward(tanh(self.encode[0].forward(vectors)));
        self.decode[1].forward(tanh(self.decode[0].forward(code)))
    }
}

/// What the autoencoder knows of the EEG that it was fitted on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Whose EEG it is.
    pub patient: String,
    /// Seconds that the fit saw.
    pub seconds: usize,
    /// Typical amplitude of each derivation in uV (median of the windows' root mean squares).
    pub amplitude_uv: Vec<f32>,
    /// Median of the natural logarithm of the baseline's errors.
    pub log_error_median: f32,
    /// 1.4826 times the median absolute deviation of the same: a standard deviation that a
    /// contaminated baseline cannot inflate.
    pub log_error_deviation: f32,
    /// A second is flagged where its error lies above this.
    pub threshold: f32,
}

impl Baseline {
    /// Typical amplitude of the EEG in uV: the median of those of its derivations.
    pub fn typical_uv(&self) -> f32 {
        let mut amplitudes = self.amplitude_uv.clone();
        amplitudes.sort_by(f32::total_cmp);
        amplitudes.get(amplitudes.len() / 2).copied().unwrap_or_default()
    }
}

#[derive(Serialize, Deserialize)]
struct Description {
    config: AutoencoderConfig,
    baseline: Baseline,
}

/// The error of a second beside the threshold of the autoencoder that judged it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AutoencoderOpinion {
    /// The reconstruction error.
    pub error: f32,
    /// The error above which a second is flagged.
    pub threshold: f32,
}

impl AutoencoderOpinion {
    /// Whether the second is flagged.
    pub fn flag(&self) -> bool {
        self.error > self.threshold
    }
}

/// A fitted autoencoder with its baseline, ready to judge windows.
#[derive(Clone)]
pub struct Autoencoder {
    config: AutoencoderConfig,
    baseline: Baseline,
    digest: String,
    net: AutoencoderNet,
    device: Device,
}

impl Autoencoder {
    /// Puts a fitted network and its baseline together.
    pub fn new(config: AutoencoderConfig, baseline: Baseline, net: &AutoencoderNet) -> Autoencoder {
        Autoencoder { config, baseline, digest: String::new(), net: net.valid(), device: compute_device() }
    }

    /// Reads a patient's weight file and checks that it fits `signal`, the conditioning in use, and
    /// `patient`, the one being watched.
    ///
    /// # Errors
    /// See [`ModelError`]; another patient or another conditioning is
    /// [`ModelError::OtherConfiguration`].
    pub fn load(path: &Path, patient: &str, signal: &SignalConfig) -> Result<Autoencoder, ModelError> {
        let file = read_weights(path)?;
        let Description { config, baseline } = file.description(AutoencoderConfig::VERSION)?;
        must_agree(path, "patient", &baseline.patient.as_str(), &patient)?;
        if !config.signal.compatible_with(signal) {
            must_agree(path, "signal", &config.signal, signal)?;
        }
        if baseline.amplitude_uv.len() != DERIVATIONS {
            return Err(ModelError::Damaged {
                path: path.to_path_buf(),
                found: format!("amplitudes of {} derivations", baseline.amplitude_uv.len()),
                expected: format!("{DERIVATIONS}"),
            });
        }
        let device = compute_device();
        let mut net = AutoencoderNet::new(&config, &device);
        let digest = file.digest();
        file.load_into(&mut net)?;
        Ok(Autoencoder { config, baseline, digest, net: net.valid(), device })
    }

    /// Above which error a weight file's autoencoder flags a second, without making the network.
    ///
    /// # Errors
    /// [`ModelError`] where the file cannot be read.
    pub fn threshold_of(path: &Path) -> Result<f64, ModelError> {
        let Description { baseline, .. } = read_weights(path)?.description(AutoencoderConfig::VERSION)?;
        Ok(f64::from(baseline.threshold))
    }

    /// Writes the patient's weight file.
    ///
    /// # Errors
    /// [`ModelError::Io`] where the disk refuses.
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        let description = Description { config: self.config.clone(), baseline: self.baseline.clone() };
        write_weights(path, &self.net, &description)
    }

    /// What it was fitted on.
    pub fn baseline(&self) -> &Baseline {
        &self.baseline
    }

    /// The configuration that it was fitted with.
    pub fn config(&self) -> &AutoencoderConfig {
        &self.config
    }

    /// SHA-256 of the weight file; empty before it is saved and read back.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The reconstruction error of one window (see [`reconstruction_errors`]).
    ///
    /// # Errors
    /// [`ModelError::Shape`] where `samples` is not `DERIVATIONS` times the signal's rate long.
    pub fn error(&self, samples: &[f32], present: &[bool; DERIVATIONS]) -> Result<f32, ModelError> {
        let mut vector = Vec::new();
        vector_of(&self.config, &self.baseline.amplitude_uv, samples, present, &mut vector)?;
        let errors = reconstruction_errors(&self.net, &vector, &[*present], &self.device)?;
        errors.first().copied().ok_or_else(|| ModelError::Compute { reason: "no error came back".into() })
    }

    /// The error of one window beside the patient's threshold.
    ///
    /// # Errors
    /// See [`Autoencoder::error`].
    pub fn opinion(
        &self,
        samples: &[f32],
        present: &[bool; DERIVATIONS],
    ) -> Result<AutoencoderOpinion, ModelError> {
        Ok(AutoencoderOpinion { error: self.error(samples, present)?, threshold: self.baseline.threshold })
    }

    /// Whether an error lies above the patient's threshold.
    pub fn flags(&self, error: f32) -> bool {
        error > self.baseline.threshold
    }
}

/// Appends one window as the autoencoder sees it: averaged down to the configured points, divided
/// by the derivation's typical amplitude, clipped; 0 where a derivation is absent.
///
/// # Errors
/// [`ModelError::Shape`] where `samples` does not hold a whole second of 18 derivations.
pub fn vector_of(
    config: &AutoencoderConfig,
    amplitude_uv: &[f32],
    samples: &[f32],
    present: &[bool; DERIVATIONS],
    vector: &mut Vec<f32>,
) -> Result<(), ModelError> {
    let per_derivation = samples.len() / DERIVATIONS;
    let points = config.points_per_second;
    if points == 0
        || !per_derivation.is_multiple_of(points)
        || per_derivation == 0
        || !samples.len().is_multiple_of(DERIVATIONS)
    {
        return Err(ModelError::Shape {
            expected: format!("{DERIVATIONS} derivations with a multiple of {points} samples each"),
            found: format!("{} samples", samples.len()),
        });
    }
    let pool = per_derivation / points;
    for (d, trace) in samples.chunks_exact(per_derivation).enumerate() {
        if !present[d] {
            vector.resize(vector.len() + points, 0.0);
            continue;
        }
        let scale = 1.0 / (amplitude_uv[d] * pool as f32);
        vector.extend(
            trace
                .chunks_exact(pool)
                .map(|few| (few.iter().sum::<f32>() * scale).clamp(-config.clip, config.clip)),
        );
    }
    Ok(())
}

/// The error of each vector: the root mean square of what the reconstruction misses, over the
/// derivations that are present, in units of the patient's typical amplitude.
///
/// # Errors
/// [`ModelError::Shape`] where `vectors` does not hold one vector for each entry of `present`.
pub fn reconstruction_errors(
    net: &AutoencoderNet,
    vectors: &[f32],
    present: &[[bool; DERIVATIONS]],
    device: &Device,
) -> Result<Vec<f32>, ModelError> {
    let windows = present.len();
    if windows == 0 {
        return Ok(Vec::new());
    }
    if !vectors.len().is_multiple_of(windows) {
        return Err(ModelError::Shape {
            expected: format!("{windows} vectors"),
            found: format!("{} numbers", vectors.len()),
        });
    }
    let length = vectors.len() / windows;
    let input: Tensor<2> = Tensor::from_data(TensorData::new(vectors.to_vec(), [windows, length]), device);
    let output = net
        .forward(input)
        .into_data()
        .try_into_vec::<f32>()
        .map_err(|e| ModelError::Compute { reason: format!("{e:?}") })?;
    let points = length / DERIVATIONS;
    Ok((0..windows)
        .map(|w| {
            let mut sum = 0.0f64;
            let mut count = 0usize;
            for d in (0..DERIVATIONS).filter(|&d| present[w][d]) {
                let at = w * length + d * points..w * length + (d + 1) * points;
                sum += vectors[at.clone()]
                    .iter()
                    .zip(&output[at])
                    .map(|(a, b)| f64::from(a - b).powi(2))
                    .sum::<f64>();
                count += points;
            }
            if count == 0 { 0.0 } else { (sum / count as f64).sqrt() as f32 }
        })
        .collect())
}
