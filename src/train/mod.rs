//! Data sets, labels and fitting.
//!
//! Invariants: people are never split between fitting and judging; what is random follows from the
//! seed and the step alone, so that a training that was stopped goes on as if it had not been.

mod adapted;
mod augment;
mod autoencoder;
mod checkpoint;
mod cleaning;
mod cnn;
mod config;
mod error;
mod fresh;
mod head;
mod known;
mod labels;
mod level;
mod opinions;
mod renewed;
mod report;
mod reviews;
mod reviews_placed;
mod reviews_told;
mod sampler;
pub mod simulated;
mod sizes;
mod start;

pub use adapted::{AdaptedOpinions, adapted_opinions};
pub use augment::{Augmentation, Painter, Shown};
pub use autoencoder::{AutoencoderFit, cross_fitted_errors, fit_autoencoder};
pub use checkpoint::{Checkpoint, EpochLog};
pub use cleaning::{Cleaned, Disagreement, Labels, ProposalRule, Unreviewed, clean, propose};
pub use cnn::{Progress, Task, TrainedCnn, train_cnn};
pub use config::TrainConfig;
pub use error::TrainError;
pub use head::{PENALTIES, SeenSecond, adapt_head};
pub use known::{KnownRecordings, names_of};
pub use labels::{PersonLabels, SecondLabel, cross_fitted_labels, expert_labels};
pub use level::level_of;
pub use opinions::{cross_fitted_opinions, later_opinions};
pub use renewed::{RenewedTable, renew, with_decisions};
pub use report::{TrainingFacts, training_card};
pub use reviews::{LeftOutReviews, PersonReviews, ReviewedSeconds, ReviewsError};
pub use sampler::{Drawn, Sampler};
pub use sizes::Sizes;
pub use start::Start;
