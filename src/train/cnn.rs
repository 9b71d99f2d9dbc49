//! Training the CNN: batches drawn from the step's own random numbers, a one-cycle learning rate,
//! early stopping on people who are not trained on, a checkpoint to go on from.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{Int, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use super::augment::{Painter, Shown};
use super::checkpoint::{Checkpoint, EpochLog, State};
use super::config::TrainConfig;
use super::error::TrainError;
use super::fresh::seeded;
use super::labels::SecondLabel;
use super::sampler::Sampler;
use super::simulated::Simulator;
use super::sizes::Sizes;
use super::start::Start;
use crate::dataset::{Dataset, Second};
use crate::evaluate::auroc;
use crate::model::{Classes, Classifier, CnnConfig, CnnNet, Viewer, compute_device, images_to_tensor};

/// Seconds of work between two checkpoints.
const CHECKPOINT_EVERY_S: f64 = 60.0;

/// What a training tells while it runs.
#[derive(Debug, Clone)]
pub enum Progress<'a> {
    /// It goes on from a checkpoint at this step.
    Resumed {
        /// Steps already done.
        step: usize,
    },
    /// A step is done.
    Step {
        /// Steps done.
        step: usize,
        /// Steps in all.
        steps: usize,
        /// Mean loss of this epoch so far.
        loss: f64,
    },
    /// An epoch is done.
    Epoch(&'a EpochLog),
}

/// A trained network and its run log.
pub struct TrainedCnn {
    /// The network: of the best epoch where people were held out, else of the last one.
    pub net: CnnNet,
    /// One entry per epoch.
    pub log: Vec<EpochLog>,
    /// The epoch that was kept.
    pub epoch: usize,
    /// Seconds spent, over all runs.
    pub elapsed_s: f64,
}

/// What to train on.
pub struct Task<'a> {
    /// The conditioned recordings.
    pub dataset: &'a Dataset,
    /// The seconds to train on.
    pub labels: &'a [(Second, SecondLabel)],
    /// Seconds of held-out people: early stopping looks at them, nothing is fitted on them.
    pub held_out: &'a [(Second, SecondLabel)],
    /// The network.
    pub model: &'a CnnConfig,
    /// The settings.
    pub config: &'a TrainConfig,
    /// What tells these labels from the expert's own, such as the digest of the table that changed them.
    pub cleaned_by: Option<&'a str>,
    /// The network to go on from; else one with fresh weights.
    pub start: Option<&'a Start>,
    /// Epochs after which to stop, though the learning rate is planned for `config.epochs`.
    pub stop_after: Option<usize>,
}

/// Trains a CNN.
///
/// # Errors
/// [`TrainError`]: too little data, a setting out of range, a checkpoint of another training, a
/// loss that is no number.
pub fn train_cnn(
    task: &Task<'_>,
    checkpoint_folder: &Path,
    told: &mut dyn FnMut(Progress<'_>),
) -> Result<TrainedCnn, TrainError> {
    let config = task.config;
    check(config)?;
    let classes = task.model.classes;
    let abnormal = [
        ("simulated.artifacts", config.simulated.artifacts),
        ("simulated.look_alikes", config.simulated.look_alikes),
    ];
    if let Some((setting, share)) = abnormal.into_iter().find(|(_, share)| *share > 0.0)
        && classes == Classes::Two
    {
        let (found, expected) = (share.to_string(), "0 with two classes".to_string());
        return Err(TrainError::Setting { setting, found, expected });
    }
    check_held_out(task)?;
    let sampler = Sampler::new(task.dataset, task.labels, config, classes)?;
    let sizes = Sizes::of(task.dataset, task.labels);
    let simulator = Simulator::new(&task.model.signal)?;
    let mut painter = Painter::new(&task.model.plot, task.dataset.rate)?;
    let device = compute_device().autodiff();
    let mut net = seeded(&device, config.seed, |device| CnnNet::new(task.model, device))?;
    let mut drawing_stays = false;
    if let Some(start) = task.start {
        start.load_into(task.model, &mut net)?;
        drawing_stays = start.is_drawing_of(task.model);
    }
    let optimiser = AdamWConfig::new().with_weight_decay(config.weight_decay as f32).init();

    let per_epoch = task.labels.len().div_ceil(config.batch);
    let steps = per_epoch * config.epochs;
    let last = per_epoch * task.stop_after.unwrap_or(config.epochs).min(config.epochs);
    let checkpoint = Checkpoint::new(checkpoint_folder);
    let identity = identity(task);
    let (resumed, mut net, mut optimiser) = checkpoint.load(&identity, net, optimiser)?;
    if let Some(state) = &resumed {
        told(Progress::Resumed { step: state.step });
    }
    let mut state = resumed.unwrap_or_else(|| State {
        identity,
        step: 0,
        epoch_loss: 0.0,
        elapsed_s: 0.0,
        log: Vec::new(),
        stale: 0,
        best: None,
    });
    let began = Instant::now();
    let before_s = state.elapsed_s;
    let mut saved_s = before_s;
    let loss_of =
        CrossEntropyLossConfig::new().with_smoothing(Some(config.label_smoothing as f32)).init(&device);
    let (width, height) = (task.model.plot.width as usize, task.model.plot.rows() as usize);
    let mut images = vec![0u8; config.batch * task.model.plot.pixels()];

    while state.step < last && (task.held_out.is_empty() || state.stale < config.patience) {
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        rng.set_stream(state.step as u64 + 1);
        // Dropout draws from the library's own generator.
        device.seed(config.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ state.step as u64);
        let mut targets = Vec::with_capacity(config.batch);
        for image in images.chunks_exact_mut(task.model.plot.pixels()) {
            let drawn = sampler.draw(&mut rng);
            let added = drawn.added.map(|added| simulator.draw(added, &mut rng));
            let (second, vary) = (drawn.second, &config.augmentation);
            let person = task.dataset.recording_of(second).person.as_str();
            // Where no such image is asked for, no random number is drawn for it: the others stay as they were.
            let size = match config.enlarged > 0.0 && rng.random_bool(config.enlarged) {
                true => sizes.enlarged(person, &mut rng),
                false => 1.0,
            };
            let shown = Shown { second, size, added: added.as_deref() };
            painter.draw_varied(task.dataset, shown, vary, &mut rng, image);
            targets.push(drawn.label.output(classes) as i64);
        }
        let input = images_to_tensor(&images, width, height, &device)?;
        let targets: Tensor<1, Int> = Tensor::from_data(TensorData::new(targets, [config.batch]), &device);
        // Where two networks are averaged, each is trained for itself: the loss of the mean would be content with one.
        let opinions = match drawing_stays.then(|| net.opinion_of_traces(input.clone())).flatten() {
            Some(traces) => vec![traces],
            None => net.opinions(input),
        };
        let losses = opinions.into_iter().map(|logits| loss_of.forward(logits, targets.clone()));
        let loss = Tensor::cat(losses.collect(), 0).mean();
        let value: f32 = loss.clone().into_scalar();
        if !value.is_finite() {
            return Err(TrainError::Diverged { step: state.step, loss: value });
        }
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        let learning_rate = config.learning_rate(state.step, steps);
        net = optimiser.step(learning_rate, net, gradients);

        state.step += 1;
        state.epoch_loss += f64::from(value);
        state.elapsed_s = before_s + began.elapsed().as_secs_f64();
        let in_epoch = (state.step - 1) % per_epoch + 1;
        told(Progress::Step { step: state.step, steps: last, loss: state.epoch_loss / in_epoch as f64 });
        if in_epoch == per_epoch {
            let held_out_auroc = mean_auroc(task, &net)?;
            let epoch = state.step / per_epoch;
            let entry = EpochLog {
                epoch,
                loss: state.epoch_loss / per_epoch as f64,
                learning_rate,
                held_out_auroc,
                elapsed_s: state.elapsed_s,
            };
            told(Progress::Epoch(&entry));
            state.log.push(entry);
            state.epoch_loss = 0.0;
            if let Some(auroc) = held_out_auroc {
                if state.best.is_none_or(|(best, _)| auroc > best) {
                    state.best = Some((auroc, epoch));
                    state.stale = 0;
                    checkpoint.save_best(&net)?;
                } else {
                    state.stale += 1;
                }
            }
        }
        if in_epoch == per_epoch || state.elapsed_s - saved_s >= CHECKPOINT_EVERY_S {
            checkpoint.save(&state, &net, &optimiser)?;
            saved_s = state.elapsed_s;
        }
    }
    let epoch = match state.best {
        Some((_, epoch)) => {
            net = checkpoint.load_best(net)?;
            epoch
        }
        None => state.step / per_epoch,
    };
    Ok(TrainedCnn { net, log: state.log, epoch, elapsed_s: state.elapsed_s })
}

fn check(config: &TrainConfig) -> Result<(), TrainError> {
    let setting = |setting, found: String, expected: &str| {
        Err(TrainError::Setting { setting, found, expected: expected.to_string() })
    };
    if config.batch < 2 || config.batch > 4096 {
        return setting("batch", config.batch.to_string(), "2 to 4096");
    }
    if config.epochs == 0 {
        return setting("epochs", "0".into(), "at least 1");
    }
    if !(config.peak_rate > 0.0 && config.peak_rate < 1.0) {
        return setting("peak_rate", config.peak_rate.to_string(), "above 0 and below 1");
    }
    if !(0.0..1.0).contains(&config.label_smoothing) {
        return setting("label_smoothing", config.label_smoothing.to_string(), "0 to below 1");
    }
    if config.class_shares.iter().any(|share| !(0.0..=1.0).contains(share))
        || config.class_shares.iter().sum::<f64>() <= 0.0
    {
        return setting(
            "class_shares",
            format!("{:?}", config.class_shares),
            "three shares from 0 to 1, not all 0",
        );
    }
    if config.patience == 0 {
        return setting("patience", "0".into(), "at least 1 epoch");
    }
    if !(0.0..=1.0).contains(&config.warm_up) {
        return setting("warm_up", config.warm_up.to_string(), "a share from 0 to 1");
    }
    for (name, value) in
        [("weight_decay", config.weight_decay), ("augmentation.log_gain", config.augmentation.log_gain)]
    {
        if !(value >= 0.0 && value.is_finite()) {
            return setting(name, value.to_string(), "a number of at least 0");
        }
    }
    for (name, share) in [
        ("hard_negatives", config.hard_negatives),
        ("matched_people", config.matched_people),
        ("enlarged", config.enlarged),
        ("simulated.seizures", config.simulated.seizures),
        ("simulated.artifacts", config.simulated.artifacts),
        ("simulated.look_alikes", config.simulated.look_alikes),
        ("augmentation.mirror", config.augmentation.mirror),
        ("augmentation.reverse", config.augmentation.reverse),
        ("augmentation.missing", config.augmentation.missing),
    ] {
        if !(0.0..=1.0).contains(&share) {
            return setting(name, share.to_string(), "a share from 0 to 1");
        }
    }
    let shares = config.simulated;
    if shares.artifacts + shares.look_alikes > 1.0 {
        let found = format!("{} beside {} of artifacts", shares.look_alikes, shares.artifacts);
        return setting("simulated.look_alikes", found, "shares of the same images, at most 1 together");
    }
    if !(0.0..=0.5).contains(&config.augmentation.shift_s) {
        return setting("augmentation.shift_s", config.augmentation.shift_s.to_string(), "0 to 0.5 seconds");
    }
    Ok(())
}

/// Early stopping needs somebody of whom both seizures and other seconds can be ranked.
fn check_held_out(task: &Task<'_>) -> Result<(), TrainError> {
    let mut kinds: BTreeMap<&str, [bool; 2]> = BTreeMap::new();
    for &(second, label) in task.held_out {
        let seen = kinds.entry(task.dataset.recording_of(second).person.as_str()).or_default();
        seen[usize::from(label == SecondLabel::Seizure)] = true;
    }
    if kinds.is_empty() || kinds.values().any(|seen| seen[0] && seen[1]) {
        return Ok(());
    }
    Err(TrainError::TooLittle {
        found: format!(
            "nobody held out ({}) has both seizures and seconds without",
            kinds.keys().copied().collect::<Vec<_>>().join(", ")
        ),
        expected: "somebody with both, by whom early stopping can tell a better network".into(),
        advice: "hold out somebody with seizures, or nobody".into(),
    })
}

/// What must agree for a checkpoint to be of this training.
fn identity(task: &Task<'_>) -> serde_json::Value {
    let people = |labels: &[(Second, SecondLabel)]| {
        let mut people: Vec<String> =
            labels.iter().map(|(second, _)| task.dataset.recording_of(*second).person.clone()).collect();
        people.sort();
        people.dedup();
        people
    };
    serde_json::json!({
        "model": task.model,
        "training": task.config,
        "start": task.start.map(Start::digest),
        "labels": task.cleaned_by,
        "stop_after": task.stop_after,
        "people": people(task.labels),
        "held_out": people(task.held_out),
        "seconds": task.labels.len(),
        "digest": digest_of(task.dataset, task.labels.iter().chain(task.held_out)),
    })
}

/// A digest of which seconds of which recordings are labelled what.
fn digest_of<'a>(dataset: &Dataset, labels: impl Iterator<Item = &'a (Second, SecondLabel)>) -> String {
    let mut digest = Sha256::new();
    for &(second, label) in labels {
        let recording = dataset.recording_of(second);
        let at = dataset.stretches[second.stretch].first_second + second.index;
        digest.update(recording.person.as_bytes());
        digest.update(recording.path.file_name().unwrap_or_default().as_encoded_bytes());
        digest.update(at.to_le_bytes());
        digest.update([label as u8]);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Mean over held-out people with both kinds of seconds, judged as the detector judges; `None`
/// without such a person.
fn mean_auroc(task: &Task<'_>, net: &CnnNet) -> Result<Option<f64>, TrainError> {
    let mut by_person: BTreeMap<&str, (Vec<f64>, Vec<bool>)> = BTreeMap::new();
    let mut viewer = Viewer::new(Arc::new(Classifier::of_net(task.model, net)?))?;
    let mut window = Vec::new();
    for &(second, label) in task.held_out {
        let stretch = &task.dataset.stretches[second.stretch];
        stretch.window_at(second.index * task.dataset.rate, task.dataset.rate, &mut window);
        let [seizure, _, _] = viewer.probabilities(&window, &stretch.present[second.index])?;
        let (scores, truths) =
            by_person.entry(task.dataset.recording_of(second).person.as_str()).or_default();
        scores.push(f64::from(seizure));
        truths.push(label == SecondLabel::Seizure);
    }
    let aurocs: Vec<f64> = by_person.values().filter_map(|(scores, truths)| auroc(scores, truths)).collect();
    Ok((!aurocs.is_empty()).then(|| aurocs.iter().sum::<f64>() / aurocs.len() as f64))
}
