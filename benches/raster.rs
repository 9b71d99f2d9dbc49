//! Time to draw one window of 18 derivations: at most 100 us on one core at 128 x 128.

use std::f32::consts::TAU;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use vigil::eeg::DERIVATIONS;
use vigil::plot::{PlotConfig, Rasteriser};

const RATE: usize = 256;

/// Rhythms of several frequencies and some noise, `scale` times background amplitude.
fn window(scale: f32) -> Vec<f32> {
    let mut noise = 1_u32;
    (0..DERIVATIONS * RATE)
        .map(|place| {
            let (derivation, second) = ((place / RATE) as f32, (place % RATE) as f32 / RATE as f32);
            let rhythm = |hz: f32| (TAU * hz * second + derivation * hz).sin();
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let spread = (noise >> 8) as f32 / (1 << 24) as f32 - 0.5;
            scale * (30.0 * rhythm(3.0) + 15.0 * rhythm(10.0) + 5.0 * rhythm(23.0) + 10.0 * spread)
        })
        .collect()
}

fn draw(criterion: &mut Criterion) {
    let present = [true; DERIVATIONS];
    for (width, height) in [(128, 128), (128, 160), (224, 224)] {
        let config = PlotConfig { width, height, ..PlotConfig::default() };
        let mut rasteriser = Rasteriser::new(&config, RATE).expect("a valid configuration");
        let mut image = vec![0; config.pixels()];
        for (name, scale) in [("background", 1.0), ("seizure", 6.0), ("saturated", 1000.0)] {
            let samples = window(scale);
            criterion.bench_function(&format!("raster/{width}x{height}/{name}"), |bencher| {
                bencher.iter(|| rasteriser.draw(black_box(&samples), &present, black_box(&mut image)));
            });
        }
    }
}

criterion_group!(raster, draw);
criterion_main!(raster);
