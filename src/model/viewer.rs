//! The CNN looking at a window: drawn as it is, and with left and right exchanged.

use std::sync::Arc;

use super::classifier::Classifier;
use super::error::ModelError;
use super::head::Head;
use crate::eeg::{DERIVATIONS, mirror_window};
use crate::plot::{PlotError, Rasteriser};

/// Draws windows and asks a CNN what they show.
///
/// A seizure of the left hemisphere looks on the right as it does on the left. The training teaches
/// that by mirroring half of its images, but no network learns it to the end: so each window is
/// looked at both ways, and the probabilities are the mean of the two.
#[derive(Clone)]
pub struct Viewer {
    classifier: Arc<Classifier>,
    rasteriser: Rasteriser,
    images: Vec<u8>,
    mirrored: Vec<f32>,
}

impl Viewer {
    /// Prepares to draw as `classifier` wants it.
    ///
    /// # Errors
    /// [`PlotError`] where the configured image cannot be drawn.
    pub fn new(classifier: Arc<Classifier>) -> Result<Viewer, PlotError> {
        let config = classifier.config();
        let rasteriser = Rasteriser::new(&config.plot, config.signal.rate_hz as usize)?;
        let images = vec![0; 2 * config.plot.pixels()];
        Ok(Viewer { classifier, rasteriser, images, mirrored: Vec::new() })
    }

    /// The CNN.
    pub fn classifier(&self) -> &Arc<Classifier> {
        &self.classifier
    }

    /// Probabilities of seizure, abnormal and non-seizure of one window: `samples` holds the 18
    /// derivations one after the other.
    ///
    /// # Errors
    /// [`ModelError`] where the network fails.
    pub fn probabilities(
        &mut self,
        samples: &[f32],
        present: &[bool; DERIVATIONS],
    ) -> Result<[f32; 3], ModelError> {
        self.draw(samples, present);
        self.mean_drawn()
    }

    /// What the CNN's last layer sees of a window, as it is and mirrored, and that layer.
    ///
    /// # Errors
    /// See [`Classifier::features`].
    pub fn features(
        &mut self,
        samples: &[f32],
        present: &[bool; DERIVATIONS],
    ) -> Result<(Vec<Vec<f32>>, Head), ModelError> {
        self.draw(samples, present);
        self.classifier.features(&self.images)
    }

    /// Draws a window as it is and mirrored; the two images lie one after the other.
    pub(super) fn draw(&mut self, samples: &[f32], present: &[bool; DERIVATIONS]) -> &[u8] {
        let (plain, mirror) = self.images.split_at_mut(self.classifier.config().plot.pixels());
        self.rasteriser.draw(samples, present, plain);
        let mirrored_present = mirror_window(samples, present, &mut self.mirrored);
        self.rasteriser.draw(&self.mirrored, &mirrored_present, mirror);
        &self.images
    }

    /// The mean of what the CNN says of both images of the window that was drawn last.
    pub(super) fn mean_drawn(&self) -> Result<[f32; 3], ModelError> {
        self.mean(&self.images)
    }

    /// The mean of what the CNN says of both images of a window.
    pub(super) fn mean(&self, images: &[u8]) -> Result<[f32; 3], ModelError> {
        let [plain, mirror] = self.classifier.both_ways(images)?;
        Ok(std::array::from_fn(|class| (plain[class] + mirror[class]) / 2.0))
    }
}
