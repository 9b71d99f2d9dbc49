//! A small network that reads each derivation's strip by itself.
//!
//! The drawing shows it how traces lie to each other, but large ones hide others in it. This one looks at every trace alone,
//! with the same weights for each, and at what they have in common only then: how strong its findings are in the
//! mean derivation, in the strongest one, and how unlike the derivations are.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig, Relu};
use burn::tensor::{Device, Tensor};

use super::block::{Block, prepared};
use super::error::ModelError;
use super::prepared::{Dense, PreparedTraces};
use crate::eeg::DERIVATIONS;
use crate::plot::PlotConfig;

/// What is told of each feature map over time and derivations.
pub(super) const POOLED: usize = 4;

/// Samples that a kernel of each layer sees.
pub(super) const fn kernel(layer: usize) -> usize {
    if layer == 0 { 7 } else { 5 }
}

/// Convolutions along time, and two linear layers.
#[derive(Module, Debug)]
pub struct TraceNet {
    blocks: Vec<Block>,
    dropout: Dropout,
    hidden: Linear,
    relu: Relu,
    pub(super) head: Linear,
}

impl TraceNet {
    pub(super) fn new(
        maps: &[usize],
        hidden: usize,
        dropout: f64,
        classes: usize,
        device: &Device,
    ) -> TraceNet {
        let mut maps_in = 1;
        let blocks = maps
            .iter()
            .enumerate()
            .map(|(layer, &maps_out)| {
                let block = Block::new(maps_in, maps_out, [1, kernel(layer)], [1, 2], device);
                maps_in = maps_out;
                block
            })
            .collect();
        TraceNet {
            blocks,
            dropout: DropoutConfig::new(dropout).init(),
            hidden: LinearConfig::new(POOLED * maps_in, hidden).init(device),
            relu: Relu::new(),
            head: LinearConfig::new(hidden, classes).init(device),
        }
    }

    /// What the last layer sees, `[batch, hidden]`, of strips `[batch, 1, 18, columns]` with ink from 0 to 1.
    pub(super) fn features(&self, strips: Tensor<4>) -> Tensor<2> {
        // Zero is 0 uV, one is the bend.
        let traces = (strips * 255.0 - f32::from(PlotConfig::STRIP_ZERO)) / PlotConfig::STRIP_STEPS;
        let maps = self.blocks.iter().fold(traces, |maps, block| block.forward(maps));
        let over_time: Tensor<3> = maps.clone().mean_dim(3).flatten(2, 3);
        let mean = over_time.clone().mean_dim(2);
        // The small number keeps the root's slope finite where all derivations are alike.
        let deviation = ((over_time.clone() - mean.clone()).powi_scalar(2).mean_dim(2) + 1e-6).sqrt();
        let strongest = over_time.max_dim(2);
        let peaks: Tensor<3> = maps.max_dim(3).flatten(2, 3);
        let pooled = Tensor::cat(vec![mean, strongest, deviation, peaks.mean_dim(2)], 1).flatten::<2>(1, 2);
        self.relu.forward(self.hidden.forward(self.dropout.forward(pooled)))
    }

    /// What [`TraceNet::features`] does, for the processor alone.
    pub(super) fn prepared(&self) -> Result<PreparedTraces, ModelError> {
        Ok(PreparedTraces {
            layers: prepared(&self.blocks)?,
            hidden: Dense::of(&self.hidden)?,
            strips: DERIVATIONS,
        })
    }

    /// Logits, `[batch, classes]`, of what [`TraceNet::features`] gave.
    pub(super) fn judge(&self, features: Tensor<2>) -> Tensor<2> {
        self.head.forward(self.dropout.forward(features))
    }
}
