//! The three-class CNN as layers.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig, PaddingConfig2d, Relu,
};
use burn::tensor::{Device, Tensor, TensorData};

use super::config::{Architecture, CnnConfig};
use super::error::ModelError;

/// One convolution with batch normalisation and ReLU.
#[derive(Module, Debug)]
pub struct Block {
    conv: Conv2d,
    norm: BatchNorm,
    relu: Relu,
}

impl Block {
    fn new(maps_in: usize, maps_out: usize, kernel: usize, stride: usize, device: &Device) -> Block {
        let pad = kernel / 2;
        Block {
            conv: Conv2dConfig::new([maps_in, maps_out], [kernel, kernel])
                .with_stride([stride, stride])
                .with_padding(PaddingConfig2d::Explicit(pad, pad, pad, pad))
                .with_bias(false)
                .init(device),
            norm: BatchNormConfig::new(maps_out).init(device),
            relu: Relu::new(),
        }
    }

    /// `[batch, maps_in, rows, columns]` to `[batch, maps_out, rows / stride, columns / stride]`.
    fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        self.relu.forward(self.norm.forward(self.conv.forward(images)))
    }
}

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
                let block = Block::new(maps_in, maps_out, kernel, 2, device);
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
                        let block = Block::new(maps_in, maps, 3, 1, device);
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
enum Layers {
    Strided(StridedNet),
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
                if maps.is_empty() || maps.len() > 12 || maps.iter().any(|&n| n == 0 || n > 4096) {
                    return unbuildable(format!(
                        "maps {maps:?} must be 1 to 12 layers of 1 to 4096 feature maps"
                    ));
                }
                if !(0.0..1.0).contains(dropout) {
                    return unbuildable(format!("dropout {dropout} must be at least 0 and below 1"));
                }
                if smallest >> maps.len() == 0 {
                    return unbuildable(format!(
                        "an image side of {smallest} pixels cannot be halved {} times",
                        maps.len()
                    ));
                }
                Layers::Strided(StridedNet::new(maps, *dropout, config.classes.count(), device))
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

    /// The features that the last layer sees, `[batch, features]`, of images `[batch, 1, rows, columns]`, and that
    /// layer's weights, `[features, classes]`, and biases; `None` for VGG-16, whose last layers are three.
    pub(super) fn last_layer(&self, images: Tensor<4>) -> Option<(Tensor<2>, Tensor<2>, Option<Tensor<1>>)> {
        match &self.layers {
            Layers::Strided(net) => {
                let bias = net.head.bias.as_ref().map(|bias| bias.val());
                Some((net.pooled(images), net.head.weight.val(), bias))
            }
            Layers::Vgg16(_) => None,
        }
    }

    /// Logits, `[batch, classes]`, of images `[batch, 1, rows, columns]` with ink from 0 to 1.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        match &self.layers {
            Layers::Strided(net) => net.forward(images),
            Layers::Vgg16(net) => net.forward(images),
        }
    }
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
    let pixels = width * height;
    if pixels == 0 || bytes.is_empty() || !bytes.len().is_multiple_of(pixels) {
        return Err(ModelError::Shape {
            expected: format!("images of {width}x{height} pixels"),
            found: format!("{} bytes", bytes.len()),
        });
    }
    let ink: Vec<f32> = bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    let batch = bytes.len() / pixels;
    Ok(Tensor::from_data(TensorData::new(ink, [batch, 1, height, width]), device))
}
