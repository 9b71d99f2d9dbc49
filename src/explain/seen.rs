//! A second of a stream and the seconds before it, as the detector had them.

use std::collections::VecDeque;

use super::error::ExplainError;
use crate::eeg::DERIVATIONS;
use crate::signal::{StreamItem, Window, WindowStream};
use crate::source::Source;

/// A second and what was seen before it; nothing of what came after.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenSecond {
    /// Its number, as the table of verdicts counts: whole seconds from the recording's start.
    pub second: u64,
    /// Where it starts, in seconds from the recording's start; after a gap not always a whole number.
    pub onset_s: f64,
    /// The second itself.
    pub window: Window,
    /// Seconds before it and where each starts, in order; those in gaps are lacking.
    pub before: Vec<(f64, Window)>,
}

/// Reads a stream from its beginning up to a second, and keeps up to `before` seconds ahead of it.
/// `end_s` is where the stream ends.
///
/// # Errors
/// [`ExplainError::Gap`] where there is no such second, [`ExplainError::Stream`] where the stream fails.
pub fn find_second<S: Source>(
    stream: &mut WindowStream<S>,
    second: u64,
    before: usize,
    end_s: f64,
) -> Result<SeenSecond, ExplainError> {
    let mut seen: VecDeque<(f64, Window)> = VecDeque::with_capacity(before + 1);
    let mut ended_s: f64 = 0.0;
    while let Some(item) = stream.next_item()? {
        let StreamItem::Window(window) = item else { continue };
        let onset_s = stream.onset_s(&window);
        // As the replay counts seconds.
        let at = onset_s.max(0.0) as u64;
        if at == second {
            let earliest_s = onset_s - before as f64;
            seen.retain(|(onset_s, _)| *onset_s >= earliest_s);
            return Ok(SeenSecond { second, onset_s, window, before: seen.into() });
        }
        if at > second {
            return Err(gap(second, ended_s, onset_s));
        }
        ended_s = onset_s + 1.0;
        seen.push_back((onset_s, window));
        if seen.len() > before {
            seen.pop_front();
        }
    }
    Err(gap(second, ended_s, end_s))
}

/// A second begins with a sample, so the last before a gap may end a part of a sample behind it.
fn gap(second: u64, ended_s: f64, to_s: f64) -> ExplainError {
    ExplainError::Gap { second, from_s: ended_s.min(to_s), to_s }
}

impl SeenSecond {
    /// The EEG up to the second's end: where it starts, in seconds from the recording's start, and the
    /// derivations one after the other at `rate` samples a second; not a number where there is none.
    pub fn eeg(&self, rate: usize) -> (f64, Vec<f32>) {
        let start_s = self.before.first().map_or(self.onset_s, |(onset_s, _)| *onset_s);
        let place = |onset_s: f64| ((onset_s - start_s) * rate as f64).round() as usize;
        let length = place(self.onset_s) + rate;
        let mut samples = vec![f32::NAN; DERIVATIONS * length];
        let windows = self.before.iter().map(|(onset_s, window)| (*onset_s, window));
        for (onset_s, window) in windows.chain([(self.onset_s, &self.window)]) {
            for d in (0..DERIVATIONS).filter(|&d| window.present[d]) {
                let from = d * length + place(onset_s);
                let trace = window.derivation(d);
                if let Some(place) = samples.get_mut(from..from + trace.len()) {
                    place.copy_from_slice(trace);
                }
            }
        }
        (start_s, samples)
    }
}
