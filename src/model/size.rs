//! What a network's layers come to, counted by hand rather than measured.

use super::config::{Architecture, CnnConfig};
use super::traces;
use crate::eeg::DERIVATIONS;

/// Parameters that are learnt and multiplications with addition that one image costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkSize {
    /// Weights, biases and the scale and shift of batch normalisation.
    pub parameters: u64,
    /// Multiply-accumulates of convolutions and linear layers, for one image.
    pub multiplications: u64,
}

impl NetworkSize {
    /// Of a network.
    pub fn of(config: &CnnConfig) -> NetworkSize {
        let (height, width) = (u64::from(config.plot.height), u64::from(config.plot.width));
        let mut size = NetworkSize { parameters: 0, multiplications: 0 };
        let classes = config.classes.count() as u64;
        match &config.architecture {
            Architecture::Strided { maps, .. } => {
                size.strided(maps, height, width, classes);
            }
            Architecture::DrawingAndTraces { maps, trace_maps, hidden, .. } => {
                size.strided(maps, height, width, classes);
                let (mut columns, mut maps_in) = (width, 1);
                for (layer, &maps_out) in trace_maps.iter().enumerate() {
                    columns = columns.div_ceil(2);
                    let (kernel, places) = (traces::kernel(layer) as u64, DERIVATIONS as u64 * columns);
                    size.convolution(maps_in, maps_out as u64, kernel, places);
                    maps_in = maps_out as u64;
                }
                size.linear(traces::POOLED as u64 * maps_in, *hidden as u64);
                size.linear(*hidden as u64, classes);
            }
            Architecture::Vgg16 => {
                let (mut rows, mut columns, mut maps_in) = (height, width, 1);
                for (convolutions, maps_out) in [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)] {
                    for _ in 0..convolutions {
                        size.convolution(maps_in, maps_out, 9, rows * columns);
                        maps_in = maps_out;
                    }
                    (rows, columns) = (rows / 2, columns / 2);
                }
                size.linear(512 * 7 * 7, 4096);
                size.linear(4096, 4096);
                size.linear(4096, classes);
            }
        }
        size
    }

    fn strided(&mut self, maps: &[usize], mut rows: u64, mut columns: u64, classes: u64) {
        let mut maps_in = 1;
        for (layer, &maps_out) in maps.iter().enumerate() {
            let kernel: u64 = if layer == 0 { 5 } else { 3 };
            // With a padding of half the kernel, a stride of 2 halves and rounds up.
            (rows, columns) = (rows.div_ceil(2), columns.div_ceil(2));
            self.convolution(maps_in, maps_out as u64, kernel * kernel, rows * columns);
            maps_in = maps_out as u64;
        }
        self.linear(maps_in, classes);
    }

    /// `kernel`: how many places of a map are looked at for one.
    fn convolution(&mut self, maps_in: u64, maps_out: u64, kernel: u64, places: u64) {
        let weights = maps_in * maps_out * kernel;
        self.parameters += weights + 2 * maps_out;
        self.multiplications += weights * places;
    }

    fn linear(&mut self, inputs: u64, outputs: u64) {
        self.parameters += inputs * outputs + outputs;
        self.multiplications += inputs * outputs;
    }
}
