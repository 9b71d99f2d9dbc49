//! Damage as storage, transport and other programs do it, drawn from a seed.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// What a header can claim; cut to the width of its field.
const EXTREMES: [&str; 24] = [
    "",
    "-1",
    "0",
    "1",
    "2",
    "-2",
    "+3",
    "1.5",
    "1,5",
    "0x10",
    "65536",
    "9999",
    "99999999",
    "-9999999",
    "2.1e9",
    "4e9",
    "1e308",
    "-1e308",
    "1e-308",
    "nan",
    "inf",
    "86400",
    "1e-6",
    "\0\0\0\0\0\0\0\0",
];

/// Bytes that mean something in annotation lists, tables and summaries.
const MEANINGFUL: &[u8] = b"\0\x14\x15+-.,:0123456789e\t\n\r \xff\xc3\xb5/n";

/// Damages bytes in one to four ways.
pub fn damage(bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    for _ in 0..rng.random_range(1..=4) {
        match rng.random_range(0..8) {
            0 => flip_bits(bytes, rng),
            1 => bytes.truncate(rng.random_range(0..=bytes.len())),
            2 => repeat_a_stretch(bytes, rng),
            3 => {
                let (from, to) = stretch(bytes, rng);
                bytes[from..to].fill(0);
            }
            4 => {
                let (from, to) = stretch(bytes, rng);
                bytes[from..to].iter_mut().for_each(|byte| *byte = rng.random());
            }
            5 => {
                let (from, to) = stretch(bytes, rng);
                bytes.drain(from..to);
            }
            6 => write_meaningful(bytes, rng),
            _ => claim_extremes(bytes, rng),
        }
    }
}

/// Any stretch, short ones as often as long ones.
fn stretch(bytes: &[u8], rng: &mut ChaCha8Rng) -> (usize, usize) {
    let from = rng.random_range(0..=bytes.len());
    let longest = (bytes.len() - from).min(1 << rng.random_range(0..16));
    (from, from + rng.random_range(0..=longest))
}

fn flip_bits(bytes: &mut [u8], rng: &mut ChaCha8Rng) {
    // Half of the time in the header, where a bit does most.
    let end = if rng.random() { bytes.len() } else { bytes.len().min(1024) };
    for _ in 0..rng.random_range(1..=20) {
        if end > 0 {
            bytes[rng.random_range(0..end)] ^= 1 << rng.random_range(0..8);
        }
    }
}

fn repeat_a_stretch(bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    let (from, to) = stretch(bytes, rng);
    let copy = bytes[from..to].to_vec();
    let at = rng.random_range(0..=bytes.len());
    bytes.splice(at..at, copy);
}

fn write_meaningful(bytes: &mut [u8], rng: &mut ChaCha8Rng) {
    for _ in 0..rng.random_range(1..=12) {
        if !bytes.is_empty() {
            let at = rng.random_range(0..bytes.len());
            bytes[at] = MEANINGFUL[rng.random_range(0..MEANINGFUL.len())];
        }
    }
}

/// Writes extreme numbers into the fields of an EDF header.
fn claim_extremes(bytes: &mut [u8], rng: &mut ChaCha8Rng) {
    let count = bytes.get(252..256).and_then(|field| std::str::from_utf8(field).ok()?.trim().parse().ok());
    let count = count.unwrap_or(1).clamp(1, 9999);
    for _ in 0..rng.random_range(1..=3) {
        let signal = rng.random_range(0..count);
        // Length of the header, number and length of records, number of signals; then, of a signal,
        // its ranges and its samples in a record.
        let (at, width) = match rng.random_range(0..9) {
            0 => (184, 8),
            1 => (236, 8),
            2 => (244, 8),
            3 => (252, 4),
            column => (256 + [104, 112, 120, 128, 216][column - 4] * count + 8 * signal, 8),
        };
        if let Some(field) = bytes.get_mut(at..at + width) {
            let claim = EXTREMES[rng.random_range(0..EXTREMES.len())].as_bytes();
            field.fill(b' ');
            let length = claim.len().min(width);
            field[..length].copy_from_slice(&claim[..length]);
        }
    }
}
