//! The image of a window is what its configuration says, whatever the samples are.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use serde::Deserialize;
use vigil::eeg::DERIVATIONS;
use vigil::plot::{PlotConfig, PlotError, Polarity, Rasteriser};

#[derive(Deserialize)]
struct Case {
    samples_per_window: usize,
    present: [bool; DERIVATIONS],
    config: PlotConfig,
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/plot")
}

fn draw(config: &PlotConfig, samples: &[f32], present: &[bool; DERIVATIONS]) -> Vec<u8> {
    let mut rasteriser = Rasteriser::new(config, samples.len() / DERIVATIONS).unwrap();
    // What the buffer held before must not matter.
    let mut image = vec![99; config.pixels()];
    rasteriser.draw(samples, present, &mut image);
    image
}

fn only(derivation: usize) -> [bool; DERIVATIONS] {
    std::array::from_fn(|other| other == derivation)
}

fn row(config: &PlotConfig, image: &[u8], row: usize) -> Vec<u8> {
    let width = config.width as usize;
    image[row * width..(row + 1) * width].to_vec()
}

#[test]
fn images_agree_with_an_independent_renderer_to_one_grey_level() {
    let mut cases = 0;
    for entry in fs::read_dir(golden()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        cases += 1;
        let case: Case = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let bytes = fs::read(path.with_extension("f32")).unwrap();
        let samples: Vec<f32> =
            bytes.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        assert_eq!(samples.len(), DERIVATIONS * case.samples_per_window, "{}", path.display());
        let image = draw(&case.config, &samples, &case.present);

        let file = std::io::BufReader::new(fs::File::open(path.with_extension("png")).unwrap());
        let mut png = png::Decoder::new(file).read_info().unwrap();
        let mut expected = vec![0; png.output_buffer_size()];
        png.next_frame(&mut expected).unwrap();
        assert_eq!(image.len(), expected.len(), "{}", path.display());
        let worst = image.iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(1), "{}: off by {worst:?} grey levels", path.display());
    }
    assert_eq!(cases, 7);
}

#[test]
fn a_flat_line_is_ink_and_a_missing_derivation_is_none() {
    let config = PlotConfig { height: 180, ..PlotConfig::default() };
    let samples = vec![0.0; DERIVATIONS * 256];
    let mut present = [true; DERIVATIONS];
    present[3] = false;
    let image = draw(&config, &samples, &present);
    for (band, present) in present.into_iter().enumerate() {
        // The middle of a band of 10 rows lies between two rows, which share the line.
        let ink = if present { 128 } else { 0 };
        for line in 0..10 {
            let expected = if line == 4 || line == 5 { ink } else { 0 };
            assert_eq!(row(&config, &image, band * 10 + line), [expected; 128], "band {band} row {line}");
        }
    }
}

#[test]
fn nothing_present_is_an_empty_image() {
    let config = PlotConfig::default();
    let image = draw(&config, &vec![f32::NAN; DERIVATIONS * 256], &[false; DERIVATIONS]);
    assert!(image.iter().all(|&pixel| pixel == 0));
}

#[test]
fn negative_is_up_unless_configured_otherwise() {
    let samples = vec![-200.0; DERIVATIONS * 8];
    let up = PlotConfig { width: 1, height: 180, ..PlotConfig::default() };
    let down = PlotConfig { polarity: Polarity::PositiveUp, ..up.clone() };
    let brightest = |config: &PlotConfig| {
        let image = draw(config, &samples, &only(9));
        image.iter().enumerate().max_by_key(|(_, pixel)| **pixel).unwrap().0
    };
    // Derivation 9 is centred between rows 94 and 95; 200 uV are 20 rows.
    assert!((74..=75).contains(&brightest(&up)));
    assert!((114..=115).contains(&brightest(&down)));
}

#[test]
fn the_order_says_which_derivation_a_band_shows() {
    let mut order: [usize; DERIVATIONS] = std::array::from_fn(|band| band);
    order.reverse();
    let config = PlotConfig { height: 180, order, ..PlotConfig::default() };
    let image = draw(&config, &vec![0.0; DERIVATIONS * 256], &only(0));
    assert_eq!(row(&config, &image, 174), [128; 128]);
    assert!(image[..174 * 128].iter().all(|&pixel| pixel == 0));
}

#[test]
fn configurations_that_cannot_be_drawn_are_refused_by_field() {
    let good = PlotConfig::default();
    let mut doubled = good.order;
    doubled[1] = 0;
    let mut beyond = good.order;
    beyond[17] = 18;
    let bad = [
        ("version", PlotConfig { version: 2, ..good.clone() }),
        ("width", PlotConfig { width: 0, ..good.clone() }),
        ("width", PlotConfig { width: u32::MAX, ..good.clone() }),
        ("height", PlotConfig { height: 17, ..good.clone() }),
        ("spacing_uv", PlotConfig { spacing_uv: f32::NAN, ..good.clone() }),
        ("spacing_uv", PlotConfig { spacing_uv: 0.0, ..good.clone() }),
        ("overlap_spacings", PlotConfig { overlap_spacings: -1.0, ..good.clone() }),
        ("overlap_spacings", PlotConfig { overlap_spacings: f32::INFINITY, ..good.clone() }),
        ("line_width_px", PlotConfig { line_width_px: 9.0, ..good.clone() }),
        ("order", PlotConfig { order: doubled, ..good.clone() }),
        ("order", PlotConfig { order: beyond, ..good.clone() }),
    ];
    for (name, config) in bad {
        match Rasteriser::new(&config, 256) {
            Err(PlotError::Config { field, .. }) => assert_eq!(field, name),
            other => panic!("{name}: {other:?}"),
        }
    }
    assert!(matches!(Rasteriser::new(&good, 0), Err(PlotError::WindowLength { .. })));
}

#[test]
fn a_configuration_survives_being_written_down() {
    let config = PlotConfig { spacing_uv: 70.5, ..PlotConfig::default() };
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<PlotConfig>(&json).unwrap(), config);
    let toml = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<PlotConfig>(&toml).unwrap(), config);
    let unknown = json.replace("spacing_uv", "spacing_mv");
    assert!(serde_json::from_str::<PlotConfig>(&unknown).is_err());
}

prop_compose! {
    fn any_config()(
        width in 1u32..80,
        height in 18u32..120,
        spacing_uv in 0.01f32..1e4,
        overlap_spacings in 0.5f32..18.0,
        thickness in 0.0f32..1.0,
        negative_up in any::<bool>(),
        order in Just((0..DERIVATIONS).collect::<Vec<_>>()).prop_shuffle(),
    ) -> PlotConfig {
        let thickest = height as f32 / DERIVATIONS as f32;
        PlotConfig {
            version: PlotConfig::VERSION,
            width,
            height,
            spacing_uv,
            overlap_spacings,
            line_width_px: 0.1 + thickness * (thickest - 0.1),
            polarity: if negative_up { Polarity::NegativeUp } else { Polarity::PositiveUp },
            order: order.try_into().unwrap(),
            strips_uv: None,
        }
    }
}

fn any_window() -> impl Strategy<Value = Vec<f32>> {
    let sample = prop_oneof![
        8 => -1000.0f32..1000.0,
        1 => any::<f32>(),
        1 => Just(f32::NAN),
        1 => Just(f32::INFINITY),
        1 => Just(f32::NEG_INFINITY),
    ];
    (1usize..100).prop_flat_map(move |samples| vec(sample.clone(), DERIVATIONS * samples))
}

proptest! {
    #[test]
    fn any_samples_under_any_configuration_give_the_same_image_twice(
        config in any_config(), samples in any_window(), present in any::<[bool; DERIVATIONS]>(),
    ) {
        let mut rasteriser = Rasteriser::new(&config, samples.len() / DERIVATIONS).unwrap();
        let mut first = vec![1; config.pixels()];
        rasteriser.draw(&samples, &present, &mut first);
        let mut again = vec![2; config.pixels()];
        let other: Vec<f32> = samples.iter().map(|value| value * -0.5 + 3.0).collect();
        rasteriser.draw(&other, &[true; DERIVATIONS], &mut again);
        rasteriser.draw(&samples, &present, &mut again);
        prop_assert_eq!(&first, &again);
        prop_assert_eq!(&first, &draw(&config, &samples, &present));
    }

    #[test]
    fn an_image_is_the_strongest_ink_of_its_traces(
        config in any_config(), samples in any_window(), present in any::<[bool; DERIVATIONS]>(),
    ) {
        let mut union = vec![0; config.pixels()];
        for derivation in (0..DERIVATIONS).filter(|derivation| present[*derivation]) {
            for (pixel, ink) in union.iter_mut().zip(draw(&config, &samples, &only(derivation))) {
                *pixel = ink.max(*pixel);
            }
        }
        prop_assert_eq!(union, draw(&config, &samples, &present));
    }

    #[test]
    fn ink_stays_inside_the_clip_and_a_number_always_leaves_some(
        config in any_config(), samples in any_window(), place in 0..DERIVATIONS,
    ) {
        let derivation = config.order[place];
        let image = draw(&config, &samples, &only(derivation));
        let band = f64::from(config.height) / DERIVATIONS as f64;
        let centre = (place as f64 + 0.5) * band;
        let reach = f64::from(config.overlap_spacings) * band;
        for line in 0..config.height as usize {
            let (top, bottom) = (line as f64, line as f64 + 1.0);
            if bottom <= centre - reach - 1e-3 || top >= centre + reach + 1e-3 {
                prop_assert!(row(&config, &image, line).iter().all(|&pixel| pixel == 0), "row {}", line);
            }
        }
        let trace = &samples[derivation * samples.len() / DERIVATIONS..][..samples.len() / DERIVATIONS];
        if trace.iter().all(|value| !value.is_nan()) {
            for column in 0..config.width as usize {
                let ink: f32 = image.iter().skip(column).step_by(config.width as usize)
                    .map(|&pixel| f32::from(pixel) / 255.0).sum();
                prop_assert!(ink > config.line_width_px - 0.02 * (config.line_width_px + 1.0), "{}", ink);
            }
        }
    }

    #[test]
    fn a_shift_in_microvolts_moves_the_ink_by_whole_rows(
        offset in -20.0f32..20.0, rows in -8i32..8, wave in vec(-20.0f32..20.0, 64),
    ) {
        // 10 rows a band, so 10 uV are one row; the clip is far away from band 9.
        let config = PlotConfig { height: 180, width: 40, ..PlotConfig::default() };
        let window = |shift: f32| -> Vec<f32> {
            (0..DERIVATIONS).flat_map(|_| wave.iter().map(move |value| value + offset + shift)).collect()
        };
        let still = draw(&config, &window(0.0), &only(9));
        let moved = draw(&config, &window(rows as f32 * 10.0), &only(9));
        for line in 70..120 {
            let there = row(&config, &moved, (line + rows) as usize);
            for (a, b) in row(&config, &still, line as usize).iter().zip(&there) {
                prop_assert!(a.abs_diff(*b) <= 1);
            }
        }
    }
}
