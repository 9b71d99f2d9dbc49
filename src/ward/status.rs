//! What is known of each bed at this moment, for the API and for the proof that data moves.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;
use utoipa::ToSchema;

use super::strip::Strip;
use crate::alarm::TechnicalKind;

/// Strips that are kept for pages: more than come between two beats.
const STRIPS: usize = 4;

/// How a bed is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = BedPhase)]
pub enum Phase {
    /// The source is being sought.
    #[default]
    Connecting,
    /// Samples flow, or should.
    Watching,
    /// The source came to its end.
    Ended,
    /// The bed cannot be watched as it is configured.
    Unusable,
}

/// One bed as it is now.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct BedStatus {
    /// The bed.
    pub bed: String,
    /// The patient's id.
    pub patient: String,
    /// What it is connected to.
    pub source: String,
    /// How it is doing.
    pub phase: Phase,
    /// Why it cannot be watched, or what its source said last.
    pub reason: Option<String>,
    /// The stream's name.
    pub stream: Option<String>,
    /// Frames a second.
    pub rate_hz: Option<f64>,
    /// The channels' labels.
    pub labels: Vec<String>,
    /// Derivations that the stream lacks.
    pub missing: Vec<String>,
    /// Frames received since the daemon started.
    pub frames: u64,
    /// Frames known to be lost since then.
    pub lost_frames: u64,
    /// Second of the bed's time line that was judged last.
    pub second: Option<u64>,
    /// Wall clock of that second, RFC 3339.
    pub time: Option<String>,
    /// Its label; absent where it could not be judged.
    pub label: Option<&'static str>,
    /// Probabilities of seizure, abnormal and non-seizure.
    pub probabilities: Option<[f32; 3]>,
    /// The accumulator.
    pub accumulator: f32,
    /// Whether a seizure alarm lasts.
    pub alarming: bool,
    /// Seizure alarms since the daemon started.
    pub alarms: u64,
    /// From the last sample of the last window to its verdict, in milliseconds.
    pub latency_ms: Option<f64>,
    /// Technical conditions that are seen and have not lasted long enough for an alarm.
    pub pending: Vec<TechnicalKind>,
    /// Technical alarms that are raised, with what they say.
    pub technical: BTreeMap<TechnicalKind, String>,
    /// SHA-256 of the CNN.
    pub cnn: String,
    /// SHA-256 of the autoencoder; empty without one.
    pub autoencoder: String,
    /// Whether the autoencoder is the shared one.
    pub shared_autoencoder: bool,
    /// Seconds gathered for the patient's own autoencoder.
    pub baseline_s: u64,
    /// Seconds that are to be gathered; 0 where none are.
    pub baseline_wanted_s: u64,
    /// Who works on the bed; null while nobody does.
    pub maintenance: Option<String>,
    /// When the last sample came.
    #[serde(skip)]
    pub fed: Option<Instant>,
    /// The last seconds as tiles show them, oldest first.
    #[serde(skip)]
    pub strips: VecDeque<Arc<Strip>>,
    /// When the bed's task last showed life.
    #[serde(skip)]
    pub ticked: Option<Instant>,
    /// When the last verdict came.
    #[serde(skip)]
    pub judged: Option<Instant>,
    /// When the oldest window that the networks still have was handed over; `None` while they have none.
    #[serde(skip)]
    pub asked: Option<Instant>,
}

impl BedStatus {
    /// Keeps a second for the pages.
    pub fn show(&mut self, strip: Strip) {
        if self.strips.len() == STRIPS {
            self.strips.pop_front();
        }
        self.strips.push_back(Arc::new(strip));
    }
}

/// All beds.
#[derive(Debug, Default)]
pub struct Board {
    beds: Mutex<BTreeMap<String, BedStatus>>,
}

impl Board {
    /// Changes a bed's entry; makes it where it is new.
    pub fn update(&self, bed: &str, change: impl FnOnce(&mut BedStatus)) {
        let mut beds = self.beds.lock().unwrap_or_else(PoisonError::into_inner);
        let status = beds
            .entry(bed.to_string())
            .or_insert_with(|| BedStatus { bed: bed.to_string(), ..BedStatus::default() });
        change(status);
    }

    /// A bed is gone.
    pub fn remove(&self, bed: &str) {
        self.beds.lock().unwrap_or_else(PoisonError::into_inner).remove(bed);
    }

    /// All beds by name.
    pub fn all(&self) -> Vec<BedStatus> {
        self.beds.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// One bed.
    pub fn get(&self, bed: &str) -> Option<BedStatus> {
        self.beds.lock().unwrap_or_else(PoisonError::into_inner).get(bed).cloned()
    }
}
