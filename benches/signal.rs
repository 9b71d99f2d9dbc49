//! CPU time to condition one second of EEG: montage, resampling, filters, window.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use vigil::eeg::DOUBLE_BANANA;
use vigil::signal::{Conditioner, Montage, SignalConfig};

const ELECTRODES: [&str; 19] = [
    "Fp1", "F3", "C3", "P3", "O1", "F7", "T3", "T5", "Fz", "Cz", "Pz", "Fp2", "F4", "C4", "P4", "O2", "F8",
    "T4", "T6",
];

/// Slow waves with a ripple, another one in each channel.
fn second(channels: usize, rate_hz: f64) -> Vec<Vec<f32>> {
    (0..channels)
        .map(|channel| {
            (0..rate_hz as usize)
                .map(|index| {
                    let time_s = index as f64 / rate_hz;
                    let slow = (std::f64::consts::TAU * (channel + 2) as f64 * time_s).sin();
                    (60.0 * slow + ((index * 7919 + channel * 104_729) % 13) as f64) as f32
                })
                .collect()
        })
        .collect()
}

fn condition(criterion: &mut Criterion) {
    let bipolar: Vec<String> = DOUBLE_BANANA.iter().map(ToString::to_string).collect();
    let bipolar: Vec<&str> = bipolar.iter().map(String::as_str).collect();
    let mut group = criterion.benchmark_group("condition one second");
    for (name, labels, rate_hz) in [
        ("18 derivations at 256 Hz", bipolar.as_slice(), 256.0),
        ("19 electrodes at 256 Hz", ELECTRODES.as_slice(), 256.0),
        ("19 electrodes at 500 Hz", ELECTRODES.as_slice(), 500.0),
        ("19 electrodes at 2048 Hz", ELECTRODES.as_slice(), 2048.0),
    ] {
        let montage = Montage::resolve(labels).expect("all derivations");
        let samples = second(montage.channels().len(), rate_hz);
        let slices: Vec<&[f32]> = samples.iter().map(Vec::as_slice).collect();
        let mut conditioner =
            Conditioner::new(&SignalConfig::default(), &montage, rate_hz).expect("a rate within the range");
        let mut windows = Vec::new();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                windows.clear();
                conditioner.push(black_box(&slices), &mut windows).expect("channels of the montage");
                black_box(windows.len())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, condition);
criterion_main!(benches);
