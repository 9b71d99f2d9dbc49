//! Fitting a patient's autoencoder on a baseline that may contain what it should not.

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Int, Tensor, TensorData};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::error::TrainError;
use super::fresh::seeded;
use crate::dataset::{Dataset, Second};
use crate::eeg::DERIVATIONS;
use crate::model::{
    Autoencoder, AutoencoderConfig, AutoencoderNet, Baseline, compute_device, reconstruction_errors,
    vector_of,
};

/// The settings of one fit; each default's reason stands beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AutoencoderFit {
    /// Everything random follows from it.
    pub seed: u64,
    /// Passes over the baseline.
    pub epochs: usize,
    /// Vectors in a batch.
    pub batch: usize,
    /// Adam's learning rate; it falls to a tenth along a cosine.
    pub learning_rate: f64,
    /// Share of each batch with the largest errors that is not learnt from: a seizure or a chewing
    /// bout in the baseline then stays unlearnt. A quarter is more than the worst baseline that a
    /// ward would accept.
    pub trim: f64,
    /// A second is flagged where the logarithm of its error lies this many robust standard
    /// deviations above the median. 1.2816 is the 90th percentile of a normal distribution.
    pub flag_deviations: f64,
}

impl Default for AutoencoderFit {
    fn default() -> Self {
        AutoencoderFit {
            seed: 1,
            epochs: 30,
            batch: 64,
            learning_rate: 2e-3,
            trim: 0.25,
            flag_deviations: 1.2816,
        }
    }
}

/// Fewest seconds that an autoencoder is fitted on.
pub const FEWEST_SECONDS: usize = 30;

/// Windows of the baseline start at each of these shares of a second, where the next second follows.
const OFFSETS: [f64; 4] = [0.0, 0.25, 0.5, 0.75];

/// Fits an autoencoder and finds its threshold.
///
/// The threshold comes from errors that were not fitted on: the baseline is cut in two, a network
/// fitted on each half judges the other. The network that is kept is then fitted on all of it.
///
/// `told` hears the step and the number of steps.
///
/// # Errors
/// [`TrainError::TooLittle`] with fewer than [`FEWEST_SECONDS`] seconds.
pub fn fit_autoencoder(
    dataset: &Dataset,
    seconds: &[Second],
    patient: &str,
    config: &AutoencoderConfig,
    fit: &AutoencoderFit,
    told: &mut dyn FnMut(usize, usize),
) -> Result<Autoencoder, TrainError> {
    check(seconds, config, fit)?;
    let amplitude_uv = typical_amplitudes(dataset, seconds);
    let errors =
        cross_fitted_errors(dataset, seconds, config, fit, &mut |step, steps| told(step, 2 * steps))?;
    let net = train_net(dataset, seconds, &amplitude_uv, config, fit, &mut |step, steps| {
        told(steps + step, 2 * steps)
    })?;
    let (log_error_median, log_error_deviation) = robust_log_spread(&errors);
    let threshold = (log_error_median + fit.flag_deviations * log_error_deviation).exp() as f32;
    let baseline = Baseline {
        patient: patient.to_string(),
        seconds: seconds.len(),
        amplitude_uv,
        log_error_median: log_error_median as f32,
        log_error_deviation: log_error_deviation as f32,
        threshold,
    };
    Ok(Autoencoder::new(config.clone(), baseline, &net))
}

/// The error of each second, judged by a network that was fitted on the other half.
///
/// # Errors
/// [`TrainError::TooLittle`] with fewer than [`FEWEST_SECONDS`] seconds.
pub fn cross_fitted_errors(
    dataset: &Dataset,
    seconds: &[Second],
    config: &AutoencoderConfig,
    fit: &AutoencoderFit,
    told: &mut dyn FnMut(usize, usize),
) -> Result<Vec<f32>, TrainError> {
    check(seconds, config, fit)?;
    // One scale for both halves, so that their errors are of one unit.
    let amplitude_uv = typical_amplitudes(dataset, seconds);
    let (earlier, later) = seconds.split_at(seconds.len() / 2);
    let device = compute_device();
    let judge = |fitted: &[Second],
                 judged: &[Second],
                 told: &mut dyn FnMut(usize, usize)|
     -> Result<Vec<f32>, TrainError> {
        let net = train_net(dataset, fitted, &amplitude_uv, config, fit, told)?.valid();
        let (vectors, present) = vectors_of(dataset, judged, &amplitude_uv, config)?;
        Ok(reconstruction_errors(&net, &vectors, &present, &device)?)
    };
    let mut errors = judge(later, earlier, &mut |step, steps| told(step, 2 * steps))?;
    errors.extend(judge(earlier, later, &mut |step, steps| told(steps + step, 2 * steps))?);
    Ok(errors)
}

/// Median of the natural logarithms and 1.4826 times their median absolute deviation.
pub fn robust_log_spread(errors: &[f32]) -> (f64, f64) {
    let mut logs: Vec<f64> = errors.iter().map(|&error| f64::from(error.max(1e-9)).ln()).collect();
    let middle = median(&mut logs);
    let mut distances: Vec<f64> = logs.iter().map(|log| (log - middle).abs()).collect();
    (middle, 1.4826 * median(&mut distances))
}

fn check(seconds: &[Second], config: &AutoencoderConfig, fit: &AutoencoderFit) -> Result<(), TrainError> {
    let setting = |setting, found: String, expected: &str| {
        Err(TrainError::Setting { setting, found, expected: expected.to_string() })
    };
    if seconds.len() < FEWEST_SECONDS {
        return Err(TrainError::TooLittle {
            found: format!("a baseline of {} usable seconds", seconds.len()),
            expected: format!("{FEWEST_SECONDS} at the least, better 10 minutes"),
            advice: "add earlier recordings of this patient".into(),
        });
    }
    let rate = config.signal.rate_hz as usize;
    if config.points_per_second == 0 || !rate.is_multiple_of(config.points_per_second) {
        return setting(
            "points_per_second",
            config.points_per_second.to_string(),
            "a divisor of the signal's rate",
        );
    }
    if config.hidden == 0 || config.code == 0 || config.hidden > 4096 || config.code > config.hidden {
        return setting(
            "hidden and code",
            format!("{} and {}", config.hidden, config.code),
            "1 to 4096, the code no wider than hidden",
        );
    }
    if fit.batch < 2 || fit.epochs == 0 {
        return setting("batch and epochs", format!("{} and {}", fit.batch, fit.epochs), "at least 2 and 1");
    }
    if !(0.0..0.9).contains(&fit.trim) {
        return setting("trim", fit.trim.to_string(), "0 to below 0.9");
    }
    Ok(())
}

/// Median over seconds of each derivation's root mean square, at least 1 uV.
pub(super) fn typical_amplitudes(dataset: &Dataset, seconds: &[Second]) -> Vec<f32> {
    let mut window = Vec::new();
    let mut by_derivation = vec![Vec::new(); DERIVATIONS];
    for second in seconds {
        let stretch = &dataset.stretches[second.stretch];
        stretch.window_at(second.index * dataset.rate, dataset.rate, &mut window);
        for (d, trace) in
            window.chunks_exact(dataset.rate).enumerate().filter(|(d, _)| stretch.present[second.index][*d])
        {
            let power: f64 = trace.iter().map(|&uv| f64::from(uv).powi(2)).sum();
            by_derivation[d].push((power / trace.len() as f64).sqrt());
        }
    }
    let mut all: Vec<f64> = by_derivation.iter().flatten().copied().collect();
    let overall = median(&mut all);
    by_derivation
        .iter_mut()
        .map(|few| (if few.is_empty() { overall } else { median(few) }).max(1.0) as f32)
        .collect()
}

fn median(numbers: &mut [f64]) -> f64 {
    if numbers.is_empty() {
        return 0.0;
    }
    let middle = numbers.len() / 2;
    let (_, at, _) = numbers.select_nth_unstable_by(middle, f64::total_cmp);
    *at
}

type Vectors = (Vec<f32>, Vec<[bool; DERIVATIONS]>);

/// The seconds as vectors, without the shifted windows.
fn vectors_of(
    dataset: &Dataset,
    seconds: &[Second],
    amplitude_uv: &[f32],
    config: &AutoencoderConfig,
) -> Result<Vectors, TrainError> {
    let (mut vectors, mut present, mut window) = (Vec::new(), Vec::new(), Vec::new());
    for second in seconds {
        let stretch = &dataset.stretches[second.stretch];
        stretch.window_at(second.index * dataset.rate, dataset.rate, &mut window);
        vector_of(config, amplitude_uv, &window, &stretch.present[second.index], &mut vectors)?;
        present.push(stretch.present[second.index]);
    }
    Ok((vectors, present))
}

/// The seconds and the windows between neighbours, as vectors.
fn shifted_vectors(
    dataset: &Dataset,
    seconds: &[Second],
    amplitude_uv: &[f32],
    config: &AutoencoderConfig,
) -> Result<Vectors, TrainError> {
    let (mut vectors, mut present, mut window) = (Vec::new(), Vec::new(), Vec::new());
    for (i, second) in seconds.iter().enumerate() {
        let stretch = &dataset.stretches[second.stretch];
        let follows = seconds
            .get(i + 1)
            .is_some_and(|next| next.stretch == second.stretch && next.index == second.index + 1);
        for offset in OFFSETS.iter().filter(|&&offset| offset == 0.0 || follows) {
            let start = second.index * dataset.rate + (offset * dataset.rate as f64) as usize;
            stretch.window_at(start, dataset.rate, &mut window);
            let mut there = stretch.present[second.index];
            if *offset > 0.0 {
                there.iter_mut().zip(&stretch.present[second.index + 1]).for_each(|(a, b)| *a &= b);
            }
            vector_of(config, amplitude_uv, &window, &there, &mut vectors)?;
            present.push(there);
        }
    }
    Ok((vectors, present))
}

fn train_net(
    dataset: &Dataset,
    seconds: &[Second],
    amplitude_uv: &[f32],
    config: &AutoencoderConfig,
    fit: &AutoencoderFit,
    told: &mut dyn FnMut(usize, usize),
) -> Result<AutoencoderNet, TrainError> {
    let (vectors, present) = shifted_vectors(dataset, seconds, amplitude_uv, config)?;
    let device = compute_device().autodiff();
    let mut net =
        seeded(&device, fit.seed, |device| Ok::<_, TrainError>(AutoencoderNet::new(config, device)))?;
    let mut optimiser = AdamConfig::new().init();
    let mut rng = ChaCha8Rng::seed_from_u64(fit.seed);
    let length = DERIVATIONS * config.points_per_second;
    let mut order: Vec<usize> = (0..present.len()).collect();
    let batches = present.len().div_ceil(fit.batch);
    let steps = fit.epochs * batches;
    for epoch in 0..fit.epochs {
        order.shuffle(&mut rng as &mut dyn Rng);
        for (batch, chosen) in order.chunks(fit.batch).enumerate() {
            let step = epoch * batches + batch;
            let input: Vec<f32> =
                chosen.iter().flat_map(|&i| &vectors[i * length..(i + 1) * length]).copied().collect();
            let mask: Vec<f32> = chosen
                .iter()
                .flat_map(|&i| {
                    present[i].iter().flat_map(|&there| {
                        std::iter::repeat_n(f32::from(u8::from(there)), config.points_per_second)
                    })
                })
                .collect();
            let shape = [chosen.len(), length];
            let input: Tensor<2> = Tensor::from_data(TensorData::new(input, shape), &device);
            let mask: Tensor<2> = Tensor::from_data(TensorData::new(mask, shape), &device);
            let missed = (net.forward(input.clone()) - input) * mask;
            // Errors count by their logarithm, so that loud seconds do not drown quiet ones.
            let losses: Tensor<1> = missed.powi_scalar(2).mean_dim(1).add_scalar(1e-4).log().flatten(0, 1);
            let kept = trusted(&losses, fit.trim)?;
            let kept: Tensor<1, Int> =
                Tensor::from_data(TensorData::new(kept.clone(), [kept.len()]), &device);
            let gradients = GradientsParams::from_grads(losses.select(0, kept).mean().backward(), &net);
            let falling = 0.55 + 0.45 * (std::f64::consts::PI * step as f64 / steps as f64).cos();
            net = optimiser.step(fit.learning_rate * falling, net, gradients);
            told(step + 1, steps);
        }
    }
    Ok(net)
}

/// The batch without its `trim` share of largest losses.
fn trusted(losses: &Tensor<1>, trim: f64) -> Result<Vec<i64>, TrainError> {
    let values = losses
        .to_data()
        .try_into_vec::<f32>()
        .map_err(|e| crate::model::ModelError::Compute { reason: format!("{e:?}") })?;
    let mut order: Vec<i64> = (0..values.len() as i64).collect();
    order.sort_by(|&a, &b| values[a as usize].total_cmp(&values[b as usize]));
    let kept = values.len() - (trim * values.len() as f64) as usize;
    order.truncate(kept.max(1));
    Ok(order)
}
