//! The three-class CNN as layers.

use burn::module::Module;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig, Relu};
use burn::tensor::{Device, Tensor, TensorData};

use super::block::{Block, prepared};
use super::config::{Architecture, Classes, CnnConfig};
use super::error::ModelError;
use super::head::Head;
use super::prepared::{Body, Dense, PreparedNet};
use super::traces::TraceNet;
use crate::eeg::DERIVATIONS;

/// Five (or as many as configured) strided convolutions and a linear layer.
#[derive(Module, Debug)]
pub struct StridedNet {
    blocks: Vec<Block>,
    dropout: Dropout,
    head: Linear,
}

impl StridedNet {
    fn new(maps: &[usize], dropout: f64, classes: usize, device: &Device) -> StridedNet {
        let mut maps_in = 1;
        let blocks = maps
            .iter()
            .enumerate()
            .map(|(layer, &maps_out)| {
                let kernel = if layer == 0 { 5 } else { 3 };
                let block = Block::new(maps_in, maps_out, [kernel, kernel], [2, 2], device);
                maps_in = maps_out;
                block
            })
            .collect();
        StridedNet {
            blocks,
            dropout: DropoutConfig::new(dropout).init(),
            head: LinearConfig::new(maps_in, classes).init(device),
        }
    }

    /// The last maps' means, `[batch, maps]`.
    fn pooled(&self, images: Tensor<4>) -> Tensor<2> {
        let maps = self.blocks.iter().fold(images, |maps, block| block.forward(maps));
        // The mean over rows and columns, as two reductions of contiguous memory.
        maps.flatten::<3>(2, 3).mean_dim(2).flatten::<2>(1, 2)
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.head.forward(self.dropout.forward(self.pooled(images)))
    }
}

/// A network on the drawing and one on the strips under it.
#[derive(Module, Debug)]
pub struct DrawingAndTraces {
    drawing: StridedNet,
    traces: TraceNet,
}

impl DrawingAndTraces {
    /// The drawing and the strips of `images`.
    fn parts(images: Tensor<4>) -> [Tensor<4>; 2] {
        let rows = images.dims()[2].saturating_sub(DERIVATIONS);
        [images.clone().narrow(2, 0, rows), images.narrow(2, rows, DERIVATIONS)]
    }

    /// The logits of each.
    fn opinions(&self, images: Tensor<4>) -> [Tensor<2>; 2] {
        let [drawing, strips] = Self::parts(images);
        [self.drawing.forward(drawing), self.traces.judge(self.traces.features(strips))]
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let [drawing, traces] = self.opinions(images);
        (drawing + traces) / 2.0
    }
}

/// VGG-16 on one grey channel.
#[derive(Module, Debug)]
pub struct Vgg16 {
    stages: Vec<Vec<Block>>,
    halve: MaxPool2d,
    pool: AdaptiveAvgPool2d,
    dropout: Dropout,
    dense: Vec<Linear>,
    relu: Relu,
}

impl Vgg16 {
    /// Convolutions and feature maps of the five stages (Simonyan 2015, table 1, column D).
    const STAGES: [(usize, usize); 5] = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)];
    const DENSE: usize = 4096;

    fn new(classes: usize, device: &Device) -> Vgg16 {
        let mut maps_in = 1;
        let stages = Self::STAGES
            .iter()
            .map(|&(convolutions, maps)| {
                (0..convolutions)
                    .map(|_| {
                        let block = Block::new(maps_in, maps, [3, 3], [1, 1], device);
                        maps_in = maps;
                        block
                    })
                    .collect()
            })
            .collect();
        Vgg16 {
            stages,
            halve: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            pool: AdaptiveAvgPool2dConfig::new([7, 7]).init(),
            dropout: DropoutConfig::new(0.5).init(),
            dense: vec![
                LinearConfig::new(512 * 7 * 7, Self::DENSE).init(device),
                LinearConfig::new(Self::DENSE, Self::DENSE).init(device),
                LinearConfig::new(Self::DENSE, classes).init(device),
            ],
            relu: Relu::new(),
        }
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let maps = self.stages.iter().fold(images, |maps, stage| {
            self.halve.forward(stage.iter().fold(maps, |maps, block| block.forward(maps)))
        });
        let mut features: Tensor<2> = self.pool.forward(maps).flatten(1, 3);
        let last = self.dense.len() - 1;
        for layer in &self.dense[..last] {
            features = self.dropout.forward(self.relu.forward(layer.forward(features)));
        }
        self.dense[last].forward(features)
    }
}

#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "a process holds few networks")]
enum Layers {
    Strided(StridedNet),
    DrawingAndTraces(DrawingAndTraces),
    Vgg16(Vgg16),
}

/// The CNN: window images in, one logit per class out.
#[derive(Module, Debug)]
pub struct CnnNet {
    layers: Layers,
}

impl CnnNet {
    /// Builds the network of `config` with fresh weights.
    ///
    /// # Errors
    /// [`ModelError::Unbuildable`] where a layer would have no feature maps, the dropout is no
    /// share, or the image is too small for the number of halvings.
    pub fn new(config: &CnnConfig, device: &Device) -> Result<CnnNet, ModelError> {
        let unbuildable = |reason: String| Err(ModelError::Unbuildable { reason });
        let smallest = config.plot.width.min(config.plot.height) as usize;
        let layers = match &config.architecture {
            Architecture::Strided { maps, dropout } => {
                check_layers(maps, *dropout, smallest)?;
                Layers::Strided(StridedNet::new(maps, *dropout, config.classes.count(), device))
            }
            Architecture::DrawingAndTraces { maps, trace_maps, hidden, dropout } => {
                if config.plot.strips_uv.is_none() {
                    return unbuildable(
                        "traces are read from strips, and plot.strips_uv asks for none".into(),
                    );
                }
                if !(1..=4096).contains(hidden) {
                    return unbuildable(format!("hidden {hidden} must be 1 to 4096"));
                }
                check_layers(maps, *dropout, smallest)?;
                check_layers(trace_maps, *dropout, config.plot.width as usize)?;
                let classes = config.classes.count();
                Layers::DrawingAndTraces(DrawingAndTraces {
                    drawing: StridedNet::new(maps, *dropout, classes, device),
                    traces: TraceNet::new(trace_maps, *hidden, *dropout, classes, device),
                })
            }
            Architecture::Vgg16 => {
                if smallest < 32 {
                    return unbuildable(format!(
                        "vgg16 halves five times; an image side of {smallest} pixels is below 32"
                    ));
                }
                Layers::Vgg16(Vgg16::new(config.classes.count(), device))
            }
        };
        Ok(CnnNet { layers })
    }

    /// The logits of each of the networks that the answer is the mean of, so that each can be trained for itself.
    pub fn opinions(&self, images: Tensor<4>) -> Vec<Tensor<2>> {
        match &self.layers {
            Layers::DrawingAndTraces(net) => net.opinions(images).into(),
            Layers::Strided(_) | Layers::Vgg16(_) => vec![self.forward(images)],
        }
    }

    /// The logits of the network on the traces alone; `None` without one.
    pub fn opinion_of_traces(&self, images: Tensor<4>) -> Option<Tensor<2>> {
        match &self.layers {
            Layers::DrawingAndTraces(net) => {
                let [_, strips] = DrawingAndTraces::parts(images);
                Some(net.traces.judge(net.traces.features(strips)))
            }
            Layers::Strided(_) | Layers::Vgg16(_) => None,
        }
    }

    /// Takes a network on the drawing alone in place of its own; tells whether both are of this kind.
    pub fn take_drawing(&mut self, trained: CnnNet) -> bool {
        match (&mut self.layers, trained.layers) {
            (Layers::DrawingAndTraces(net), Layers::Strided(drawing)) => {
                net.drawing = drawing;
                true
            }
            _ => false,
        }
    }

    /// The same network with its running statistics, for the processor alone.
    ///
    /// # Errors
    /// [`ModelError::Compute`] where the weights cannot be read or are not finite.
    pub(super) fn prepared(&self, classes: Classes) -> Result<PreparedNet, ModelError> {
        let (body, heads) = match &self.layers {
            Layers::Strided(net) => (Body::Strided(prepared(&net.blocks)?), vec![&net.head]),
            Layers::DrawingAndTraces(net) => {
                let drawing = prepared(&net.drawing.blocks)?;
                let body = Body::DrawingAndTraces { drawing, traces: net.traces.prepared()? };
                (body, vec![&net.drawing.head, &net.traces.head])
            }
            Layers::Vgg16(net) => {
                let stages = net.stages.iter().map(|stage| prepared(stage)).collect::<Result<_, _>>()?;
                let (dense, last) = net.dense.split_at(net.dense.len() - 1);
                let dense = dense.iter().map(Dense::of).collect::<Result<_, _>>()?;
                (Body::Vgg16 { stages, dense }, last.iter().collect())
            }
        };
        Ok(PreparedNet { body, head: Head::mean_of(classes, &heads)? })
    }

    /// Logits, `[batch, classes]`, of images `[batch, 1, rows, columns]` with ink from 0 to 1.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        match &self.layers {
            Layers::Strided(net) => net.forward(images),
            Layers::DrawingAndTraces(net) => net.forward(images),
            Layers::Vgg16(net) => net.forward(images),
        }
    }
}

/// Checks layers of which each halves a side of so many pixels.
fn check_layers(maps: &[usize], dropout: f64, side: usize) -> Result<(), ModelError> {
    let unbuildable = |reason: String| Err(ModelError::Unbuildable { reason });
    if maps.is_empty() || maps.len() > 12 || maps.iter().any(|&n| n == 0 || n > 4096) {
        return unbuildable(format!("maps {maps:?} must be 1 to 12 layers of 1 to 4096 feature maps"));
    }
    if !(0.0..1.0).contains(&dropout) {
        return unbuildable(format!("dropout {dropout} must be at least 0 and below 1"));
    }
    if side >> maps.len() == 0 {
        return unbuildable(format!("an image side of {side} pixels cannot be halved {} times", maps.len()));
    }
    Ok(())
}

/// Makes a batch of 8-bit images one tensor `[batch, 1, height, width]` with ink from 0 to 1.
///
/// # Errors
/// [`ModelError::Shape`] where the bytes are not a whole number of images.
pub fn images_to_tensor(
    bytes: &[u8],
    width: usize,
    height: usize,
    device: &Device,
) -> Result<Tensor<4>, ModelError> {
    let batch = whole_images(bytes, width, height)?;
    let ink: Vec<f32> = bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    Ok(Tensor::from_data(TensorData::new(ink, [batch, 1, height, width]), device))
}

/// How many images of one size lie in `bytes`, at least one.
///
/// # Errors
/// [`ModelError::Shape`] where they are not a whole number of images.
pub(super) fn whole_images(bytes: &[u8], width: usize, height: usize) -> Result<usize, ModelError> {
    let pixels = width * height;
    if pixels == 0 || bytes.is_empty() || !bytes.len().is_multiple_of(pixels) {
        return Err(ModelError::Shape {
            expected: format!("images of {width}x{height} pixels"),
            found: format!("{} bytes", bytes.len()),
        });
    }
    Ok(bytes.len() / pixels)
}
