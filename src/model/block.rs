//! One layer of a network: convolution, batch normalisation, ReLU.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d, Relu};
use burn::tensor::Tensor;

use super::convolution::Convolution;
use super::error::ModelError;

/// One convolution with batch normalisation and ReLU.
#[derive(Module, Debug)]
pub struct Block {
    conv: Conv2d,
    norm: BatchNorm,
    relu: Relu,
}

impl Block {
    /// `kernel` and `stride` are those of rows and columns.
    pub(super) fn new(
        maps_in: usize,
        maps_out: usize,
        kernel: [usize; 2],
        stride: [usize; 2],
        device: &burn::tensor::Device,
    ) -> Block {
        let [over, beside] = kernel.map(|side| side / 2);
        Block {
            conv: Conv2dConfig::new([maps_in, maps_out], kernel)
                .with_stride(stride)
                .with_padding(PaddingConfig2d::Explicit(over, beside, over, beside))
                .with_bias(false)
                .init(device),
            norm: BatchNormConfig::new(maps_out).init(device),
            relu: Relu::new(),
        }
    }

    /// `[batch, maps_in, rows, columns]` to `[batch, maps_out, rows / stride, columns / stride]`.
    pub(super) fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        self.relu.forward(self.norm.forward(self.conv.forward(images)))
    }

    /// The same with the running statistics, as one sum: with fixed statistics the normalisation is linear too.
    ///
    /// # Errors
    /// See [`learnt`].
    pub(super) fn prepared(&self) -> Result<Convolution, ModelError> {
        let deviation = (self.norm.running_var.value() + self.norm.epsilon).sqrt();
        let scale = self.norm.gamma.val() / deviation;
        let biases = self.norm.beta.val() - self.norm.running_mean.value() * scale.clone();
        let shape = self.conv.weight.dims();
        let weights = self.conv.weight.val() * scale.reshape([shape[0], 1, 1, 1]);
        Ok(Convolution::new(shape, self.conv.stride, &learnt(weights)?, &learnt(biases)?))
    }
}

/// All of them, see [`Block::prepared`].
pub(super) fn prepared(blocks: &[Block]) -> Result<Vec<Convolution>, ModelError> {
    blocks.iter().map(Block::prepared).collect()
}

/// The numbers of a tensor of weights.
///
/// # Errors
/// [`ModelError::Compute`] with the network library's reason, or where one is not finite: a ReLU would make 0 of it, and
/// an answer that looks like any other.
pub(super) fn learnt<const D: usize>(weights: Tensor<D>) -> Result<Vec<f32>, ModelError> {
    let weights = numbers(weights)?;
    match weights.iter().find(|weight| !weight.is_finite()) {
        Some(weight) => Err(ModelError::Compute { reason: format!("one of its weights is {weight}") }),
        None => Ok(weights),
    }
}

/// What a tensor holds.
///
/// # Errors
/// [`ModelError::Compute`] with the network library's reason.
pub(super) fn numbers<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ModelError> {
    let numbers = tensor.into_data().try_into_vec::<f32>();
    numbers.map_err(|error| ModelError::Compute { reason: format!("{error:?}") })
}
