//! Figures and image files hold what they were given, and strange input is an error, never a panic.

use std::fs;
use std::path::Path;

use jiff::civil::date;
use proptest::prelude::*;
use vigil::eeg::DERIVATIONS;
use vigil::plot::figure::{WindowFigure, draw_window_figure, window_figure};
use vigil::plot::overview::{
    OverviewAlarm, OverviewFigure, OverviewRecording, OverviewSecond, draw_overview_figure, overview_figure,
};
use vigil::plot::{Picture, PlotConfig, PlotError, Rasteriser, write_image};

fn decoded(path: &Path) -> (png::OutputInfo, Vec<u8>) {
    let file = std::io::BufReader::new(fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (info, pixels)
}

/// How the pixels of a file are stored, and their red, green and blue.
fn with_its_colours(path: &Path) -> (png::ColorType, Vec<u8>) {
    let file = std::io::BufReader::new(fs::File::open(path).unwrap());
    let mut decoder = png::Decoder::new(file);
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let stored = reader.info().color_type;
    let mut rgb = vec![0; reader.output_buffer_size()];
    reader.next_frame(&mut rgb).unwrap();
    (stored, rgb)
}

/// A picture of colours that its pixels follow from.
fn painted(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 3]) -> Picture {
    let rgb = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| colour(x, y));
    Picture { width, height, rgb: rgb.collect() }
}

#[test]
fn a_picture_in_few_colours_is_the_same_picture() {
    let folder = tempfile::tempdir().unwrap();
    let (small, whole) = (folder.path().join("small.png"), folder.path().join("whole.png"));
    let chart = painted(90, 60, |x, y| match (x, y) {
        (10..20, _) => [0, 114, 178],
        (_, 30..32) => [213, 94, 0],
        // The smoothed edge of a line.
        (50, _) => [(200 + y % 50) as u8, (100 + y / 3) as u8, 90],
        _ => [255, 255, 255],
    });
    chart.write_small_png(&small).unwrap();
    chart.write_png(&whole).unwrap();
    let (info, there) = decoded(&whole);
    assert_eq!(info.color_type, png::ColorType::Rgb);
    let (stored, here) = with_its_colours(&small);
    assert_eq!(stored, png::ColorType::Indexed);
    assert_eq!(there, chart.rgb);
    assert_eq!(here, chart.rgb, "colours that have a place in the table are exact");

    // A photograph's colours are too many, and so are all kept.
    let photograph = painted(64, 64, |x, y| [(4 * x) as u8, (4 * y) as u8, (x * y % 256) as u8]);
    photograph.write_small_png(&small).unwrap();
    let (info, pixels) = decoded(&small);
    assert_eq!((info.color_type, pixels), (png::ColorType::Rgb, photograph.rgb.clone()));

    // Where a thousand lie near each other, each has one in the table that nobody tells from it.
    let ramp = painted(256, 4, |x, y| [x as u8, x as u8, (x as u8).saturating_add(y as u8)]);
    ramp.write_small_png(&small).unwrap();
    assert!(fs::metadata(&small).unwrap().len() < 8000);
    let (stored, here) = with_its_colours(&small);
    assert_eq!(stored, png::ColorType::Indexed);
    assert!(here.iter().zip(&ramp.rgb).all(|(here, there)| here.abs_diff(*there) <= 4));
}

fn waves(seconds: usize, rate: usize) -> Vec<f32> {
    (0..DERIVATIONS * seconds * rate).map(|place| 60.0 * (place as f32 / 9.0).sin()).collect()
}

fn window<'a>(config: &'a PlotConfig, samples: &'a [f32], image: &'a [u8]) -> WindowFigure<'a> {
    WindowFigure {
        title: "run-01",
        subtitle: "1–30 Hz",
        samples,
        present: [true; DERIVATIONS],
        rate_hz: 256.0,
        start_s: 5.0,
        recording_start: Some(date(2076, 11, 6).at(14, 33, 0, 0)),
        window_start_s: 9.0,
        window_s: 1.0,
        config,
        image,
    }
}

fn recording(seconds: u64) -> OverviewRecording {
    OverviewRecording {
        name: "run-01".into(),
        start: Some(date(2076, 11, 6).at(14, 33, 0, 0)),
        duration_s: seconds as f64,
        seconds: (0..seconds)
            .map(|second| OverviewSecond {
                second,
                p_seizure: 0.2,
                p_abnormal: 0.1,
                p_nonseizure: 0.7,
                ae_error: 0.05,
                ae_flag: second % 7 == 0,
                accumulator: (second % 12) as f32,
            })
            .collect(),
        alarms: vec![OverviewAlarm { onset_s: 3.0, raised_s: 12.0 }],
        expert: vec![(2.0, 20.0)],
    }
}

fn overview(recordings: &[OverviewRecording]) -> OverviewFigure<'_> {
    OverviewFigure {
        title: "patient",
        subtitle: "",
        ae_threshold: Some(0.08),
        alarm_threshold: Some(10.0),
        recordings,
    }
}

#[test]
fn the_network_image_is_written_pixel_by_pixel() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/window.png");
    let config = PlotConfig::default();
    let mut image = vec![0; config.pixels()];
    Rasteriser::new(&config, 256).unwrap().draw(&waves(1, 256), &[true; DERIVATIONS], &mut image);
    for enlargement in [1, 3] {
        write_image(&path, &image, &config, enlargement).unwrap();
        let (info, pixels) = decoded(&path);
        assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Grayscale, png::BitDepth::Eight));
        assert_eq!((info.width, info.height), (128 * enlargement, 160 * enlargement));
        for (place, pixel) in pixels.iter().enumerate() {
            let (row, column) = (place as u32 / info.width, place as u32 % info.width);
            let source = row / enlargement * 128 + column / enlargement;
            assert_eq!(*pixel, image[source as usize]);
        }
    }
    // Nothing half-written stays beside the file.
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn an_image_that_cannot_be_written_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("window.png");
    let config = PlotConfig::default();
    let image = vec![0; config.pixels()];
    assert!(matches!(write_image(&path, &image, &config, 0), Err(PlotError::Enlargement { .. })));
    assert!(matches!(write_image(&path, &image, &config, u32::MAX), Err(PlotError::Enlargement { .. })));
    assert!(matches!(write_image(&path, &image[1..], &config, 1), Err(PlotError::ImageSize { .. })));
    assert!(!path.exists());
    fs::write(&path, "a file").unwrap();
    let beneath = path.join("window.png");
    let error = write_image(&beneath, &image, &config, 1).unwrap_err();
    assert!(error.to_string().contains("window.png"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"a file");
}

#[test]
fn the_window_figure_shows_the_network_image_unsmoothed() {
    let config = PlotConfig { width: 36, height: 36, ..PlotConfig::default() };
    // A chessboard turns to grey where anything is smoothed.
    let image: Vec<u8> =
        (0..36 * 36).map(|place| if (place / 36 + place % 36) % 2 == 0 { 255 } else { 0 }).collect();
    let samples = waves(10, 256);
    let picture = draw_window_figure(&window(&config, &samples, &image)).unwrap();
    let (width, side) = (picture.width as usize, 20);
    let red = |row: usize, column: usize| picture.rgb[(row * width + column) * 3];
    // The image stands 36 pixels from the right and 104 from the top, enlarged 20 times.
    let left = width - 36 - 36 * side;
    for row in 0..36 * side {
        for column in 0..36 * side {
            let expected = image[row / side * 36 + column / side];
            assert_eq!(red(104 + row, left + column), expected, "row {row} column {column}");
        }
    }
}

#[test]
fn the_same_figure_is_drawn_the_same_and_an_absent_derivation_is_not_drawn() {
    let config = PlotConfig::default();
    let (samples, image) = (waves(10, 256), vec![0; config.pixels()]);
    let whole = window(&config, &samples, &image);
    let first = draw_window_figure(&whole).unwrap();
    assert_eq!(first.rgb, draw_window_figure(&whole).unwrap().rgb);

    let mut present = [false; DERIVATIONS];
    present[17] = true;
    let lone = draw_window_figure(&WindowFigure { present, ..whole.clone() }).unwrap();
    let coloured = |picture: &vigil::plot::Picture| {
        let blue = |pixel: &&[u8]| pixel[2] > pixel[0].saturating_add(60);
        picture.rgb.chunks_exact(3).filter(blue).count()
    };
    // Only the legend is left of the blue of the left hemisphere.
    assert!(coloured(&first) > 20_000 && coloured(&lone) < 1_000);
}

#[test]
fn a_window_figure_whose_parts_do_not_fit_is_refused() {
    let config = PlotConfig::default();
    let (samples, image) = (waves(10, 256), vec![0; config.pixels()]);
    let good = window(&config, &samples, &image);
    let bad = [
        WindowFigure { samples: &samples[1..], ..good.clone() },
        WindowFigure { samples: &[], ..good.clone() },
        WindowFigure { image: &image[1..], ..good.clone() },
        WindowFigure { rate_hz: 0.0, ..good.clone() },
        WindowFigure { rate_hz: f64::NAN, ..good.clone() },
        WindowFigure { start_s: f64::INFINITY, ..good.clone() },
        WindowFigure { window_s: f64::NAN, ..good.clone() },
    ];
    let folder = tempfile::tempdir().unwrap();
    for figure in bad {
        let path = folder.path().join("figure.png");
        assert!(window_figure(&path, &figure).is_err());
        assert!(!path.exists());
    }
}

#[test]
fn an_overview_of_nothing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("overview.png");
    for recordings in
        [vec![], vec![OverviewRecording { seconds: vec![], duration_s: f64::NAN, ..recording(0) }]]
    {
        let refused = overview_figure(&path, &overview(&recordings));
        assert!(matches!(refused, Err(PlotError::Figure { .. })), "{refused:?}");
        assert!(!path.exists());
    }
}

#[test]
fn an_overview_is_written_and_a_day_takes_more_rows_than_a_minute() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("overview.png");
    let mut heights = Vec::new();
    for seconds in [60, 86_400] {
        overview_figure(&path, &overview(&[recording(seconds)])).unwrap();
        let (info, pixels) = decoded(&path);
        assert_eq!(info.color_type, png::ColorType::Rgb);
        assert!(pixels.iter().any(|&value| value < 60));
        heights.push(info.height);
    }
    assert!(heights[1] > 3 * heights[0], "{heights:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_window_is_drawn_or_refused(
        (width, height) in (1u32..1500, 18u32..1500),
        samples in 1usize..300,
        amplitude in any::<f32>(),
        rate_hz in 0.01f64..5000.0,
        (start_s, window_start_s, window_s) in (any::<f64>(), any::<f64>(), any::<f64>()),
        present in any::<[bool; DERIVATIONS]>(),
        title in any::<String>(),
    ) {
        let config = PlotConfig { width, height, ..PlotConfig::default() };
        let samples: Vec<f32> = (0..samples * DERIVATIONS).map(|place| amplitude * (place % 7) as f32).collect();
        let image = vec![9; config.pixels()];
        let figure = WindowFigure {
            title: &title, present, rate_hz, start_s, window_start_s, window_s,
            ..window(&config, &samples, &image)
        };
        let _ = draw_window_figure(&figure);
        let _ = draw_window_figure(&WindowFigure { start_s: 0.0, window_start_s: 0.0, window_s: 1.0, ..figure });
    }

    #[test]
    fn any_replay_is_drawn(
        lengths in proptest::collection::vec((0u64..500, any::<i16>(), any::<bool>(), any::<f32>()), 1..12),
        (onset_s, raised_s) in (any::<f64>(), any::<f64>()),
        ae_threshold in proptest::option::of(any::<f32>()),
        alarm_threshold in proptest::option::of(any::<f32>()),
    ) {
        let recordings: Vec<_> = lengths.iter().map(|&(length, hour, known, value)| {
            let mut drawn = recording(length + 1);
            let later = jiff::SignedDuration::from_hours(i64::from(hour));
            drawn.start = drawn.start.filter(|_| known).map(|start| start.saturating_add(later));
            drawn.seconds.retain(|second| second.second % 150 < length % 151);
            for second in &mut drawn.seconds {
                (second.ae_error, second.p_abnormal, second.accumulator) = (value, value, value);
            }
            drawn.alarms.push(OverviewAlarm { onset_s, raised_s });
            drawn.expert.push((raised_s, onset_s));
            if hour % 5 == 0 {
                drawn.duration_s = onset_s.abs();
                drawn.seconds.push(OverviewSecond { second: u64::MAX, ..OverviewSecond::default() });
            }
            drawn
        }).collect();
        let ae_threshold = ae_threshold.or(Some(f32::INFINITY));
        let figure = OverviewFigure { ae_threshold, alarm_threshold, ..overview(&recordings) };
        prop_assert!(draw_overview_figure(&figure).is_ok());
    }
}
