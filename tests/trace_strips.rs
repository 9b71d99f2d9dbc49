//! Strips of grey values stand under the drawing, and a network that reads them judges as its parts do.

use std::path::Path;
use std::sync::Arc;

use vigil::eeg::{DERIVATIONS, mirror_window};
use vigil::model::{
    Architecture, Classes, Classifier, CnnConfig, CnnNet, ModelError, Viewer, compute_device,
};
use vigil::plot::{PlotConfig, Rasteriser};

const LENGTH: usize = 64;

fn plot() -> PlotConfig {
    PlotConfig { width: 32, height: 36, strips_uv: Some(30.0), ..PlotConfig::default() }
}

fn draw(config: &PlotConfig, samples: &[f32], present: &[bool; DERIVATIONS]) -> Vec<u8> {
    let mut image = vec![99; config.pixels()];
    Rasteriser::new(config, LENGTH).expect("a rasteriser").draw(samples, present, &mut image);
    image
}

fn strip(image: &[u8], place: usize) -> &[u8] {
    &image[(36 + place) * 32..][..32]
}

fn waves() -> Vec<f32> {
    (0..DERIVATIONS * LENGTH).map(|i| 80.0 * ((i * i % 977) as f32 / 977.0 - 0.5)).collect()
}

#[test]
fn the_drawing_above_the_strips_is_as_it_is_without_them() {
    let (with, without) = (plot(), PlotConfig { strips_uv: None, ..plot() });
    let present = std::array::from_fn(|d| d != 4);
    let image = draw(&with, &waves(), &present);
    assert_eq!(image.len(), (36 + DERIVATIONS) * 32);
    assert_eq!(image[..36 * 32], draw(&without, &waves(), &present));
}

#[test]
fn a_pixel_is_the_mean_voltage_of_its_samples_small_ones_linear_large_ones_bounded() {
    let mut samples = vec![0.0; DERIVATIONS * LENGTH];
    let first = &mut samples[..LENGTH];
    first[..2].copy_from_slice(&[10.0, 20.0]);
    first[2..4].copy_from_slice(&[-10.0, -20.0]);
    first[4..6].copy_from_slice(&[30.0, 30.0]);
    first[6..8].copy_from_slice(&[1e9, 1e9]);
    first[8..10].copy_from_slice(&[f32::NEG_INFINITY, 0.0]);
    first[10..12].copy_from_slice(&[f32::NAN, 15.0]);
    first[12..14].copy_from_slice(&[f32::NAN, f32::NAN]);
    first[14..16].copy_from_slice(&[f32::INFINITY, f32::NEG_INFINITY]);
    let image = draw(&plot(), &samples, &[true; DERIVATIONS]);
    // asinh(1/2) and asinh(1) of 32 steps around 128: 15.4 and 28.2.
    assert_eq!(strip(&image, 0)[..8], [143, 113, 156, 255, 1, 143, 128, 128]);
    assert!(strip(&image, 0)[8..].iter().all(|&grey| grey == 128));
}

#[test]
fn strips_have_the_order_of_the_bands_and_a_missing_derivation_is_zero() {
    let mut order: [usize; DERIVATIONS] = std::array::from_fn(|band| band);
    order.swap(0, 5);
    let mut samples = vec![0.0; DERIVATIONS * LENGTH];
    samples[5 * LENGTH..6 * LENGTH].fill(30.0);
    samples[7 * LENGTH..8 * LENGTH].fill(30.0);
    let image = draw(&PlotConfig { order, ..plot() }, &samples, &std::array::from_fn(|d| d != 7));
    for place in 0..DERIVATIONS {
        let expected = if place == 0 { 156 } else { 128 };
        assert!(strip(&image, place).iter().all(|&grey| grey == expected), "strip {place}");
    }
}

#[test]
fn fewer_samples_than_columns_still_fill_each_strip() {
    let mut image = vec![0; plot().pixels()];
    let samples: Vec<f32> = (0..DERIVATIONS * 5).map(|_| 30.0).collect();
    Rasteriser::new(&plot(), 5).expect("a rasteriser").draw(&samples, &[true; DERIVATIONS], &mut image);
    assert!(image[36 * 32..].iter().all(|&grey| grey == 156));
}

#[test]
fn a_gain_that_is_none_is_refused() {
    for strips_uv in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        let refused = PlotConfig { strips_uv: Some(strips_uv), ..plot() }.validate().expect_err("refused");
        assert!(refused.to_string().contains("strips_uv"), "{refused}");
    }
}

fn config() -> CnnConfig {
    CnnConfig {
        architecture: Architecture::DrawingAndTraces {
            maps: vec![4, 8],
            trace_maps: vec![4, 6],
            hidden: 5,
            dropout: 0.1,
        },
        classes: Classes::Three,
        plot: plot(),
        ..CnnConfig::default()
    }
}

#[test]
fn a_network_on_traces_needs_strips_and_layers() {
    let refused = |config: &CnnConfig| {
        CnnNet::new(config, &compute_device()).map(|_| ()).expect_err("refused").to_string()
    };
    let without = CnnConfig { plot: PlotConfig { strips_uv: None, ..plot() }, ..config() };
    assert!(refused(&without).contains("strips_uv"));
    for (trace_maps, hidden, expected) in
        [(vec![], 5, "maps []"), (vec![4; 6], 5, "cannot be halved 6 times"), (vec![4], 0, "hidden 0")]
    {
        let architecture = Architecture::DrawingAndTraces { maps: vec![4], trace_maps, hidden, dropout: 0.1 };
        let message = refused(&CnnConfig { architecture, ..config() });
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn the_answer_rests_on_drawing_and_strips_and_is_that_of_one_last_layer() {
    let net = CnnNet::new(&config(), &compute_device()).expect("a network");
    let classifier = Classifier::of_net(&config(), &net).expect("a classifier");
    let image = draw(&plot(), &waves(), &[true; DERIVATIONS]);
    let said = classifier.probabilities(&image).expect("probabilities")[0];
    for part in [0..36 * 32, 36 * 32..image.len()] {
        let mut other = image.clone();
        other[part].fill(128);
        assert_ne!(classifier.probabilities(&other).expect("probabilities")[0], said);
    }
    let (features, head) = classifier.features(&image).expect("features");
    assert_eq!(features[0].len(), 8 + 5);
    for (one, other) in head.probabilities(&features[0]).into_iter().zip(said) {
        assert!((one - other).abs() < 1e-5, "{one} {other}");
    }
}

/// The traces are asked of one image of the two, which may change no more than the last digits.
#[test]
fn a_window_is_judged_as_the_mean_of_both_its_images_and_its_mirror_image_alike() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/traces-1/weights.safetensors");
    let classifier = Arc::new(Classifier::load(&path).expect("a committed network"));
    let plot = &classifier.config().plot;
    let mut viewer = Viewer::new(Arc::clone(&classifier)).expect("a viewer");
    let length = classifier.config().signal.rate_hz as usize;
    let samples: Vec<f32> = (0..DERIVATIONS * length)
        .map(|i| (20 + i / length * 5) as f32 * ((i % length) as f32 / (7 + i / length) as f32).sin())
        .collect();
    let present = std::array::from_fn(|d| d != 2 && d != 9);
    let mut mirrored = Vec::new();
    let mirrored_present = mirror_window(&samples, &present, &mut mirrored);
    let image = |samples: &[f32], present: &[bool; DERIVATIONS]| {
        let mut image = vec![0; plot.pixels()];
        Rasteriser::new(plot, length).expect("a rasteriser").draw(samples, present, &mut image);
        classifier.probabilities(&image).expect("probabilities")[0]
    };
    let (one, other) = (image(&samples, &present), image(&mirrored, &mirrored_present));
    assert!(
        (one[0] - other[0]).abs() > 1e-3,
        "the drawing of one is not that of the other: {one:?}, {other:?}"
    );
    let plain = viewer.probabilities(&samples, &present).expect("probabilities");
    let mirror = viewer.probabilities(&mirrored, &mirrored_present).expect("probabilities");
    for class in 0..3 {
        assert!((plain[class] - (one[class] + other[class]) / 2.0).abs() < 1e-5, "{plain:?}");
        assert!((plain[class] - mirror[class]).abs() < 1e-5, "{plain:?}, {mirror:?}");
    }
    let three = vec![128; 3 * plot.pixels()];
    assert!(matches!(classifier.both_ways(&three), Err(ModelError::Shape { .. })));
}
