//! What a network is, written down: everything that its weights depend on.

use serde::{Deserialize, Serialize};

use crate::plot::PlotConfig;
use crate::signal::SignalConfig;

/// Which labels the network tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Classes {
    /// Seizure and non-seizure (Emami 2019a).
    Two,
    /// Seizure, abnormal and non-seizure (Takahashi 2020).
    Three,
}

impl Classes {
    /// Outputs of the network. Index 0 is seizure, index 1 non-seizure, index 2 abnormal.
    pub const fn count(self) -> usize {
        match self {
            Classes::Two => 2,
            Classes::Three => 3,
        }
    }
}

/// The layers of a CNN.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Architecture {
    /// Convolutions of stride 2, each with batch normalisation and ReLU; global average; dropout;
    /// one linear layer. The first kernel is 5x5, the others 3x3.
    ///
    /// Stride in place of pooling and few, fat layers: that is what the CPU backend runs fastest.
    Strided {
        /// Feature maps of each convolution.
        maps: Vec<usize>,
        /// Share of the pooled features that training drops.
        dropout: f64,
    },
    /// The same on the drawing, and beside it a small network on each derivation's strip (`PlotConfig::strips_uv`). Each is
    /// trained for itself; their logits are averaged.
    DrawingAndTraces {
        /// Feature maps of each convolution on the drawing.
        maps: Vec<usize>,
        /// Feature maps of each convolution along a strip.
        trace_maps: Vec<usize>,
        /// Width of the layer between the strips' pooled features and the classes.
        hidden: usize,
        /// Share of the pooled features that training drops.
        dropout: f64,
    },
    /// The 13 convolutions and 3 dense layers of VGG-16 (Simonyan 2015, configuration D), on one
    /// grey channel, with batch normalisation.
    Vgg16,
}

/// The whole configuration of a CNN.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CnnConfig {
    /// Version of this description; a file of another version is refused.
    pub version: u32,
    /// The layers.
    pub architecture: Architecture,
    /// The labels.
    pub classes: Classes,
    /// How the signal is conditioned before it is drawn.
    pub signal: SignalConfig,
    /// How a window is drawn.
    pub plot: PlotConfig,
}

impl CnnConfig {
    /// The version that this build reads and writes.
    pub const VERSION: u32 = 1;
}

impl CnnConfig {
    /// The network that sees the drawing alone, of one that sees the traces as well.
    pub fn drawing_alone(&self) -> Option<CnnConfig> {
        let Architecture::DrawingAndTraces { maps, dropout, .. } = &self.architecture else { return None };
        let architecture = Architecture::Strided { maps: maps.clone(), dropout: *dropout };
        let plot = PlotConfig { strips_uv: None, ..self.plot.clone() };
        Some(CnnConfig { architecture, plot, ..self.clone() })
    }
}

impl Default for CnnConfig {
    /// The compact default: five strided convolutions, 330,000 parameters.
    fn default() -> Self {
        CnnConfig {
            version: Self::VERSION,
            architecture: Architecture::Strided { maps: vec![16, 32, 64, 128, 160], dropout: 0.4 },
            classes: Classes::Three,
            signal: SignalConfig::default(),
            plot: PlotConfig::default(),
        }
    }
}

/// The whole configuration of a patient's autoencoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutoencoderConfig {
    /// Version of this description; a file of another version is refused.
    pub version: u32,
    /// Samples per derivation and second that the network sees: the conditioned signal is averaged
    /// down to this rate, which must divide the signal's.
    pub points_per_second: usize,
    /// Width of the layers on either side of the code.
    pub hidden: usize,
    /// Width of the code.
    pub code: usize,
    /// Amplitudes are clipped at this many times the patient's own typical amplitude, so that one
    /// electrode pop does not outweigh all the rest of a second.
    pub clip: f32,
    /// How the signal is conditioned first; equal to the CNN's.
    pub signal: SignalConfig,
}

impl AutoencoderConfig {
    /// The version that this build reads and writes.
    pub const VERSION: u32 = 1;
}

impl Default for AutoencoderConfig {
    fn default() -> Self {
        AutoencoderConfig {
            version: Self::VERSION,
            points_per_second: 64,
            hidden: 96,
            code: 24,
            clip: 20.0,
            signal: SignalConfig::default(),
        }
    }
}
