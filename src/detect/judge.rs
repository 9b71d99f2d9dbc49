//! What the networks say of one window. Stateless: the same window always gives the same opinion.

use std::sync::Arc;

use thiserror::Error;

use crate::model::{Autoencoder, Classifier, ModelError, Occlusion, Viewer};
use crate::plot::PlotError;
use crate::signal::{MAX_MISSING, Window};

/// A window that could not be judged through a fault of the set-up.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// A network failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The window cannot be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
}

/// The networks' opinion of one second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Opinion {
    /// Reconstruction error of the patient's autoencoder, if there is one.
    pub ae_error: Option<f32>,
    /// Whether it lies above the patient's threshold.
    pub ae_flag: Option<bool>,
    /// Probabilities of seizure, abnormal and non-seizure.
    pub probabilities: [f32; 3],
}

/// The two networks.
#[derive(Clone)]
pub struct Judge {
    viewer: Viewer,
    autoencoder: Option<Arc<Autoencoder>>,
}

impl Judge {
    /// Puts a CNN and a patient's autoencoder together.
    ///
    /// # Errors
    /// [`JudgeError::Plot`] where the CNN's image cannot be drawn.
    pub fn new(
        classifier: Arc<Classifier>,
        autoencoder: Option<Arc<Autoencoder>>,
    ) -> Result<Judge, JudgeError> {
        Ok(Judge { viewer: Viewer::new(classifier)?, autoencoder })
    }

    /// The CNN.
    pub fn classifier(&self) -> &Arc<Classifier> {
        self.viewer.classifier()
    }

    /// The patient's autoencoder.
    pub fn autoencoder(&self) -> Option<&Autoencoder> {
        self.autoencoder.as_deref()
    }

    /// Judges a window; `None` where too few derivations are present to judge it.
    ///
    /// # Errors
    /// [`JudgeError`] where a network fails.
    pub fn judge(&mut self, window: &Window) -> Result<Option<Opinion>, JudgeError> {
        if window.absent() > MAX_MISSING {
            return Ok(None);
        }
        let ae_error = match &self.autoencoder {
            Some(autoencoder) => Some(autoencoder.error(&window.samples, &window.present)?),
            None => None,
        };
        let ae_flag =
            self.autoencoder.as_ref().zip(ae_error).map(|(autoencoder, error)| autoencoder.flags(error));
        let probabilities = self.viewer.probabilities(&window.samples, &window.present)?;
        Ok(Some(Opinion { ae_error, ae_flag, probabilities }))
    }

    /// What the CNN would say of a window that lacks each of its parts; `None` where too few
    /// derivations are present to judge it.
    ///
    /// # Errors
    /// [`JudgeError`] where a network fails.
    pub fn occlude(&mut self, window: &Window) -> Result<Option<Occlusion>, JudgeError> {
        if window.absent() > MAX_MISSING {
            return Ok(None);
        }
        Ok(Some(Occlusion::of(&mut self.viewer, &window.samples, &window.present)?))
    }
}
