//! A made recording from 19 electrodes, whole or spoilt, and the stream that conditions it.

use vigil::signal::{Conditioner, Montage, SignalConfig, Window};

pub const ELECTRODES: [&str; 19] = [
    "Fp1", "F3", "C3", "P3", "O1", "F7", "T3", "T5", "Fz", "Cz", "Pz", "Fp2", "F4", "C4", "P4", "O2", "F8",
    "T4", "T6",
];
/// The last is no ratio of small numbers to the model's.
pub const RATES_HZ: [f64; 7] = [128.0, 250.0, 256.0, 500.0, 250.5, 199.8, 2183.0 / 4.36681];

/// The generator of make.py, as an amplifier would give its values.
pub fn noise(seed: u64, count: usize, offset: f64) -> Vec<f32> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = (1_103_515_245 * state + 12_345) % (1 << 31);
            (offset + (state as f64 / (1u64 << 31) as f64 - 0.5) * 200.0) as f32
        })
        .collect()
}

/// Noise around another offset in every channel.
pub fn recording(channels: usize, samples: usize, seed: u64) -> Vec<Vec<f32>> {
    (0..channels as u64)
        .map(|channel| noise(seed + 97 * channel, samples, channel as f64 * 40.0 - 300.0))
        .collect()
}

pub fn referential() -> Montage {
    Montage::resolve(&ELECTRODES).unwrap()
}

pub fn conditioner(rate_hz: f64) -> Conditioner {
    Conditioner::new(&SignalConfig::default(), &referential(), rate_hz).unwrap()
}

/// Pushes samples `from..to` at once.
pub fn push(conditioner: &mut Conditioner, recording: &[Vec<f32>], from: usize, to: usize) -> Vec<Window> {
    let mut windows = Vec::new();
    let slices: Vec<&[f32]> = recording.iter().map(|channel| &channel[from..to]).collect();
    conditioner.push(&slices, &mut windows).unwrap();
    windows
}

pub fn whole(rate_hz: f64, recording: &[Vec<f32>]) -> Vec<Window> {
    push(&mut conditioner(rate_hz), recording, 0, recording[0].len())
}

/// Puts faults of every kind into a recording: what kind, which channel, from where, how long.
pub fn spoil(recording: &mut [Vec<f32>], faults: &[(u8, usize, usize, usize)]) {
    for (kind, channel, from, length) in faults {
        let (channels, samples) = (recording.len(), recording[0].len());
        let from = from % samples;
        let stretch = &mut recording[channel % channels][from..samples.min(from + length)];
        match kind % 4 {
            0 => stretch.fill(f32::NAN),
            1 => stretch.fill(f32::INFINITY),
            2 => stretch.fill(-3e38),
            _ => stretch.fill(12.5),
        }
    }
}
