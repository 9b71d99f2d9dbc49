//! One layer of a network: convolution, batch normalisation, ReLU; and how it is asked quickly.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d, Relu};
use burn::tensor::{Tensor, TensorData};

/// Maps up to which the processor backend convolves plane by plane, which it does slowly where it strides.
const FEW_MAPS: usize = 4;

/// One convolution with batch normalisation and ReLU.
#[derive(Module, Debug)]
pub struct Block {
    conv: Conv2d,
    /// `None` once it is a part of the convolution.
    norm: Option<BatchNorm>,
    relu: Relu,
    /// Rows and columns of which each image is dealt into maps of its own before the convolution; 1 and 1 leave it whole.
    phases: [usize; 2],
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
            norm: Some(BatchNormConfig::new(maps_out).init(device)),
            relu: Relu::new(),
            phases: [1, 1],
        }
    }

    /// `[batch, maps_in, rows, columns]` to `[batch, maps_out, rows / stride, columns / stride]`.
    pub(super) fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let maps = self.conv.forward(match self.phases {
            [1, 1] => images,
            phases => dealt(images, phases),
        });
        self.relu.forward(match &self.norm {
            Some(norm) => norm.forward(maps),
            None => maps,
        })
    }

    /// The same block with its normalisation within the convolution: with fixed statistics both are linear, so the
    /// maps need not be gone through once more. Such a block is there to be asked, not to be trained or saved.
    fn folded(mut self) -> Block {
        let Some(norm) = self.norm.take() else { return self };
        let deviation = (norm.running_var.value() + norm.epsilon).sqrt();
        let scale = norm.gamma.val() / deviation;
        let bias = norm.beta.val() - norm.running_mean.value() * scale.clone();
        let [maps_out, _, _, _] = self.conv.weight.dims();
        let weight = self.conv.weight.val() * scale.reshape([maps_out, 1, 1, 1]);
        self.conv.weight = Param::from_tensor(weight);
        self.conv.bias = Some(Param::from_tensor(bias));
        self.without_stride()
    }

    /// The same convolution without a stride, over an image of which every stride-th row and column is a map of its own.
    /// It multiplies more (zeros among it) and is yet about twice as quick: neighbours in memory are neighbours in the sum.
    /// Left as it is where there are more maps than [`FEW_MAPS`] that would come of it.
    fn without_stride(mut self) -> Block {
        let [maps_out, maps_in, rows, columns] = self.conv.weight.dims();
        let stride = self.conv.stride;
        if stride == [1, 1] || maps_in * stride[0] * stride[1] > FEW_MAPS {
            return self;
        }
        let device = self.conv.weight.device();
        let Ok(old) = self.conv.weight.val().into_data().try_into_vec::<f32>() else { return self };
        let kernel = [rows, columns];
        // How far the new kernel reaches from its middle.
        let reach: [usize; 2] = std::array::from_fn(|side| (kernel[side] / 2).div_ceil(stride[side]));
        let [tall, wide] = reach.map(|reach| 2 * reach + 1);
        // Where a weight goes: to which phase, and where in the new kernel.
        let place = |side: usize, at: usize| {
            let from_middle = at + reach[side] * stride[side] - kernel[side] / 2;
            (from_middle % stride[side], from_middle / stride[side])
        };
        let maps = maps_in * stride[0] * stride[1];
        let mut new = vec![0.0; maps_out * maps * tall * wide];
        for (index, &weight) in old.iter().enumerate() {
            let (column, rest) = (index % columns, index / columns);
            let (row, rest) = (rest % rows, rest / rows);
            let (map_in, map_out) = (rest % maps_in, rest / maps_in);
            let ((phase_over, over), (phase_beside, beside)) = (place(0, row), place(1, column));
            let map = (map_in * stride[0] + phase_over) * stride[1] + phase_beside;
            new[((map_out * maps + map) * tall + over) * wide + beside] = weight;
        }
        let weight = Tensor::from_data(TensorData::new(new, [maps_out, maps, tall, wide]), &device);
        self.conv.weight = Param::from_tensor(weight);
        self.conv.kernel_size = [tall, wide];
        self.conv.stride = [1, 1];
        self.conv.padding = PaddingConfig2d::Explicit(reach[0], reach[1], reach[0], reach[1]);
        self.phases = stride;
        self
    }
}

/// All of them, see [`Block::folded`].
pub(super) fn folded(blocks: Vec<Block>) -> Vec<Block> {
    blocks.into_iter().map(Block::folded).collect()
}

/// `[batch, maps, rows, columns]` to `[batch, maps x phases, rows / phases, columns / phases]`: rows and columns dealt out in
/// turn. Sides that are no multiple are filled up with zeros, as the convolution would fill them.
fn dealt(images: Tensor<4>, phases: [usize; 2]) -> Tensor<4> {
    let [batch, maps, rows, columns] = images.dims();
    let [tall, wide] = [rows.div_ceil(phases[0]), columns.div_ceil(phases[1])];
    let (below, beside) = (tall * phases[0] - rows, wide * phases[1] - columns);
    let whole = if (below, beside) == (0, 0) { images } else { images.pad((0, beside, 0, below), 0.0) };
    whole.reshape([batch, maps, tall, phases[0], wide, phases[1]]).permute([0, 1, 3, 5, 2, 4]).reshape([
        batch,
        maps * phases[0] * phases[1],
        tall,
        wide,
    ])
}
