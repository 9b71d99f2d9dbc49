//! Networks prepared for the processor: asked about one image at a time, never trained.
//!
//! With fixed statistics a normalisation and its convolution are linear together, so each layer is one sum. The layers that
//! are trained say the same (`tests/networks.rs`), several times more slowly.

use burn::nn::Linear;

use super::block::learnt;
use super::convolution::{Convolution, Maps};
use super::error::ModelError;
use super::head::Head;
use crate::plot::PlotConfig;

/// A network as it is asked.
#[derive(Debug, Clone)]
pub(super) struct PreparedNet {
    pub(super) body: Body,
    /// The last layer. Where two networks' answers are averaged, it is both of theirs, halved.
    pub(super) head: Head,
}

/// All but the last layer.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Strided(Vec<Convolution>),
    DrawingAndTraces { drawing: Vec<Convolution>, traces: PreparedTraces },
    Vgg16 { stages: Vec<Vec<Convolution>>, dense: Vec<Dense> },
}

impl PreparedNet {
    /// What the last layer sees of an image of so many rows and columns.
    pub(super) fn features(&self, image: &[u8], size: [usize; 2]) -> Vec<f32> {
        match &self.body {
            Body::Strided(layers) => pooled(layers, image, size),
            Body::DrawingAndTraces { drawing, traces } => {
                let ([drawn, strips], rows) = traces.parts(image, size);
                let mut features = pooled(drawing, drawn, [rows, size[1]]);
                features.extend(traces.features(strips, size[1]));
                features
            }
            Body::Vgg16 { stages, dense } => vgg16(stages, dense, image, size),
        }
    }

    /// The same of both images of a window, the second with left and right exchanged. The traces are asked once: to
    /// exchange left and right is to name the derivations in another order, and no order enters what is pooled over them.
    pub(super) fn features_both_ways(&self, images: [&[u8]; 2], size: [usize; 2]) -> [Vec<f32>; 2] {
        match &self.body {
            Body::DrawingAndTraces { drawing, traces } => {
                let ([_, strips], rows) = traces.parts(images[0], size);
                let common = traces.features(strips, size[1]);
                images.map(|image| {
                    let mut features = pooled(drawing, &image[..rows * size[1]], [rows, size[1]]);
                    features.extend(&common);
                    features
                })
            }
            Body::Strided(_) | Body::Vgg16 { .. } => images.map(|image| self.features(image, size)),
        }
    }
}

/// A network on each trace by itself; see [`super::traces`].
#[derive(Debug, Clone)]
pub(super) struct PreparedTraces {
    pub(super) layers: Vec<Convolution>,
    pub(super) hidden: Dense,
    /// How many strips lie under a drawing.
    pub(super) strips: usize,
}

impl PreparedTraces {
    /// The drawing and the strips under it, and how many rows the drawing has.
    fn parts<'a>(&self, image: &'a [u8], [rows, columns]: [usize; 2]) -> ([&'a [u8]; 2], usize) {
        let rows = rows.saturating_sub(self.strips);
        let (drawing, strips) = image.split_at(rows * columns);
        ([drawing, strips], rows)
    }

    fn features(&self, strips: &[u8], columns: usize) -> Vec<f32> {
        // 0 is 0 uV, 1 is the bend.
        let traces = strips
            .iter()
            .map(|&grey| (f32::from(grey) - f32::from(PlotConfig::STRIP_ZERO)) / PlotConfig::STRIP_STEPS);
        let maps = through(&self.layers, [self.strips, columns], traces);
        let [strips, columns] = maps.size();
        let mut pooled = Pooled::new(maps.at(0, 0).len());
        for strip in 0..strips {
            let (mean, peak) = mean_and_peak((0..columns).map(|column| maps.at(strip, column)), columns);
            pooled.add(mean, &peak);
        }
        let mut hidden = self.hidden.forward(&pooled.numbers());
        hidden.iter_mut().for_each(|number| *number = number.max(0.0));
        hidden
    }
}

/// What is told of the traces' maps: over derivations the mean, the highest and the deviation of each map's mean over time,
/// and the mean of its peak.
struct Pooled {
    means: Vec<Vec<f32>>,
    peaks: Vec<f32>,
}

impl Pooled {
    fn new(maps: usize) -> Pooled {
        Pooled { means: Vec::new(), peaks: vec![0.0; maps] }
    }

    /// A derivation.
    fn add(&mut self, means: Vec<f32>, peaks: &[f32]) {
        self.means.push(means);
        self.peaks.iter_mut().zip(peaks).for_each(|(sum, peak)| *sum += peak);
    }

    fn numbers(self) -> Vec<f32> {
        let derivations = self.means.len() as f32;
        let (mean, highest) = mean_and_peak(self.means.iter().map(Vec::as_slice), self.means.len());
        let mut squares = vec![0.0; mean.len()];
        for means in &self.means {
            for ((sum, value), mean) in squares.iter_mut().zip(means).zip(&mean) {
                *sum += (value - mean).powi(2);
            }
        }
        // The small number stands in the training too.
        let deviation = squares.into_iter().map(|sum: f32| (sum / derivations + 1e-6).sqrt());
        let peaks = self.peaks.iter().map(|sum| sum / derivations);
        let mut numbers = mean.clone();
        numbers.extend(highest.iter().copied().chain(deviation).chain(peaks));
        numbers
    }
}

/// A linear layer.
#[derive(Debug, Clone)]
pub(super) struct Dense {
    /// `[inputs, outputs]`.
    weights: Vec<f32>,
    biases: Vec<f32>,
}

impl Dense {
    pub(super) fn of(layer: &Linear) -> Result<Dense, ModelError> {
        let weights = learnt(layer.weight.val())?;
        let outputs = layer.weight.dims()[1];
        let biases = layer.bias.as_ref().map(|bias| learnt(bias.val())).transpose()?;
        Ok(Dense { weights, biases: biases.unwrap_or_else(|| vec![0.0; outputs]) })
    }

    fn forward(&self, inputs: &[f32]) -> Vec<f32> {
        let mut outputs = self.biases.clone();
        for (&input, weights) in inputs.iter().zip(self.weights.chunks_exact(outputs.len())) {
            outputs.iter_mut().zip(weights).for_each(|(output, weight)| *output += input * weight);
        }
        outputs
    }
}

/// What comes out of the last of several layers.
fn through(layers: &[Convolution], size: [usize; 2], values: impl Iterator<Item = f32>) -> Maps {
    let border = layers.first().map_or([0, 0], Convolution::border);
    chained(layers, Maps::of_image(size, border, values), [0, 0])
}

/// The same of maps; the last ones get a border for what comes next.
fn chained(layers: &[Convolution], maps: Maps, border: [usize; 2]) -> Maps {
    let next = layers.iter().skip(1).map(Convolution::border).chain([border]);
    layers.iter().zip(next).fold(maps, |maps, (layer, border)| layer.forward(&maps, border))
}

/// The mean of each of the last maps.
fn pooled(layers: &[Convolution], image: &[u8], size: [usize; 2]) -> Vec<f32> {
    let maps = through(layers, size, ink(image));
    let [rows, columns] = maps.size();
    let places = (0..rows * columns).map(|place| maps.at(place / columns, place % columns));
    mean_and_peak(places, rows * columns).0
}

/// The ink of each pixel, from 0 to 1.
fn ink(image: &[u8]) -> impl Iterator<Item = f32> {
    image.iter().map(|&grey| f32::from(grey) / 255.0)
}

/// The mean and the highest of each map over so many places; of none both are empty.
fn mean_and_peak<'a>(mut places: impl Iterator<Item = &'a [f32]>, count: usize) -> (Vec<f32>, Vec<f32>) {
    let Some(first) = places.next() else { return Default::default() };
    let (mut sum, mut peak) = (first.to_vec(), first.to_vec());
    for maps in places {
        for ((sum, peak), &value) in sum.iter_mut().zip(&mut peak).zip(maps) {
            *sum += value;
            *peak = peak.max(value);
        }
    }
    sum.iter_mut().for_each(|sum| *sum /= count as f32);
    (sum, peak)
}

/// Stages of convolutions, each halved, brought to 7 x 7 places; then dense layers with a ReLU.
fn vgg16(stages: &[Vec<Convolution>], dense: &[Dense], image: &[u8], size: [usize; 2]) -> Vec<f32> {
    const SIDE: usize = 7;
    let first = |stage: usize| stages.get(stage).and_then(|layers| layers.first());
    let border = |stage: usize| first(stage).map_or([0, 0], Convolution::border);
    let mut maps = Maps::of_image(size, border(0), ink(image));
    for (stage, layers) in stages.iter().enumerate() {
        maps = chained(layers, maps, [0, 0]).halved(border(stage + 1));
    }
    let sides = maps.size();
    // Which rows or columns a place of the 7 x 7 is the mean of, as adaptive average pooling has it.
    let span = |side: usize, at: usize| at * sides[side] / SIDE..((at + 1) * sides[side]).div_ceil(SIDE);
    let mut features = vec![0.0; maps.at(0, 0).len() * SIDE * SIDE];
    for place in 0..SIDE * SIDE {
        let (rows, columns) = (span(0, place / SIDE), span(1, place % SIDE));
        let count = rows.len() * columns.len();
        let places = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
        let (means, _) = mean_and_peak(places.map(|(row, column)| maps.at(row, column)), count);
        for (map, mean) in means.into_iter().enumerate() {
            features[map * SIDE * SIDE + place] = mean;
        }
    }
    for layer in dense {
        features = layer.forward(&features);
        features.iter_mut().for_each(|number| *number = number.max(0.0));
    }
    features
}
